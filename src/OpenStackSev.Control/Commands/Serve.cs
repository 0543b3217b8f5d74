using System.Net.Sockets;
using Microsoft.Extensions.Hosting.Systemd;
using OpenStackSev.Control.Configuration;

namespace OpenStackSev.Control.Commands;

/// <summary>Serves until the process is told to stop; then ends what is being answered.</summary>
internal static partial class Serve
{
    public static async Task<int> RunAsync(ControlConfiguration configuration, CancellationToken ct)
    {
        await using WebApplication app = ControlApplication.Create(configuration, Logging.For(configuration.Process), TellSystemd);
        ILogger log = app.Services.GetRequiredService<ILoggerFactory>().CreateLogger("OpenStackSev.Control");
        try
        {
            await app.StartAsync(ct);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            // What had started by then ends as it does when the service is told to stop.
            app.Lifetime.StopApplication();
            throw new StartException($"cannot listen: {e.Message.TrimEnd('.')}",
                "is another one running? [api] and [metrics] bind_host and bind_port say where", ExitCodes.TryLater, e);
        }

        LogListening(log, string.Join(", ", app.Urls));
        await app.WaitForShutdownAsync(ct);
        return ExitCodes.Done;
    }

    /// <remarks>
    /// AddSystemd looks whether the parent is called systemd, which <c>ProtectProc=invisible</c> hides from whoever is not root: systemd would
    /// wait for READY=1 until it gives up. The socket is what systemd itself says.
    /// </remarks>
    private static void TellSystemd(IServiceCollection services)
    {
        if (Environment.GetEnvironmentVariable("NOTIFY_SOCKET") is not { Length: > 0 })
            return;
        services.AddSingleton<ISystemdNotifier>(new SystemdNotifier());
        services.AddSingleton<IHostLifetime, SystemdLifetime>();
    }

    [LoggerMessage(4000, LogLevel.Information, "listening on {Addresses}")]
    private static partial void LogListening(ILogger logger, string addresses);
}
