# shellcheck shell=bash
# The login ledger, sourced by entrypoint.sh: every login is written down before it is made, and none is made while the
# ledger is spent or held. Only bash and coreutils.
#
#   $LEDGER_DIR/attempts   ours alone: a line a login, "EPOCH CAUSE BOOT-ID", only ever appended to
#   $HOLD_DIR/hold         the supervisor's alone: while it is there nobody logs in; its line says why
#   $HOLD_DIR/turn         the supervisor's as well: where it is there, a login asks first, and a few log in at a time.
#                          "go MARK" answers the question MARK; "wait COUNT REASON" changes for as long as it lives
#   $MAILBOX_DIR/ledger    what the wrapper waits for, as JSON
#   $MAILBOX_DIR/launcher  the telling lines of the last run's launcher.log, each after the epoch at which it was read
#
# A ledger that cannot be written, or a hold that cannot be looked for, stops logins and nothing else: a late login costs
# minutes, one too many locks the account. A new machine's first start works, since compose.yaml has both volumes made
# with the right owner, and waiting ends by itself as soon as they can be used.

LEDGER=${LEDGER_DIR:-/var/lib/ledger}
HOLD=${HOLD_DIR:-/var/lib/hold}
DEFAULT_BUDGET=2/30m,4/24h

# Where IBC has the gateway keep its settings: launcher.log, and the token of a soft restart.
SETTINGS=${TWS_SETTINGS_PATH:-/home/ibgateway/Jts}

MAIN=$$
read -r BOOT 2>/dev/null </proc/sys/kernel/random/boot_id || BOOT=unknown

# "2/30m,4/24h" as LIMITS ("2 1800" "4 86400") and LONGEST. Fails on anything else.
read_budget() {
  local parts part unit
  LIMITS=() LONGEST=0
  IFS=, read -r -a parts <<<"$1"
  for part in "${parts[@]}"; do
    [[ $part =~ ^\ *([1-9][0-9]{0,5})/([1-9][0-9]{0,5})([smh])\ *$ ]] || return 1
    case ${BASH_REMATCH[3]} in s) unit=1 ;; m) unit=60 ;; h) unit=3600 ;; esac
    LIMITS+=("${BASH_REMATCH[1]} $((BASH_REMATCH[2] * unit))")
    if ((BASH_REMATCH[2] * unit > LONGEST)); then LONGEST=$((BASH_REMATCH[2] * unit)); fi
  done
  ((${#LIMITS[@]} > 0))
}

choose_budget() {
  BUDGET=${LOGIN_BUDGET:-$DEFAULT_BUDGET}
  read_budget "$BUDGET" && return
  say "LOGIN_BUDGET: expected something like $DEFAULT_BUDGET, found '$BUDGET'; taking $DEFAULT_BUDGET"
  BUDGET=$DEFAULT_BUDGET
  read_budget "$BUDGET"
}

# The logins on record up to epoch $1, oldest first. A line that does not begin with an epoch is none of ours.
logins() {
  local at
  tail -n 2000 "$LEDGER/attempts" 2>/dev/null | while read -r at _ || [ -n "$at" ]; do
    if [[ $at =~ ^[1-9][0-9]{8,9}$ ]] && ((at <= $1)); then echo "$at"; fi
  done 2>/dev/null | sort -n
}

# The epoch from which the ledger allows a login; 0: now. What lies further in the future than any window was written
# by a clock that was wrong.
next_login() {
  local now limit count window at times next=0
  printf -v now '%(%s)T' -1
  mapfile -t times < <(logins $((now + LONGEST)))
  for limit in "${LIMITS[@]}"; do
    read -r count window <<<"$limit"
    ((${#times[@]} >= count)) || continue
    at=${times[${#times[@]} - count]}
    if ((at + window > now && at + window > next)); then next=$((at + window)); fi
  done
  echo "$next"
}

# Write one login down, onto the disk. A line that a power cut tore is closed first.
record() {
  local now close=""
  printf -v now '%(%s)T' -1
  [ -z "$(tail -c 1 "$LEDGER/attempts" 2>/dev/null)" ] || close=$'\n'
  { echo "$close$now $1 $BOOT" >>"$LEDGER/attempts"; } 2>/dev/null || return 1
  sync "$LEDGER/attempts" 2>/dev/null
  say "a login ($1), the ledger's line at $now"
}

# Why no login may be made now, as "STATE NEXT REASON"; fails if one may. `blind`: there may be a hold.
no_login() {
  local next reason=""
  if ! [ -d "$HOLD" ] || ! [ -x "$HOLD" ]; then
    echo "blind 0 expected to look for a hold in $HOLD, found no way in; mount the volume that the supervisor writes"
  elif [ -e "$HOLD/hold" ]; then
    IFS= read -r reason 2>/dev/null <"$HOLD/hold"
    echo "held 0 ${reason:-for a reason that cannot be read}"
  elif ! { : >>"$LEDGER/attempts"; } 2>/dev/null; then
    echo "unusable 0 expected to write $LEDGER/attempts, found that it cannot be; give the volume to user $UID"
  else
    next=$(next_login)
    ((next > 0)) || return 1
    echo "spent $next at most $BUDGET"
  fi
}

# One login of the gateway's own start script, unless the token of a soft restart makes it none: IBC takes it for one
# if there is exactly one such file, a folder down (ibcstart.sh, find_auto_restart).
has_token() {
  local found=0 file
  for file in "$SETTINGS"/*/autorestart; do [ ! -f "$file" ] || found=$((found + 1)); done
  ((found == 1))
}

# What caused the container's start, as far as it can be told from inside.
start_cause() {
  local boot
  read -r _ _ boot < <(tail -n 1 "$LEDGER/attempts" 2>/dev/null)
  if [ -n "$boot" ] && [ "$boot" != "$BOOT" ]; then echo host-boot; else echo container-start; fi
}

tell() {
  local next=null
  if (($2 > 0)); then next=$2; fi
  put ledger "{\"at\":$(date +%s.%N),\"state\":$(quoted "$1"),\"next_at\":$next,\"reason\":$(quoted "$3"),\"asks\":\"$ASKS\"}" 2>/dev/null
}

# Whether a login need not wait for its turn. A supervisor that says nothing new for a minute is not waited for: then a
# login is made as where there is none.
is_our_turn() {
  local line
  IFS= read -r line 2>/dev/null <"$HOLD/turn" || return 0
  if [ -z "$ASKS" ]; then
    ASKS=${EPOCHREALTIME//[.,]/} TURN_TOLD=$line TURN_TOLD_AT=$SECONDS
  elif [ "$line" != "$TURN_TOLD" ]; then
    TURN_TOLD=$line TURN_TOLD_AT=$SECONDS
  fi
  [ "$line" != "go $ASKS" ] || return 0
  if ((SECONDS - TURN_TOLD_AT >= 60)); then
    say "nobody says whose turn it is to log in: going on without"
    return 0
  fi
  return 1
}

# Wait until the start may be made, and write it down if it is a login. A hold stops a start with a token, too.
wait_for_login() {
  local why state next reason told="" quiet=0 ASKS="" TURN_TOLD TURN_TOLD_AT
  while :; do
    if why=$(no_login); then ASKS=""; else why=""; fi
    read -r state next reason <<<"$why"
    if [ "$state" != held ] && [ "$state" != blind ] && has_token; then
      say "a start with the token of a soft restart, which is no login"
      FIRST_IS_WRITTEN=0
      break
    elif [ -z "$why" ] && ! is_our_turn; then
      reason=${TURN_TOLD#wait } state=turn why=turn
      [ "$reason" = "$TURN_TOLD" ] && reason="asks for its turn" || reason=${reason#* }
    elif [ -z "$why" ] && record "$(start_cause)"; then
      FIRST_IS_WRITTEN=1
      break
    fi
    tell "${state:-unusable}" "${next:-0}" "$reason"
    if [ "$why" != "$told" ] || ((quiet >= 60)); then
      case $state in
        held) say "no login, on hold: $reason. \`make resume\` or \`make login\` lifts it" ;;
        turn) say "no login yet: $reason" ;;
        spent) say "no login, the ledger is spent ($reason): the next at $(TZ=UTC printf '%(%F %T)T' "$next") UTC" ;;
        *) say "no login: ${reason:-the ledger took no line}" ;;
      esac
      told=$why quiet=0
    fi
    quiet=$((quiet + 1))
    sleep 1
  done
  ASKS=""
  tell open 0 ""
}

# End the gateway, so that the next start waits at the ledger. IBC may be about to start anew, hence the short grace.
end_gateway() {
  say "$1"
  kill -TERM "$MAIN"
  sleep 2
  kill -KILL "$MAIN"
}

# Count what IBC and the gateway do by themselves while the container runs, by the lines of launcher.log (as ib-gateway-mcp
# 0.2.2 has seen them; what IBC does then is in the sources of IBC 3.24.1):
#   NS_AUTH_START … pwd=1          an authentication that asks for the password: a login. pwd=0 brings a token.
#   Authorization failed: …        IBKR refused it: password, token, or a push that nobody answered. IBC starts cold
#                                  (StopTask), or logs in again (LoginManager, RELOGIN_AFTER_TWOFA_TIMEOUT=yes)
#   Authentication timeout         IBKR did not answer; the gateway tries again
#   Too many failed login attempts IBKR makes it wait; IBC may log in after that (TooManyFailedLoginAttemptsDialogHandler)
# After one of the last three another login follows by itself, so they end the gateway when none may be made. An exit
# with 87 or 88 that IBC's script answers with a new process is counted when that one asks for the password.
follow_launcher_log() {
  local line kept=() why again
  while IFS= read -r line; do
    again=0
    case $line in
      *"NS_AUTH_START version="*" pwd=1 "*)
        if ((FIRST_IS_WRITTEN)); then
          FIRST_IS_WRITTEN=0
        else
          record ibc || say "a login of IBC's own could not be written down"
        fi
        ;;
      *"Authorization failed: "* | *"Authentication timeout"* | *"Too many failed login attempts. Please wait"*) again=1 ;;
      *"IB GATEWAY RESTART"* | *"Running in auto-restart mode"* | *"LauncherLoginThread.runLoginWithUI"*) ;;
      *NS_AUTH_START* | *"Received CHALLENGE"* | *onAuthenticationCompleted* | *"AUTH_RESULT indicates wrong password"*) ;;
      *"Switching to a new encrypted log"*) ;;
      *) continue ;;
    esac
    if ((${#kept[@]} >= 40)); then kept=("${kept[@]:1}"); fi
    kept+=("$EPOCHREALTIME $line")
    put launcher "$(printf '%s\n' "${kept[@]}")" 2>/dev/null
    if ((again)) && why=$(no_login); then
      end_gateway "the login failed and another would follow, but none may be made (${why%% *}): ending the gateway"
    fi
  done < <(exec tail -c "+$(($1 + 1))" -s 1 -F --pid "$MAIN" "$SETTINGS/launcher.log" 2>/dev/null)
}

# In the background, from the end that the file has now: what follows is this run's. What the run before told last stays
# to be read until here, so why a start waits is known for as long as it waits.
watch_logins() {
  local size
  rm -f "$MAILBOX/launcher"
  size=$(stat -c %s "$SETTINGS/launcher.log" 2>/dev/null) || size=0
  follow_launcher_log "$size" &
}
