namespace OpenStackSev.Cli.Tests;

public sealed class ReadmeTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_consoles_of_the_readme_print_what_it_says()
    {
        string readme = await File.ReadAllTextAsync(
            Path.Join(Repository.Root, "src/OpenStackSev.Cli/README.md"), TestContext.Current.CancellationToken);
        List<(string Command, string Expected)> examples = [.. readme.Split("```console\n").Skip(1)
            .Select(rest => rest[..rest.IndexOf("```", StringComparison.Ordinal)])
            .SelectMany(block => ("\n" + block).Split("\n$ osev ").Skip(1))
            .Select(example => example.Split('\n', 2))
            .Select(lines => (lines[0], lines[1]))];
        Assert.Equal(8, examples.Count);
        foreach ((string command, string expected) in examples)
        {
            string[] parts = command.Split(" | ");
            string[] args = parts[0].Replace("DIR", _folder.Path, StringComparison.Ordinal).Split(' ');
            string output = (await CommandLine.RunAsync(args)).Succeeded().Out;
            string[] lines = output.TrimEnd('\n').Split('\n');
            if (parts.Length == 2)
                output = string.Join('\n', parts[1] switch { "tail -2" => lines[^2..], "head -1" => lines[..1], _ => throw new InvalidDataException(parts[1]) });
            Assert.Equal(expected.TrimEnd('\n'), output.Replace(_folder.Path, "DIR", StringComparison.Ordinal).TrimEnd('\n'));
        }
    }
}
