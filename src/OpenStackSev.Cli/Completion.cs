using System.CommandLine;

namespace OpenStackSev.Cli;

/// <summary><c>osev completion bash|zsh|fish</c>: a script that asks <c>osev [suggest:POSITION] LINE</c> for each word.</summary>
internal static class Completion
{
    public static Command Create(CommandConsole console)
    {
        Argument<string> shell = new("shell") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        OsevCommand command = new("completion", "Print a script that completes osev in a shell.",
            "source <(osev completion bash)",
            "osev completion bash > /etc/bash_completion.d/osev",
            "osev completion zsh > \"${fpath[1]}/_osev\"",
            "osev completion fish > ~/.config/fish/completions/osev.fish")
        {
            shell,
        };
        command.SetAction(parsed =>
        {
            console.Out.Write(Script(parsed.GetRequiredValue(shell)));
            return ExitCode.Ok;
        });
        return command;
    }

    // Where osev knows no word, all three fall back to file names.
    private static string Script(string shell) => shell switch
    {
        "bash" => """
            # bash completion for osev
            _osev() {
                local line=${COMP_LINE:0:COMP_POINT} IFS=$'\n'
                mapfile -t COMPREPLY < <(compgen -W "$(osev "[suggest:${#line}]" "$line" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}")
            }
            complete -o default -F _osev osev

            """,
        "zsh" => """
            #compdef osev
            # zsh completion for osev
            _osev() {
                local line="${words[1,CURRENT]}"
                local -a suggestions
                suggestions=("${(@f)$(osev "[suggest:${#line}]" "$line" 2>/dev/null)}")
                suggestions=(${suggestions:#})
                if (( ${#suggestions} )); then compadd -- "${suggestions[@]}"; else _files; fi
            }
            if [ "$funcstack[1]" = "_osev" ]; then _osev "$@"; else compdef _osev osev; fi

            """,
        _ => """
            # fish completion for osev
            function __osev_suggest
                set -l line (commandline -cp)
                osev "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
            end
            complete -c osev -n 'test -n "$(__osev_suggest)"' -f -a '(__osev_suggest)'

            """,
    };
}
