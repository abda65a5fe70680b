# Completion of `make` in Watchkeeper's folder: targets, their variables, and values. For zsh, after compinit:
#   source scripts/completion.zsh       (from ~/.zshrc, with the whole path)
# In every other folder `make` is completed as before.

_watchkeeper_make() {
  if [[ ! -x scripts/completions ]]; then
    _make "$@"
    return
  fi
  local word=${words[CURRENT]} target='' one
  local -a open whole
  if [[ $word == *=* ]]; then
    compset -P '*='
    compadd -- ${(f)"$(scripts/completions "${word%%=*}=")"}
    return
  fi
  for one in ${words[2,CURRENT-1]}; do
    [[ $one == -* || $one == *=* ]] || target=${target:-$one}
  done
  for one in ${(f)"$(scripts/completions "$target")"}; do
    if [[ $one == *= ]]; then open+=$one; else whole+=$one; fi
  done
  compadd -- $whole
  compadd -S '' -- $open
}

compdef _watchkeeper_make make
