using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using OpenStackSev.Api.Policies;

namespace OpenStackSev.Cli.Policies;

/// <summary><c>osev policy dry-run</c>: whose verdict another policy would change.</summary>
internal static class DryRun
{
    public static Command Create(CommandConsole console)
    {
        Argument<string> policy = new("policy") { Description = "Number of a version, or a file with a policy document; - is standard input.", HelpName = "NUMBER|FILE" };
        OsevCommand command = new("dry-run", "Judge the last evidence of all instances by another policy, and print whose verdict would change. Nothing is written.",
            "osev policy dry-run 3", "osev policy dry-run policy.json -f json")
        {
            policy, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            DryRunRequest request = Request(parsed.GetRequiredValue(policy));
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            (int judged, IReadOnlyList<VerdictChange> changes) = await PolicyArgument.TryAsync(control, console, request, ct);
            Write(console, judged, changes);
            return ExitCode.Ok;
        });
        return command;
    }

    public static void Write(CommandConsole console, int judged, IReadOnlyList<VerdictChange> changes)
    {
        if (changes.Count > 0 || console.Format is not OutputFormat.Table)
        {
            console.WriteList(new DryRunDocument(judged, changes), PolicyJson.Default.DryRunDocument,
                ["INSTANCE", "NAME", "PROJECT", "FROM", "TO", "FINDINGS", "RESOLVED"], changes.Select(change => new[]
                {
                    change.Instance.ToString(), change.Name, change.Project, change.From, change.To, string.Join(' ', change.Findings), string.Join(' ', change.Resolved),
                }));
        }

        if (console.Format is OutputFormat.Table)
            console.Error.WriteLine($"{judged} instances tried, {changes.Count} verdicts would change");
    }

    private static DryRunRequest Request(string policy)
    {
        if (int.TryParse(policy, NumberStyles.None, CultureInfo.InvariantCulture, out int number))
            return new DryRunRequest(Policy: number);
        using JsonDocument document = JsonDocument.Parse(PolicyArgument.Document(policy));
        return new DryRunRequest(Document: document.RootElement.Clone());
    }
}
