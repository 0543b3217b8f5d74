using System.CommandLine;

namespace OpenStackSev.Cli.Hosts;

/// <summary><c>osev host release</c>: ends a host's quarantine.</summary>
internal static class Release
{
    public static Command Create(CommandConsole console)
    {
        Argument<string> host = Show.Named();
        OsevCommand command = new("release", "End a host's quarantine. Its compute service is enabled again if that was disabled with it, and if nobody touched it since.",
            "osev host release compute1")
        {
            host, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using ControlPlane control = ControlPlane.Of(parsed.Connect());
            Show.Write(console, await control.Api.ReleaseHostAsync(await control.NodeAsync(parsed.GetRequiredValue(host), ct), ct));
            return ExitCode.Ok;
        });
        return command;
    }
}
