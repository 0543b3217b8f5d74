namespace OpenStackSev.Control.Notifications;

/// <summary>Listens to Nova through our own queue, for as long as the service runs: connects, tells the sweep what may have been missed, and connects again.</summary>
internal sealed partial class NotificationQueue(
    TransportUrl url, NotificationOptions options, NotificationIntake intake, NotificationJournal journal, SweepRequest sweep, TimeProvider time, ILogger<NotificationQueue> log) : BackgroundService
{
    private static readonly TimeSpan s_first = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30);

    /// <summary>How often the binding is renewed and the queue looked at.</summary>
    private static readonly TimeSpan s_check = TimeSpan.FromSeconds(30);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        int failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await ListenAsync(() => failures = 0, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (BrokerException e)
            {
                if (journal.IsNotConnected(e))
                    LogNotConnected(log, e.Code, e.Detail);
            }
            // A defect of the client must not end the service: without it all works, only later.
            catch (Exception e) when (e is not OperationCanceledException)
            {
                if (journal.IsNotConnected(new BrokerException(BrokerCodes.Lost, "an unexpected error; the log has it")))
                    LogUnexpected(log, e);
            }

            await WaitAsync(failures++, stoppingToken);
        }
    }

    /// <summary>One session.</summary>
    /// <exception cref="BrokerException">It could not begin, or it ended.</exception>
    private async Task ListenAsync(Action connected, CancellationToken ct)
    {
        await using BrokerSession session = await BrokerSession.OpenAsync(url, options, ct);
        await LookAsync(session, ct);
        await session.ConsumeAsync(intake, ct);
        journal.IsConnected(session.Broker);
        LogConnected(log, session.Broker, options.Queue);
        connected();
        // What was sent while nobody listened need not have waited: the queue is bounded, and bindings can be lost.
        await sweep.AskAsync(ct);
        while (true)
        {
            if (await Task.WhenAny(session.Ended, Task.Delay(s_check, time, ct)) == session.Ended)
                throw await session.Ended;
            ct.ThrowIfCancellationRequested();
            if (await LookAsync(session, ct))
                await sweep.AskAsync(ct);
        }
    }

    /// <returns>True when the queue is at its bound.</returns>
    private async Task<bool> LookAsync(BrokerSession session, CancellationToken ct)
    {
        long count = await session.BindAsync(ct);
        bool isFull = count >= options.MaximumQueueLength;
        journal.Waits(count, isFull);
        if (isFull)
            LogFull(log, options.Queue, count);
        return isFull;
    }

    private async Task WaitAsync(int failuresBefore, CancellationToken ct)
    {
        double seconds = Math.Min(s_first.TotalSeconds * Math.Pow(2, Math.Min(failuresBefore, 10)), s_longest.TotalSeconds);
        try
        {
            // Half of it at random, so that several do not come back together.
            await Task.Delay(TimeSpan.FromSeconds(seconds * (0.5 + (0.5 * Random.Shared.NextDouble()))), time, ct);
        }
        catch (OperationCanceledException) when (ct.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    [LoggerMessage(4621, LogLevel.Information, "Nova's notifications are heard: {Broker}, queue {Queue}")]
    private static partial void LogConnected(ILogger logger, string broker, string queue);

    [LoggerMessage(4622, LogLevel.Warning, "Nova's notifications are not heard, the sweep finds changes at its own time: {Code}: {Detail}")]
    private static partial void LogNotConnected(ILogger logger, string code, string detail);

    [LoggerMessage(4623, LogLevel.Error, "Nova's notifications are not heard: an unexpected error")]
    private static partial void LogUnexpected(ILogger logger, Exception reason);

    [LoggerMessage(4624, LogLevel.Warning, "queue {Queue} is at its bound with {Count} notifications: older ones were dropped, and the sweep looks")]
    private static partial void LogFull(ILogger logger, string queue, long count);
}
