# shellcheck shell=bash
# Completion of `make` in Watchkeeper's folder: targets, their variables, and values. For bash from 3.2 on:
#   source scripts/completion.bash      (from ~/.bashrc, with the whole path)
# In every other folder `make` is completed as before.

_watchkeeper_make() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} target='' one i candidates ends=' '
  COMPREPLY=()
  if [ ! -x scripts/completions ]; then
    if declare -F _make >/dev/null; then _make "$@"; fi
    return 0
  fi
  # bash takes NAME=value for three words.
  if [ "$word" = "=" ]; then
    candidates=$(scripts/completions "$before=") word=''
  elif [ "$before" = "=" ]; then
    candidates=$(scripts/completions "${COMP_WORDS[COMP_CWORD - 2]}=")
  else
    for ((i = 1; i < COMP_CWORD; i++)); do
      case "${COMP_WORDS[i]}" in
      -* | *[A-Z=]*) ;;
      *) if [ "${COMP_WORDS[i - 1]}" != "=" ]; then target=${target:-${COMP_WORDS[i]}}; fi ;;
      esac
    done
    candidates=$(scripts/completions "$target")
  fi
  for one in $candidates; do
    case "$one" in
    "$word"*=) COMPREPLY+=("$one") ;;
    "$word"*) COMPREPLY+=("$one$ends") ;;
    esac
  done
}

complete -o nospace -o bashdefault -o default -F _watchkeeper_make make
