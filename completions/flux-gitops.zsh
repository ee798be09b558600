#compdef flux-gitops generator-flux-gitops
# Completes flux-gitops in zsh. Load it with: source <(flux-gitops completion zsh)
# The program itself answers what can follow, so this script knows no command and no flag.
_flux_gitops() {
  local line stays='' value text
  local -a closed open
  for line in "${(@f)$(flux-gitops __complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)}"; do
    case $line in
      '') ;;
      :directories|:files)
        compset -P '--*='
        if [[ $line == :files ]]; then _files; else _files -/; fi
        return ;;
      *)
        stays=${line%%$'\t'*}
        value=${${line#*$'\t'}%%$'\t'*}
        text=${line##*$'\t'}
        value=${value//:/\\:}
        if [[ $value == *= ]]; then open+=("$value${text:+:$text}"); else closed+=("$value${text:+:$text}"); fi ;;
    esac
  done
  [[ -n $stays ]] && compset -P "${(b)stays}"
  local found=1
  (( $#closed )) && _describe -t values flux-gitops closed && found=0
  (( $#open )) && _describe -t values flux-gitops open -S '' && found=0
  return found
}
if [[ ${zsh_eval_context[-1]} == loadautofunc ]]; then
  _flux_gitops "$@"
elif (( $+functions[compdef] )); then
  compdef _flux_gitops flux-gitops generator-flux-gitops
else
  print -u2 'flux-gitops completion: run "autoload -Uz compinit && compinit" first'
fi
