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
        // files that the reader is shown: `DIR/name`: and a block
        foreach (string[] file in readme.Split("\n`DIR/").Skip(1).Select(rest => rest.Split("`:\n\n```json\n", 2)).Where(file => file.Length == 2))
            await File.WriteAllTextAsync(_folder.At(file[0]), file[1][..file[1].IndexOf("```", StringComparison.Ordinal)], TestContext.Current.CancellationToken);
        List<(string Command, string Expected)> examples = [.. readme.Split("```console\n").Skip(1)
            .Select(rest => rest[..rest.IndexOf("```", StringComparison.Ordinal)])
            .SelectMany(block => ("\n" + block).Split("\n$ osev ").Skip(1))
            .Select(example => example.Split('\n', 2))
            .Select(lines => (lines[0], lines[1]))];
        Assert.Equal(21, examples.Count);
        foreach ((string command, string expected) in examples)
        {
            string[] parts = command.Split(" | ");
            string[] args = parts[0].Replace("DIR", _folder.Path, StringComparison.Ordinal).Replace("heat-templates/", Repository.Root + "/heat-templates/", StringComparison.Ordinal).Split(' ');
            CommandLine run = await CommandLine.RunAsync(args);
            Assert.Equal("", run.Error);
            // As in a shell, a pipe hides the code of the command before it.
            if (parts.Length == 1)
                run.Succeeded();
            string[] lines = run.Out.TrimEnd('\n').Split('\n');
            string output = parts is [_, string filter] ? string.Join('\n', Filtered(lines, filter)) : run.Out;
            Assert.Equal(expected.TrimEnd('\n'), output.Replace(_folder.Path, "DIR", StringComparison.Ordinal).Replace(Repository.Root + "/", "", StringComparison.Ordinal).TrimEnd('\n'));
        }
    }

    private static string[] Filtered(string[] lines, string filter) => filter.Split(" -") switch
    {
        ["head", string count] => lines[..int.Parse(count)],
        ["tail", string count] => lines[^int.Parse(count)..],
        _ => throw new InvalidDataException(filter),
    };
}
