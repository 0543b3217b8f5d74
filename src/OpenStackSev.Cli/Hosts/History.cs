using System.CommandLine;
using OpenStackSev.Api.Hosts;

namespace OpenStackSev.Cli.Hosts;

/// <summary><c>osev host history</c>: what happened to a host, the latest first.</summary>
internal static class History
{
    private const int LongestCell = 100;

    public static Command Create(CommandConsole console)
    {
        Argument<string> host = Show.Named();
        Option<int> limit = new("--limit") { Description = "At most so many records (default 100, at most 1000).", HelpName = "N", DefaultValueFactory = _ => 100 };
        Option<long?> before = new("--before") { Description = "Only what is older than the record of this id, for the next page.", HelpName = "ID" };
        OsevCommand command = new("history", "Show what happened to a host, the latest first.",
            "osev host history compute1", "osev host history compute1 --limit 5 -f json")
        {
            host, limit, before, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using ControlPlane control = ControlPlane.Of(parsed.Connect());
            Guid node = await control.NodeAsync(parsed.GetRequiredValue(host), ct);
            HostHistory history = await control.Api.GetHostHistoryAsync(node, parsed.GetValue(limit), parsed.GetValue(before), ct);
            console.WriteList(new HistoryDocument(history.Records), HostJson.Default.HistoryDocument, ["ID", "TIME", "KIND", "WHAT"], history.Records.Select(record => new[]
            {
                record.Id.ToString(), List.Time(record.Time), record.Kind, Cut(record.Text ?? record.Body.GetRawText()),
            }));
            return ExitCode.Ok;
        });
        return command;
    }

    private static string Cut(string text) => text.Length <= LongestCell ? text : text[..LongestCell] + "…";
}
