using System.CommandLine;
using OpenStackSev.Api.Enforcement;
using OpenStackSev.Cli.Hosts;

namespace OpenStackSev.Cli.Enforcement;

/// <summary><c>osev enforcement list</c>: instances that something speaks against.</summary>
internal static class Instances
{
    private static readonly string[] s_columns = ["INSTANCE", "NAME", "PROJECT", "VERDICT", "STANDING", "REASON", "DONE", "WANTED", "SINCE"];
    private static readonly string[] s_standings = ["clear", "waiting", "acting", "acted", "withheld", "dry_run"];

    public static Command Create(CommandConsole console)
    {
        Option<string?> project = new("--project") { Description = "Only this project's, by its id. For those who may see others than their own.", HelpName = "ID" };
        Option<string?> standing = new("--standing") { Description = "Only those that stand so.", HelpName = string.Join('|', s_standings) };
        standing.AcceptOnlyFromAmong(s_standings);
        OsevCommand command = new("list", "List instances that something speaks against: what was done, what would be, and why it is not.",
            "osev enforcement list", "osev enforcement list --standing dry_run -f csv -c instance -c wanted")
        {
            project, standing, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            IReadOnlyList<EnforcementInstance> all = await AllAsync(control, parsed.GetValue(project), parsed.GetValue(standing), ct);
            Write(console, all);
            return ExitCode.Ok;
        });
        return command;
    }

    public static void Write(CommandConsole console, IReadOnlyList<EnforcementInstance> instances) => console.WriteList(
        new EnforcementListDocument(instances), EnforcementDocuments.Default.EnforcementListDocument, s_columns, instances.Select(one => new[]
        {
            one.Instance.ToString(), one.Name ?? "", one.Project, one.Verdict ?? "", one.Standing, (one.Reason ?? "") + (one.Failure is { } code && code != one.Reason ? $" ({code})" : ""),
            string.Join(' ', one.Done), string.Join(' ', one.Wanted), one.Since is { } since ? List.Time(since) : "",
        }));

    private static async Task<IReadOnlyList<EnforcementInstance>> AllAsync(Hosts.ControlPlane control, string? project, string? standing, CancellationToken ct)
    {
        var all = new List<EnforcementInstance>();
        Guid? marker = null;
        do
        {
            EnforcementInstanceList page = await control.Api.ListEnforcementAsync(null, marker, project, standing, ct);
            all.AddRange(page.Instances);
            // A service that repeats itself must not keep us for ever.
            marker = page.Marker is { } next && next != marker && page.Instances.Count > 0 ? next : null;
        }
        while (marker is not null);
        return all;
    }
}
