using System.Diagnostics;

namespace OpenStackSev.Cli.Tests;

/// <summary>The scripts in their shells, against the built program: it is what they call.</summary>
public sealed class CompletionTests
{
    private const string Bash = """
        source <(osev completion bash)
        COMP_LINE=$1 COMP_POINT=${#1}
        read -ra COMP_WORDS <<<"$1"
        [[ $1 == *' ' ]] && COMP_WORDS+=("")
        COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
        _osev
        printf '%s\n' "${COMPREPLY[@]}"
        """;

    private const string Zsh = """
        compdef() { : }
        source <(osev completion zsh)
        compadd() { shift; print -l -- "$@" }
        _files() { : }
        words=("${(@s: :)1}")
        CURRENT=${#words}
        _osev
        """;

    private const string Fish = "osev completion fish | source; complete -C $argv[1]";

    [Theory]
    [InlineData("osev sim", "simulate")]
    [InlineData("osev simulate host --mod", "--model")]
    [InlineData("osev simulate host --model t", "turin", "turin-cth")]
    [InlineData("osev facts --format ", "csv", "json", "table", "yaml")]
    [InlineData("osev attest ver", "verify")]
    [InlineData("osev attest policy s", "sample", "schema")]
    [InlineData("osev attest verify --report-", "--report-data")]
    [InlineData("osev validate --format ", "json", "jsonl", "table", "yaml")]
    [InlineData("osev validate --image-", "--image-file")]
    [InlineData("osev audit --release 2026", "2026.1", "2026.2")]
    [InlineData("osev rules request.firmware.not_u", "request.firmware.not_uefi")]
    public void Bash_completes(string line, params string[] expected) => Assert.Equal(expected, Run("bash", Bash, line));

    [Theory]
    [InlineData("osev sim", "simulate")]
    [InlineData("osev simulate host --model t", "turin", "turin-cth")]
    [InlineData("osev facts --format ", "csv", "json", "table", "yaml")]
    public void Zsh_completes(string line, params string[] expected) => Assert.Equal(expected, Run("zsh", Zsh, line));

    [Theory]
    [InlineData("osev sim", "simulate")]
    [InlineData("osev simulate host --model t", "turin", "turin-cth")]
    [InlineData("osev facts --format ", "csv", "json", "table", "yaml")]
    public void Fish_completes(string line, params string[] expected) => Assert.Equal(expected, Run("fish", Fish, line));

    [Fact]
    public void Where_no_word_is_known_the_shell_is_left_to_its_file_names() => Assert.Empty(Run("bash", Bash, "osev facts --root /"));

    [Fact]
    public void Evidence_is_completed_as_file_names() => Assert.Empty(Run("bash", Bash, "osev attest verify --report /"));

    private static string[] Run(string shell, string script, string line)
    {
        string? path = Environment.GetEnvironmentVariable("PATH");
        if (path?.Split(':').Any(folder => File.Exists(Path.Join(folder, shell))) != true)
            Assert.Skip($"{shell} is not installed");

        ProcessStartInfo start = new(shell) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        string[] arguments = shell switch
        {
            "bash" => ["--norc", "-c", script, "bash", line],
            "zsh" => ["-f", "-c", script, "zsh", line],
            _ => ["--no-config", "-c", script, line],
        };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment["PATH"] = $"{AppContext.BaseDirectory}:{path}";
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal("", error.GetAwaiter().GetResult());
        return output.Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
