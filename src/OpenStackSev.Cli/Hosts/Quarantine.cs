using System.CommandLine;
using OpenStackSev.Api.Hosts;

namespace OpenStackSev.Cli.Hosts;

/// <summary><c>osev host quarantine</c>: sets a host aside, whatever it proves.</summary>
internal static class Quarantine
{
    public static Command Create(CommandConsole console)
    {
        Argument<string> host = Show.Named();
        Option<string> reason = new("--reason") { Description = "One line, for people and for the history.", HelpName = "TEXT", Required = true };
        Option<bool> service = new("--disable-service") { Description = "Also disable its compute service in Nova, so that no server at all comes there. What runs there goes on." };
        Option<bool> enabled = new("--enable-service") { Description = "Of a host that is in quarantine already: let its compute service be enabled again." };
        OsevCommand command = new("quarantine", "Set a host aside: no server that asks for a trusted host comes there, whatever the host proves.",
            "osev host quarantine compute1 --reason 'firmware is being looked at'", "osev host quarantine compute1 --reason 'stolen disk' --disable-service")
        {
            host, reason, service, enabled, ColumnOption.Instance,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(service) && result.GetValue(enabled))
                result.AddError("--disable-service and --enable-service exclude each other.");
        });
        command.SetAction(async (parsed, ct) =>
        {
            using ControlPlane control = ControlPlane.Of(parsed.Connect());
            Guid node = await control.NodeAsync(parsed.GetRequiredValue(host), ct);
            // Neither leaves the service as it is.
            bool? disables = parsed.GetValue(service) ? true : parsed.GetValue(enabled) ? false : null;
            Show.Write(console, await control.Api.QuarantineHostAsync(node, new QuarantineRequest(parsed.GetRequiredValue(reason), disables), ct));
            return ExitCode.Ok;
        });
        return command;
    }
}
