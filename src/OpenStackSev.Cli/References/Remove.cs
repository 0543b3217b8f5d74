using System.CommandLine;
using OpenStackSev.Api.Policies;

namespace OpenStackSev.Cli.References;

/// <summary><c>osev reference remove</c>: takes a launch digest from those that are known to be good.</summary>
internal static class Remove
{
    public static Command Create(CommandConsole console)
    {
        Argument<string> digest = new("digest") { Description = "The whole digest, 96 hex digits.", HelpName = "DIGEST" };
        Option<bool> dryRun = new("--dry-run") { Description = "Only print whose verdict would change." };
        Option<bool> anyway = new("--anyway") { Description = "Also when verdicts get worse by it." };
        Option<bool> unchecks = new("--allow-unchecked") { Description = "Also the last one: from then on no measurement is compared." };
        OsevCommand command = new("remove", "Remove a launch digest. History keeps it; the last one is refused, since then every measurement would pass.",
            "osev reference remove $DIGEST", "osev reference remove $DIGEST --dry-run")
        {
            digest, dryRun, anyway, unchecks, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            string asked = parsed.GetRequiredValue(digest);
            if (asked.Length != 96 || !asked.All(char.IsAsciiHexDigit))
                throw CommandException.BadUsage($"'{asked}' is not 96 hex digits", "osev reference list -f json shows whole digests");
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            if (!await ReferenceTrial.PassesAsync(control, console, new DryRunRequest(Remove: [asked]), parsed.GetValue(dryRun), parsed.GetValue(anyway), ct))
                return ExitCode.Ok;
            List.Write(console, [await control.Api.RemoveReferenceValueAsync(asked, parsed.GetValue(unchecks) ? true : null, ct)]);
            return ExitCode.Ok;
        });
        return command;
    }
}
