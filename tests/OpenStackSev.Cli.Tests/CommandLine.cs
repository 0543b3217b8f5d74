using System.Text.Json;

namespace OpenStackSev.Cli.Tests;

/// <summary>One run of <c>osev</c> in this process, its output captured.</summary>
internal sealed record CommandLine(int ExitCode, string Out, string Error)
{
    public static Task<CommandLine> RunAsync(params string[] args) => RunAsync(terminal: false, colours: false, args);

    public static async Task<CommandLine> RunAsync(bool terminal, bool colours, params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = await Osev.RunAsync(args, new CommandConsole(output, error, terminal, colours), TestContext.Current.CancellationToken);
        return new(code, output.ToString(), error.ToString());
    }

    public JsonElement Json()
    {
        using JsonDocument document = JsonDocument.Parse(Out);
        return document.RootElement.Clone();
    }

    /// <summary>Ended with <c>error: …</c>, <c>hint: …</c> and nothing else.</summary>
    public void AssertError(int code, string error)
    {
        Assert.Equal("", Out);
        string[] lines = Error.TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("error: " + error, lines[0], StringComparison.Ordinal);
        Assert.StartsWith("hint: ", lines[1], StringComparison.Ordinal);
        Assert.Equal(code, ExitCode);
    }

    public CommandLine Succeeded()
    {
        Assert.Equal("", Error);
        Assert.Equal(0, ExitCode);
        return this;
    }
}

/// <summary>A folder of one test's own, gone after it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("osev-cli-").FullName;

    public string At(string relative) => System.IO.Path.Join(Path, relative);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
