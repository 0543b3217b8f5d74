using OpenStackSev.Control.Persistence;

namespace OpenStackSev.Control.Events;

/// <summary>Gauges of what the database holds, read at intervals, so that a scrape waits for nothing. What cannot be read leaves them as they were.</summary>
internal abstract partial class RefreshedMetrics(TimeProvider time, ILogger logger) : BackgroundService
{
    /// <summary>Below the usual interval of a scrape.</summary>
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(15);

    /// <summary>For people: of what the gauges are.</summary>
    protected abstract string Of { get; }

    /// <summary>Reads them once.</summary>
    /// <exception cref="StorageException">They cannot be read.</exception>
    public abstract Task RefreshAsync(CancellationToken ct);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_interval, time);
        try
        {
            do
                await TryRefreshAsync(stoppingToken);
            while (await timer.WaitForNextTickAsync(stoppingToken));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private async Task TryRefreshAsync(CancellationToken ct)
    {
        try
        {
            await RefreshAsync(ct);
        }
        catch (StorageException e)
        {
            LogNotRead(logger, Of, e.Message);
        }
    }

    [LoggerMessage(5102, LogLevel.Warning, "metrics of {What} are those of before: {Reason}")]
    private static partial void LogNotRead(ILogger logger, string what, string reason);
}
