using System.CommandLine;
using OpenStackSev.Api.Enforcement;

namespace OpenStackSev.Cli.Enforcement;

/// <summary><c>osev enforcement resume</c>: lets enforcement go on after too many turned bad at once.</summary>
internal static class Resume
{
    public static Command Create(CommandConsole console)
    {
        Option<string> reason = Reason();
        OsevCommand command = new("resume", "Let enforcement go on after too many turned bad at once. What had turned bad before does not stop it again.",
            "osev enforcement status", "osev enforcement resume --reason 'KDS is back, all certificates are there'")
        {
            reason, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            Status.Write(console, await control.Api.ResumeEnforcementAsync(new EnforcementResume(parsed.GetRequiredValue(reason)), ct));
            return ExitCode.Ok;
        });
        return command;
    }

    public static Option<string> Reason() => new("--reason") { Description = "Why, for the history: one line of at most 255 characters.", HelpName = "TEXT", Required = true };
}
