# Completes flux-gitops in fish. Save it as ~/.config/fish/completions/flux-gitops.fish
# The program itself answers what can follow, so this script knows no command and no flag.
function __flux_gitops_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l last (commandline -ct)
    for line in (flux-gitops __complete fish $words "$last" 2>/dev/null)
        switch $line
            case :directories :files
                set -l stays (string match -r -- '^--[^=]*=' "$last")
                set -l typed (string replace -r -- '^--[^=]*=' '' "$last")
                if test $line = :files
                    __fish_complete_path "$typed" | string replace -r -- '^' "$stays"
                else
                    __fish_complete_directories "$typed" | string replace -r -- '^' "$stays"
                end
            case '*'
                printf '%s\n' $line
        end
    end
end
complete -c flux-gitops -f -a '(__flux_gitops_complete)'
complete -c generator-flux-gitops -f -a '(__flux_gitops_complete)'
