using System.CommandLine;
using OpenStackSev.Api.Enforcement;

namespace OpenStackSev.Cli.Enforcement;

/// <summary><c>osev enforcement release</c>: undoes what was done about an instance, and leaves it for some time.</summary>
internal static class Release
{
    public static Command Create(CommandConsole console)
    {
        Argument<Guid> instance = new("instance") { Description = "UUID of the instance." };
        Option<string> reason = Resume.Reason();
        Option<int> hours = new("--hours") { Description = "For so long nothing is done about it, 1 to 720; 24 by default.", HelpName = "N", DefaultValueFactory = _ => EnforcementRelease.UsualHours };
        OsevCommand command = new("release", "Undo what was done about an instance, and do nothing about it for some time: so that it can prove itself again.",
            "osev enforcement release 5f0cbeb0-3b5b-4a7e-8d2c-6f1d2a3b4c5d --reason 'its image was fixed' --hours 2")
        {
            instance, reason, hours, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            EnforcementInstance released = await control.Api.ReleaseInstanceAsync(
                parsed.GetRequiredValue(instance), new EnforcementRelease(parsed.GetRequiredValue(reason), parsed.GetValue(hours)), ct);
            Instances.Write(console, [released]);
            return ExitCode.Ok;
        });
        return command;
    }
}
