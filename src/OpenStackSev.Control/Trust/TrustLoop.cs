using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Quarantine;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Control.Trust;

/// <summary>Looks at all hosts at intervals, at the end of a proof, and when something is signalled; then tells Placement.</summary>
internal sealed partial class TrustLoop(
    TrustRound round, TraitPublisher traits, TrustSignal signal, QuarantineChanges quarantines, TrustOptions options, TimeProvider time, ILogger<TrustLoop> log) : BackgroundService
{
    /// <summary>Between two looks, however many signals there are.</summary>
    private static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(500);

    private string? failing;
    private Task telling = Task.CompletedTask;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Enabled)
            return;
        quarantines.Listen(signal.Changed);
        try
        {
            while (true)
            {
                DateTimeOffset? next = await LookAsync(stoppingToken);
                TimeSpan wait = next - time.GetUtcNow() is { } left && left < options.Interval ? left : options.Interval;
                await Task.Delay(s_pause, time, stoppingToken);
                await signal.WaitAsync(wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1), time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Told to stop.
        }
    }

    private async Task<DateTimeOffset?> LookAsync(CancellationToken ct)
    {
        DateTimeOffset? next = null;
        await TryAsync(async () => next = await round.RunAsync(ct));
        // A Placement that is slow must not keep hosts from being judged: the one telling that is under way is followed by another.
        if (options.PublishTraits && telling.IsCompleted)
            telling = TryAsync(() => traits.PublishAsync(ct));
        return next;
    }

    private async Task TryAsync(Func<Task> part)
    {
        try
        {
            await part();
            failing = null;
        }
        catch (StorageException e)
        {
            Failed(e.Code, e.Message);
        }
        catch (OpenStackApiException e)
        {
            Failed(e.Code ?? "unreachable", e.Message);
        }
        // A defect met at one look must not end them all.
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogUnexpected(log, e);
        }
    }

    /// <summary>Once for each kind of trouble, not for each look.</summary>
    private void Failed(string code, string message)
    {
        if (code != failing)
            LogFailed(log, message);
        failing = code;
    }

    [LoggerMessage(4711, LogLevel.Error, "trust of hosts is not up to date, it is tried again: {Reason}")]
    private static partial void LogFailed(ILogger logger, string reason);

    [LoggerMessage(4712, LogLevel.Error, "a look at hosts failed")]
    private static partial void LogUnexpected(ILogger logger, Exception reason);
}
