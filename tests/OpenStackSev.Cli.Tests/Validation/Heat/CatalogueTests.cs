using OpenStackSev.Inspection;
using OpenStackSev.Validation.Templates;

namespace OpenStackSev.Cli.Tests.Validation.Heat;

public sealed class CatalogueTests
{
    [Fact]
    public async Task The_readme_has_a_line_for_each_rule_with_its_level()
    {
        string readme = await File.ReadAllTextAsync(Path.Join(Repository.Root, "src/OpenStackSev.Cli/README.md"), TestContext.Current.CancellationToken);
        foreach (TemplateRule rule in TemplateRules.All)
            Assert.Contains($"| `{rule.Code}` | {LevelNames.Of(rule.Level)} | ", readme, StringComparison.Ordinal);
    }
}
