namespace OpenStackSev.Cli.Tests.Validation.Heat;

/// <summary>Scalars, functions and conditions against what Heat itself answered: functions.tsv, an expression and its value a line.</summary>
public sealed class FunctionTests : IDisposable
{
    private const string Head = """
        heat_template_version: wallaby
        parameters:
          b: {type: boolean, default: on}
          s: {type: string, default: true}
          n: {type: number, default: "5"}
          l: {type: comma_delimited_list, default: "a, b"}
          j: {type: json, default: {k: true, l: [1, x]}}
          e: {type: string, default: ""}
        conditions:
          t: {equals: [a, a]}
          f: {not: t}
        resources:
          gone: {type: "OS::Heat::RandomString", condition: f}

        """;

    /// <summary>Not evaluated here, which is said: characters of a text.</summary>
    private static readonly HashSet<string> s_unread = ["{get_param: [s, 0]}", "{Ref: s}"];

    private readonly HeatFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task An_expression_is_what_Heat_makes_of_it()
    {
        (string Written, string Made)[] lines = [.. (await File.ReadAllLinesAsync(Path.Join(Repository.Root, "tests/OpenStackSev.Cli.Tests/Validation/Heat/functions.tsv"), TestContext.Current.CancellationToken))
            .Where(line => !line.StartsWith('#')).Select(line => line.Split('\t')).Select(parts => (parts[0], parts[1]))];
        Assert.True(lines.Length > 100);
        CommandLine run = await _folder.JudgeAsync(Head + string.Concat(lines.Select((line, at) =>
            $"  r{at}: {{type: 'OS::Nova::Flavor', properties: {{vcpus: 1, ram: 1, extra_specs: {{'hw:mem_encryption': 'true', 'hw:mem_encryption_model': {{str_replace: {{template: X, params: {{X: [{line.Written}]}}}}}}}}}}}}\n")));
        Dictionary<string, string?> made = run.Json().GetProperty("pairs").EnumerateArray()
            .ToDictionary(pair => pair.GetProperty("resource").GetString()!, pair => pair.GetProperty("request").GetProperty("model").GetString());
        string[] wrong = [.. lines.Select((line, at) => (line.Written, line.Made, Here: made.GetValueOrDefault($"r{at}") ?? "refused"))
            .Where(line => line.Here != (s_unread.Contains(line.Written) ? "refused" : line.Made)).Select(line => $"{line.Written}: {line.Here}, Heat {line.Made}")];
        Assert.True(wrong.Length == 0, string.Join('\n', wrong));
        Assert.All(Enumerable.Range(0, lines.Length).Where(at => !made.ContainsKey($"r{at}")),
            at => Assert.Contains(HeatFolder.NotJudged(run), told => told.StartsWith($"r{at}: ", StringComparison.Ordinal)));
        Assert.Equal(ExitCode.NotJudged, run.ExitCode);
    }
}
