using System.Text.Json;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Templates;

namespace OpenStackSev.Cli.Tests.Validation;

public sealed class RulesTests
{
    [Fact]
    public async Task Every_rule_is_a_line_in_the_order_of_the_catalogue()
    {
        string[] lines = (await CommandLine.RunAsync("rules")).Succeeded().Out.TrimEnd('\n').Split('\n');
        Assert.Equal(["FINDING", .. RequestRules.All.Select(rule => rule.Code), .. TemplateRules.All.Select(rule => rule.Code)], lines.Select(line => line.Split(' ')[0]));
    }

    [Fact]
    public async Task The_document_has_every_rule_in_full()
    {
        JsonElement[] rules = [.. (await CommandLine.RunAsync("rules", "-f", "json")).Succeeded().Json().GetProperty("rules").EnumerateArray()];
        Assert.Equal(RequestRules.All.Count + TemplateRules.All.Count, rules.Length);
        Assert.Equal(RequestRules.All.Select(rule => (rule.Code, rule.Why, rule.Source)), rules.Take(RequestRules.All.Count).Select(rule =>
            (rule.GetProperty("code").GetString()!, rule.GetProperty("why").GetString()!, rule.GetProperty("source").GetString()!)));
        Assert.Subset(new HashSet<string?> { "error", "warning", "hint" }, rules.Select(rule => rule.GetProperty("level").GetString()).ToHashSet());
    }

    [Fact]
    public async Task One_rule_is_printed_in_full()
    {
        Rule rule = RequestRules.All[0];
        string text = (await CommandLine.RunAsync("rules", rule.Code)).Succeeded().Out;
        Assert.StartsWith(rule.Code + ": ", text, StringComparison.Ordinal);
        Assert.Contains(rule.Why, text, StringComparison.Ordinal);
        Assert.Contains(rule.Source, text, StringComparison.Ordinal);
        Assert.Equal(rule.Code, Assert.Single((await CommandLine.RunAsync("rules", rule.Code, "-f", "json")).Json().GetProperty("rules").EnumerateArray())
            .GetProperty("code").GetString());
    }

    [Fact]
    public async Task A_rule_that_is_not_there_is_bad_usage_with_what_was_meant()
    {
        CommandLine run = await CommandLine.RunAsync("rules", "not_uefi");
        run.AssertError(ExitCode.BadUsage, "there is no rule 'not_uefi'");
        Assert.Contains("hint: did you mean request.firmware.not_uefi", run.Error, StringComparison.Ordinal);
    }
}
