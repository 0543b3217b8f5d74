using OpenStackSev.Control.Events;

namespace OpenStackSev.Control.Persistence.History;

/// <summary>Signs the end of this writer's chain at intervals and when the program stops, and exports it as an event.</summary>
/// <remarks>Start it before the writer: services stop in the reverse order, so its last head is of the last row.</remarks>
public sealed class HeadSigner(HistoryWriter writer, HistoryKey key, EventLog events, TimeProvider time, TimeSpan interval) : BackgroundService
{
    private long signed;

    /// <summary>Signs the end of the chain unless that was done already.</summary>
    public void Sign()
    {
        if (writer.Committed is not { } end || Interlocked.Exchange(ref signed, end.Sequence) == end.Sequence)
            return;
        DateTimeOffset now = HistoryEncoding.Time(HistoryEncoding.Microseconds(time.GetUtcNow()));
        events.Write(key.Sign(new HistoryHead(writer.Name, end.Sequence, end.Hash, now)));
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Sign();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
                Sign();
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Told to stop: the last head is signed after the writer's last row.
        }
    }
}
