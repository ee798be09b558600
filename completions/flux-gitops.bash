# Completes flux-gitops in bash. Load it with: eval "$(flux-gitops completion bash)"
# The program itself answers what can follow, so this script knows no command and no flag.
_flux_gitops() {
  local line kind=''
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :directories) kind=dirnames ;;
      :files) kind=default ;;
      *) COMPREPLY+=("$line") ;;
    esac
  done < <(flux-gitops __complete bash "$COMP_WORDBREAKS" "${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  # bash 3.2, which macOS has, cannot change its options here.
  if ! type compopt >/dev/null 2>&1; then
    if [[ -n $kind ]]; then
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -d -- "$2")
    fi
    return 0
  fi
  if [[ -n $kind && $2 == --*=* ]]; then
    # Some programs take = out of COMP_WORDBREAKS: then the flag is a part of the word.
    while IFS= read -r line; do
      [[ -d $line ]] && line+=/
      COMPREPLY+=("${2%%=*}=$line")
    done < <(compgen -o "$kind" -- "${2#*=}")
    compopt -o filenames -o nospace
  elif [[ -n $kind ]]; then
    compopt -o "$kind"
  elif [[ ${COMPREPLY[0]-} == *= ]]; then
    compopt -o nospace
  fi
}
complete -F _flux_gitops flux-gitops generator-flux-gitops
