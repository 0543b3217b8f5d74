namespace OpenStackSev.Cli.Tests.Validation.Heat;

/// <summary>Templates that look gated and encrypted and are not, and good ones that look odd. The first line of each says what is expected.</summary>
public sealed class AttackTests
{
    private static readonly string s_folder = Path.Join(Repository.Root, "tests/OpenStackSev.Cli.Tests/Validation/Heat");

    public static TheoryData<string> Attacks => [.. Templates("attacks")];

    public static TheoryData<string> Spellings => [.. Templates("spellings")];

    [Theory, MemberData(nameof(Attacks))]
    public async Task A_template_that_only_looks_good_is_never_called_good(string template)
    {
        CommandLine run = await JudgeAsync("attacks", template);
        string expected = Expected("attacks", template);
        Assert.NotEqual(0, run.ExitCode);
        if (expected == "not judged")
            Assert.NotEmpty(HeatFolder.NotJudged(run));
        else
            Assert.Contains(expected, HeatFolder.Codes(run));
    }

    [Theory, MemberData(nameof(Spellings))]
    public async Task A_good_template_is_good_however_it_is_written(string template)
    {
        CommandLine run = await JudgeAsync("spellings", template);
        Assert.Equal("good", Expected("spellings", template));
        Assert.Empty(HeatFolder.NotJudged(run));
        Assert.Empty(HeatFolder.Codes(run));
        Assert.All(run.Json().GetProperty("pairs").EnumerateArray(), pair => Assert.Equal("amd-sev-snp", pair.GetProperty("request").GetProperty("model").GetString()));
        Assert.Equal(0, run.ExitCode);
    }

    private static IEnumerable<string> Templates(string kind) => Directory.GetFiles(Path.Join(s_folder, kind), "*.yaml").Select(path => Path.GetFileNameWithoutExtension(path)).Order(StringComparer.Ordinal);

    private static string Expected(string kind, string template) => File.ReadLines(Path.Join(s_folder, kind, template + ".yaml")).First()["# expect: ".Length..];

    // In one folder with the parts that they are made of.
    private static async Task<CommandLine> JudgeAsync(string kind, string template)
    {
        using HeatFolder folder = new();
        foreach (string part in Directory.GetFiles(Path.Join(s_folder, "parts")))
            folder.File("parts/" + Path.GetFileName(part), await File.ReadAllTextAsync(part, TestContext.Current.CancellationToken));
        return await folder.JudgeAsync(await File.ReadAllTextAsync(Path.Join(s_folder, kind, template + ".yaml"), TestContext.Current.CancellationToken));
    }
}
