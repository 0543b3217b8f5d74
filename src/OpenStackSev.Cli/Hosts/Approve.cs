using System.CommandLine;
using OpenStackSev.Api.Hosts;

namespace OpenStackSev.Cli.Hosts;

/// <summary><c>osev host approve</c>: says that a host's chips are its own.</summary>
internal static class Approve
{
    public static Command Create(CommandConsole console)
    {
        Argument<string> host = Show.Named();
        Option<string[]> chips = new("--chip") { Description = "Only this chip, by the first digits of its id; may be given more than once. Left out: all that it reports now.", HelpName = "ID" };
        OsevCommand command = new("approve", "Approve the chips that a host reports.", "osev host approve compute1", "osev host approve compute1 --chip 6e1f0b22")
        {
            host, chips, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using ControlPlane control = ControlPlane.Of(parsed.Connect());
            Guid node = await control.NodeAsync(parsed.GetRequiredValue(host), ct);
            // By their ids, as they are shown now: one that appears meanwhile is not approved unseen.
            HostDetails now = await control.Api.GetHostAsync(node, ct);
            Show.Write(console, await control.Api.ApproveHostAsync(node, new HostApproval(Chosen(now, parsed.GetValue(chips) ?? [])), ct));
            return ExitCode.Ok;
        });
        return command;
    }

    private static string[] Chosen(HostDetails host, string[] asked)
    {
        string[] reported = [.. host.Chips.Where(chip => chip is { Present: true, Status: not "withdrawn" }).Select(chip => chip.Id)];
        if (reported.Length == 0)
        {
            throw new CommandException($"host '{host.Name}' reports no chip that could be approved",
                host.Enrolment == EnrolmentState.Conflict ? "its chip belongs to another host: osev host history names that" : "look at its agent's log, and at osev host show");
        }

        return Named(host, reported, asked);
    }

    /// <summary>Those of the host's chips that begin with what was typed; all when nothing was.</summary>
    internal static string[] Named(HostDetails host, string[] chips, string[] asked) => asked.Length == 0 ? chips
        : [.. asked.Select(digits => chips.Where(id => id.StartsWith(digits, StringComparison.OrdinalIgnoreCase)).ToArray() switch
        {
            [var one] => one,
            [] => throw new CommandException($"host '{host.Name}' has no chip that begins with {digits}", "osev host show shows its chips"),
            _ => throw new CommandException($"several chips begin with {digits}", "give more digits"),
        }).Distinct(StringComparer.Ordinal)];
}
