using System.Text;

namespace OpenStackSev.Validation.Tests;

/// <summary>The catalogue, and its tables in the README: <c>OSEV_APPROVE=1</c> writes them anew.</summary>
public sealed class CatalogueTests
{
    private static readonly string s_readme = Path.Join(Repository.Root, "src", "OpenStackSev.Validation", "README.md");

    [Theory, InlineData("releases"), InlineData("rules")]
    public void The_readme_has_this_table_as_it_is(string name)
    {
        string text = File.ReadAllText(s_readme), begin = $"<!-- {name}: written by a test with OSEV_APPROVE=1 -->\n", end = $"<!-- end of {name} -->";
        int from = text.IndexOf(begin, StringComparison.Ordinal) + begin.Length, to = text.IndexOf(end, StringComparison.Ordinal);
        Assert.True(from >= begin.Length && to >= from, $"no place for the table of {name}");
        string table = name == "rules" ? Rules() : Releases();
        if (Environment.GetEnvironmentVariable("OSEV_APPROVE") == "1")
            File.WriteAllText(s_readme, text[..from] + table + text[to..]);
        else
            Assert.Equal(table, text[from..to]);
    }

    [Fact]
    public void Codes_are_unique_and_name_their_subject()
    {
        Assert.Equal(RequestRules.All.Count, RequestRules.All.Select(rule => rule.Code).Distinct(StringComparer.Ordinal).Count());
        Assert.All(RequestRules.All, rule => Assert.Matches(@"^request(\.[a-z0-9_]+){1,2}$", rule.Code));
    }

    [Fact]
    public void Findings_come_in_the_order_of_the_catalogue()
    {
        string[] order = [.. RequestRules.All.Select(rule => rule.Code)];
        var random = new RandomRequests(7);
        for (int i = 0; i < 500; i++)
        {
            RandomRequest request = random.Next();
            int[] places = [.. RequestRules.Check(request.Flavor, request.Image, ComputeRelease.Newest).Select(finding => Array.IndexOf(order, finding.Code))];
            Assert.Equal(places.Order(), places);
        }
    }

    private static string Rules()
    {
        var table = new StringBuilder("| code | level | why | source |\n|---|---|---|---|\n");
        foreach (Rule rule in RequestRules.All)
            table.Append($"| `{rule.Code}` | {rule.Level.ToString().ToLowerInvariant()} | {rule.Why} | {rule.Source} |\n");
        return table.ToString();
    }

    private static string Releases()
    {
        var table = new StringBuilder("| release | Nova | microversion | `hw_firmware_stateless` | `hw:mem_encryption_model` | models | MEM_ENCRYPTION_CONTEXT on |\n|---|---|---|---|---|---|---|\n");
        foreach (ComputeRelease release in ComputeRelease.All)
        {
            string models = release.HasModelKey ? ModelNames.Known(release) : "plain SEV";
            table.Append($"| {release.Name} | {release.NovaMajor} | 2.{release.Microversion} | {YesOrNo(release.HasStatelessFirmware)} | {YesOrNo(release.HasModelKey)} | {models} | {(release.HasChildProviders ? "a child a model" : "the compute node")} |\n");
        }
        return table.ToString();
    }

    private static string YesOrNo(bool value) => value ? "yes" : "no";
}
