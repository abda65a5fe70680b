#!/usr/bin/env bash
# The entrypoint of a gateway container, mounted read-only over an image that stays as its makers built it.
#
#   entrypoint.sh START-SCRIPT [ARG...]   prepare, serve the mailbox in the background, wait until the ledger allows a
#                                         login, become the start script
#   entrypoint.sh handshake               one TWS API handshake on the JVM's own port, behind socat; the health check
#
# It must do no harm: whatever of ours fails, the gateway starts and runs, and the container's log says what failed. The
# one exception is the login ledger, which fails closed (ledger.sh says why).
# Only bash and coreutils are used; the image has no Python, curl or netcat.
set -u
export LC_ALL=C

MAILBOX=${MAILBOX_DIR:-/run/mailbox}
COMMAND_PORT=${COMMAND_PORT:-7462}
case "${TRADING_MODE:-paper}" in
  live) JVM_PORT=${JVM_PORT:-4001} ;;
  *)    JVM_PORT=${JVM_PORT:-4002} ;;
esac

say() { printf 'watchkeeper: %s\n' "$*"; }

# One handshake on the JVM's port. Prints "RESULT DETAIL"; RESULT is ok, refused, closed or silent, and only ok exits 0.
# A frame's header is three NULs and a length byte (answers are short), so five reads up to a NUL are the whole answer.
handshake() {
  { exec 3<>"/dev/tcp/127.0.0.1/$JVM_PORT"; } 2>/dev/null || { echo "refused port $JVM_PORT"; return 1; }
  printf 'API\0\0\0\0\011v100..223' >&3 2>/dev/null || { echo "closed before the question"; return 1; }
  local field answer=() status
  for _ in 1 2 3 4 5; do
    IFS= read -r -d '' -t 1 -u 3 field
    status=$?
    if [ "$status" -gt 128 ]; then echo "silent for 1 s"; return 1; fi
    if [ "$status" -ne 0 ]; then echo "closed without an answer"; return 1; fi
    answer+=("$field")
  done
  echo "ok server version ${answer[3]:1}, ${answer[4]}"
}

# One of the five verbs, spoken to IBC's command server, which has no authentication and so listens on loopback only.
command_server() {
  { exec 3<>"/dev/tcp/127.0.0.1/$COMMAND_PORT"; } 2>/dev/null || { echo "ERROR the command server does not listen"; return; }
  printf '%s\r\n' "$1" >&3 2>/dev/null
  local line
  while IFS= read -r -t 5 -u 3 line; do
    line=${line%$'\r'}
    case "$line" in
      *OK*|*ERROR*) echo "$line"; printf 'EXIT\r\n' >&3 2>/dev/null; return ;;
    esac
  done
  echo "ERROR the command server gave no reply"
}

# Readers never see half a file: write beside, then rename.
put() { printf '%s\n' "$2" >"$MAILBOX/.$1" && mv -f "$MAILBOX/.$1" "$MAILBOX/$1"; }

# shellcheck source=gateway/ibkr/ledger.sh
. "${BASH_SOURCE[0]%/*}/ledger.sh"

# A quoted JSON string of printable ASCII; a zone's display name can hold anything.
quoted() { printf '"%s"' "$(printf '%s' "$1" | tr -cd ' !#-[]-~')"; }

report_handshakes() {
  local asked_at answer
  while :; do
    asked_at=$EPOCHREALTIME
    answer=$(timeout 3 "$BASH" "$0" handshake) || [ -n "$answer" ] || answer="silent on connect"
    put jvm "{\"asked_at\":${asked_at/,/.},\"at\":${EPOCHREALTIME/,/.},\"result\":$(quoted "${answer%% *}"),\"detail\":$(quoted "${answer#* }")}"
    sleep 2
  done
}

# How many connections the JVM's port has, which are the API's clients: by the kernel's tables, whose state 01 is
# established. Java listens on both protocols at once, and shows its clients under the newer.
# A table is taken whole: read line by line, the kernel walks it anew for each, and 6,500 lines took 17 s (measured).
count_clients() {
  local port line lines count=0 table
  printf -v port '%04X' "$JVM_PORT"
  for table in /proc/net/tcp /proc/net/tcp6; do
    lines=()
    [ ! -r "$table" ] || mapfile -t lines <"$table"
    for line in "${lines[@]}"; do
      if [[ $line =~ ^\ *[0-9]+:\ [0-9A-F]+:"$port"\ [0-9A-F:]+\ 01\  ]]; then count=$((count + 1)); fi
    done
  done
  echo "$count"
}

# The open files of the process in here that has most, and how many it may have: a JVM that leaks them dies of it.
report_open_files() {
  local process files limit most of_limit
  while :; do
    most=0 of_limit=0
    for process in /proc/[0-9]*; do
      files=("$process"/fd/*)
      ((${#files[@]} > most)) || continue
      limit=$(while read -r first second third soft _; do
        [ "$first $second $third" != "Max open files" ] || echo "$soft"
      done 2>/dev/null <"$process/limits") 2>/dev/null
      if [[ $limit =~ ^[0-9]+$ ]]; then most=${#files[@]} of_limit=$limit; fi
    done
    ((most == 0)) || put resources "{\"at\":$(date +%s.%N),\"open_files\":$most,\"open_files_limit\":$of_limit,\"clients\":$(count_clients)}"
    sleep 60
  done
}

serve_requests() {
  local number verb reply why
  while sleep 0.2; do
    [ -e "$MAILBOX/request" ] || continue
    read -r number verb <"$MAILBOX/request"
    rm -f "$MAILBOX/request"
    why=""
    if [ "$verb" = RECONNECTACCOUNT ]; then # it logs in anew
      why=$(no_login) || record reconnect-account || why="unusable"
    fi
    case "${why:+refused }$verb" in
      "refused "*)
        reply="ERROR expected that a login may be made, found the ledger ${why%% *}" ;;
      STOP|RESTART|PAUSE|RECONNECTDATA|RECONNECTACCOUNT)
        say "mailbox request $number: $verb"
        reply=$(timeout 10 "$BASH" "$0" command "$verb") || reply="ERROR no reply within 10 s" ;;
      *)
        reply="ERROR expected STOP, RESTART, PAUSE, RECONNECTDATA or RECONNECTACCOUNT" ;;
    esac
    say "mailbox reply $number: $reply"
    put reply "$number $reply"
  done
}

serve_mailbox() {
  if ! { : >"$MAILBOX/.probe" && rm -f "$MAILBOX/.probe"; } 2>/dev/null; then
    say "the mailbox $MAILBOX is not writable: the supervisor cannot see behind socat nor ask for soft restarts"
    return
  fi
  rm -f "$MAILBOX/request" "$MAILBOX/resources" # of the container that was here before
  report_handshakes &
  report_open_files &
  serve_requests &
}

# The image takes the password from a file, the user name only from the environment.
read_user() {
  [ -n "${TWS_USERID_FILE:-}" ] || return
  if ! TWS_USERID=$(cat "$TWS_USERID_FILE"); then say "cannot read TWS_USERID_FILE=$TWS_USERID_FILE"; return; fi
  export TWS_USERID
  unset TWS_USERID_FILE
}

# IBC's command server is off in the image's template; every environment variable of the image keeps its meaning.
enable_command_server() {
  local template=${IBC_INI_TMPL:-/home/ibgateway/ibc/config.ini.tmpl}
  [ -e "$template" ] || return
  sed -i -e "s/^CommandServerPort=.*/CommandServerPort=$COMMAND_PORT/" -e 's/^BindAddress=.*/BindAddress=127.0.0.1/' "$template" ||
    say "cannot edit $template: no soft restarts"
}

# extrange's image takes user and password from the environment and passes them on as arguments, where `ps` shows them. So it
# gets neither: both go into IBC's own file, which the login reads when there are no arguments, and so does the zone.
write_ibc_configuration() {
  local file=$HOME/ibc/config.ini user password line zone=$SETTINGS/jts.ini
  if ! user=$(cat "$TWS_USERID_FILE") || ! password=$(cat "$TWS_PASSWORD_FILE") || ! [ -w "$file" ]; then
    say "cannot write user and password into $file: the login waits for somebody at its window"
    return
  fi
  if ! (
    umask 077
    while IFS= read -r line || [ -n "$line" ]; do
      case $line in
        IbLoginId=*)  line="IbLoginId=$user" ;;
        IbPassword=*) line="IbPassword=$password" ;;
      esac
      printf '%s\n' "$line"
    done <"$file" >"$file.new" && mv -f "$file.new" "$file"
  ); then say "cannot write $file"; fi
  [ -e "$zone" ] || printf '[IBGateway]\nApiOnly=true\n[Logon]\nTimeZone=%s\n' "${TZ:-Etc/UTC}" >"$zone" ||
    say "cannot write $zone: the gateway chooses its own zone"
}

case "${1:-}" in
  handshake) handshake ;;
  command)   command_server "$2" ;;
  "")        say "expected the image's start script as argument"; exit 2 ;;
  *)
    if [ -n "${IBC_TradingMode:-}" ]; then
      write_ibc_configuration
    else
      read_user
      enable_command_server
    fi
    choose_budget
    serve_mailbox
    wait_for_login
    watch_logins
    exec "$@"
    ;;
esac
