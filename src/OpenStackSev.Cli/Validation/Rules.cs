using System.CommandLine;
using System.Text.Json.Serialization;
using OpenStackSev.Inspection;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Templates;

namespace OpenStackSev.Cli.Validation;

/// <summary><c>osev rules</c>: all that flavors, images and Heat templates are judged by.</summary>
internal static class Rules
{
    private static readonly RuleDocument[] s_all = [.. RequestRules.All.Select(RuleDocument.Of), .. TemplateRules.All.Select(RuleDocument.Of)];

    public static Command Create(CommandConsole console)
    {
        Argument<string?> code = new("code")
        {
            Description = "Print this rule in full.",
            HelpName = "FINDING",
            Arity = ArgumentArity.ZeroOrOne,
        };
        code.CompletionSources.Add(_ => s_all.Select(rule => new System.CommandLine.Completions.CompletionItem(rule.Code)));
        OsevCommand command = new("rules", "Print what flavors, images and Heat templates are judged by.",
            "osev rules",
            "osev rules request.firmware.not_uefi",
            "osev rules -f json")
        {
            code, ColumnOption.Instance,
        };
        command.SetAction(parsed =>
        {
            string? wanted = parsed.GetValue(code);
            RuleDocument[] rules = [.. s_all.Where(rule => wanted is null || rule.Code == wanted)];
            if (rules.Length == 0)
                throw CommandException.BadUsage($"there is no rule '{Printable.Of(wanted!)}'", Nearest(wanted!));
            if (wanted is not null && console.Format == OutputFormat.Table)
                Write(console, rules[0]);
            else
                console.WriteList(new RulesDocument(rules), RulesJson.Default.RulesDocument,
                    ["FINDING", "LEVEL", "WHY"], rules.Select(rule => new[] { rule.Code, rule.Level, FirstSentence(rule.Why) }));
            return ExitCode.Ok;
        });
        return command;
    }

    private static void Write(CommandConsole console, RuleDocument rule)
    {
        console.WriteLine($"{rule.Code}: {rule.Level}", "bold");
        console.WriteLine(rule.Why);
        console.WriteLine("source: " + rule.Source);
    }

    private static string Nearest(string wanted)
    {
        string[] near = [.. s_all.Select(rule => rule.Code).Where(code => code.Contains(wanted, StringComparison.OrdinalIgnoreCase)).Take(5)];
        return near.Length > 0 ? "did you mean " + string.Join(", ", near) : "osev rules prints all";
    }

    private static string FirstSentence(string text)
    {
        int end = text.IndexOf(". ", StringComparison.Ordinal);
        return end < 0 ? text : text[..(end + 1)];
    }
}

/// <summary>JSON of <c>osev rules</c>.</summary>
internal sealed record RulesDocument(IReadOnlyList<RuleDocument> Rules);

internal sealed record RuleDocument(string Code, string Level, string Why, string Source)
{
    public static RuleDocument Of(Rule rule) => new(rule.Code, LevelNames.Of(rule.Level), rule.Why, rule.Source);

    public static RuleDocument Of(TemplateRule rule) => new(rule.Code, LevelNames.Of(rule.Level), rule.Why, rule.Source);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(RulesDocument))]
internal sealed partial class RulesJson : JsonSerializerContext;
