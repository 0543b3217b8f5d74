using System.Net.Sockets;
using OpenStackSev.Control.Configuration;

namespace OpenStackSev.Control.Commands;

/// <summary>Serves until the process is told to stop; then ends what is being answered.</summary>
internal static partial class Serve
{
    public static async Task<int> RunAsync(ControlConfiguration configuration, CancellationToken ct)
    {
        await using WebApplication app = ControlApplication.Create(configuration, Logging.For(configuration.Process), services => services.AddSystemd());
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

    [LoggerMessage(4000, LogLevel.Information, "listening on {Addresses}")]
    private static partial void LogListening(ILogger logger, string addresses);
}
