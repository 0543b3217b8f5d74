using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Hosts;

/// <summary>Looks for hosts that have missed their reports, twice in each interval.</summary>
internal sealed partial class SilenceWatch(HostRegistry registry, HostsOptions options, TimeProvider time, ILogger<SilenceWatch> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        DateTimeOffset listeningSince = time.GetUtcNow();
        using var timer = new PeriodicTimer(options.HeartbeatInterval / 2, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                await MarkAsync(listeningSince, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private async Task MarkAsync(DateTimeOffset listeningSince, CancellationToken ct)
    {
        try
        {
            foreach (HostState host in await registry.MarkSilentAsync(listeningSince, ct))
                LogSilent(log, host.Name, host.Node, host.LastSeenAt);
        }
        catch (StorageException e) when (e.IsTransient)
        {
            LogFailed(log, e.Message);
        }
    }

    [LoggerMessage(4211, LogLevel.Warning, "host {Name} ({Node}) is silent since {LastSeen}")]
    private static partial void LogSilent(ILogger logger, string name, Guid node, DateTimeOffset lastSeen);

    [LoggerMessage(4212, LogLevel.Error, "silent hosts could not be marked, it is tried again: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);
}
