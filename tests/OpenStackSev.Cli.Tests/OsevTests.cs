namespace OpenStackSev.Cli.Tests;

public sealed class OsevTests
{
    [Fact]
    public async Task The_version_is_one_line_without_a_revision() =>
        Assert.Matches("^osev [0-9]+[.][0-9]+[.][0-9]+\n$", (await CommandLine.RunAsync("--version")).Succeeded().Out);

    [Theory]
    [InlineData("Required command was not provided")]
    [InlineData("Required command was not provided", "simulate")]
    [InlineData("Unrecognized command or argument 'frobnicate'", "facts", "frobnicate")]
    [InlineData("Unrecognized command or argument '--frobnicate'", "facts", "--frobnicate")]
    [InlineData("Argument 'xml' not recognized. Must be one of: 'table' 'json' 'yaml' 'csv'", "facts", "--format", "xml")]
    [InlineData("osev facts prints no single table, so there is no CSV of it", "facts", "--format", "csv")]
    [InlineData("Unrecognized command or argument '-c'", "facts", "-c", "FACT")]
    [InlineData("Required argument 'shell' missing for command: 'completion'", "completion")]
    [InlineData("Argument 'csh' not recognized. Must be one of: 'bash' 'zsh' 'fish'", "completion", "csh")]
    [InlineData("Argument 'pentium' not recognized", "simulate", "host", "--model", "pentium", "--out", "x")]
    [InlineData("--asids many: must be a whole number", "simulate", "host", "--asids", "many")]
    [InlineData("--asids -1: must be a whole number", "simulate", "host", "--asids=-1")]
    [InlineData("--set-current 5: must be sev=N,sev_es=N", "simulate", "host", "--set-current", "5")]
    [InlineData("--set-current sev=1,sev=2: must be sev=N,sev_es=N", "simulate", "host", "--set-current", "sev=1,sev=2")]
    [InlineData("--out is missing", "simulate", "host", "--model", "turin")]
    [InlineData("--model is missing", "simulate", "host", "--out", "x")]
    [InlineData("--model is missing", "simulate", "host", "--out", "x", "--asids", "5", "--set-current", "sev=1,sev_es=1")]
    [InlineData("--root is empty", "facts", "--root", "")]
    public async Task Bad_usage_is_one_error_one_hint_and_64(string error, params string[] args) =>
        (await CommandLine.RunAsync(args)).AssertError(ExitCode.BadUsage, error);

    [Theory]
    [InlineData("facts"), InlineData("simulate", "host"), InlineData("completion")]
    [InlineData("attest", "verify"), InlineData("attest", "show"), InlineData("attest", "policy", "check")]
    [InlineData("validate"), InlineData("audit"), InlineData("rules")]
    [InlineData("attest", "policy", "sample"), InlineData("attest", "policy", "schema")]
    public async Task Help_ends_with_examples_that_start_with_the_command(params string[] command)
    {
        string help = (await CommandLine.RunAsync([.. command, "--help"])).Succeeded().Out;
        string examples = help[help.IndexOf("Examples:\n", StringComparison.Ordinal)..];
        Assert.Contains("osev " + string.Join(' ', command), examples, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirected_output_has_neither_colours_nor_lines_nor_blanks_at_line_ends()
    {
        string text = (await CommandLine.RunAsync("simulate", "host", "--list")).Succeeded().Out;
        Assert.DoesNotContain('\x1b', text);
        Assert.DoesNotContain('│', text);
        Assert.DoesNotMatch("(?m) $", text);
    }

    [Fact]
    public async Task A_terminal_gets_lines_and_colours_unless_there_is_NO_COLOR()
    {
        string[] args = ["simulate", "host", "--list"];
        Assert.Contains('│', (await CommandLine.RunAsync(terminal: true, colours: true, args)).Out);
        Assert.Contains('\x1b', (await CommandLine.RunAsync(terminal: true, colours: true, args)).Out);
        Assert.DoesNotContain('\x1b', (await CommandLine.RunAsync(terminal: true, colours: false, args)).Out);
        Assert.DoesNotContain('\x1b', (await CommandLine.RunAsync(terminal: false, colours: true, args)).Out);
    }

    [Theory, InlineData("--help"), InlineData("simulate", "--help"), InlineData("-h")]
    public async Task Help_is_a_result_and_not_an_error(params string[] args) =>
        Assert.Contains("Usage:", (await CommandLine.RunAsync(args)).Succeeded().Out, StringComparison.Ordinal);
}
