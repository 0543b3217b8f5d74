using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Agent.Capacity;

/// <summary>Decides when the next round is: on time after a success, soon after a conflict, later and later while the cloud fails.</summary>
/// <param name="published">Told of each round that succeeded; must not wait.</param>
public sealed partial class CapacityLoop(
    CapacityPublisher publisher, CapacityOptions options, TimeProvider time, Random jitter, ILogger<CapacityLoop> log,
    Action<PublishOutcome>? published = null) : BackgroundService
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(5);

    /// <summary>Conflicts in a row that are still normal traffic.</summary>
    private const int NormalConflicts = 20;

    private ImmutableDictionary<(string Code, string Subject), CapacityFinding> known =
        ImmutableDictionary<(string Code, string Subject), CapacityFinding>.Empty;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await WaitAsync(options.StartJitter * jitter.NextDouble(), stoppingToken);
            int failures = 0, conflicts = 0;
            while (true)
            {
                (failures, conflicts, TimeSpan wait) = await RoundAsync(failures, conflicts, stoppingToken);
                await WaitAsync(wait, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            LogStopped(log);
        }
    }

    private async Task<(int Failures, int Conflicts, TimeSpan Wait)> RoundAsync(int failures, int conflicts, CancellationToken ct)
    {
        try
        {
            PublishOutcome outcome = await publisher.PublishAsync(dryRun: false, ct);
            if (outcome.Result == PublishResult.Conflict && conflicts < NormalConflicts)
            {
                LogConflict(log, outcome.Refusal);
                return (failures, conflicts + 1, Backoff.AfterConflict(conflicts, jitter));
            }

            if (outcome.Result == PublishResult.Conflict)
            {
                LogConflictLasts(log, conflicts, outcome.Refusal);
                return (failures + 1, conflicts, Backoff.AfterFailure(failures, FirstBackoff, LongestBackoff, jitter));
            }

            Report(outcome);
            published?.Invoke(outcome);
            return (0, 0, options.Interval * (1 + (0.2 * jitter.NextDouble())));
        }
        catch (NodeNotFoundException e)
        {
            LogWaitingForNode(log, e.Message);
        }
        catch (OpenStackApiException e) when (e.IsTransient)
        {
            LogFailed(log, e.Message);
        }
        // A refused password or a broken catalogue is for people to mend. Ending here would have systemd log in again and again,
        // on every node at once, and lock the service's account; so ask again at the longest wait, and say so loudly.
        catch (OpenStackApiException e)
        {
            LogRefused(log, e.Message);
            return (failures + 1, 0, Backoff.AfterFailure(int.MaxValue, FirstBackoff, LongestBackoff, jitter));
        }

        return (failures + 1, 0, Backoff.AfterFailure(failures, FirstBackoff, LongestBackoff, jitter));
    }

    private void Report(PublishOutcome outcome)
    {
        if (outcome.Result == PublishResult.Applied)
        {
            foreach (string line in outcome.Changes.Describe())
                LogWritten(log, line);
        }

        ImmutableDictionary<(string Code, string Subject), CapacityFinding> now = outcome.Findings
            .DistinctBy(finding => (finding.Code, finding.Subject)).ToImmutableDictionary(finding => (finding.Code, finding.Subject));
        foreach (((string Code, string Subject) key, CapacityFinding finding) in now)
        {
            if (!known.TryGetValue(key, out CapacityFinding? before) || before != finding)
                LogFinding(log, finding.Code, finding.Subject, finding.Detail);
        }

        foreach ((string code, string subject) in known.Keys.Where(key => !now.ContainsKey(key)))
            LogFindingGone(log, code, subject);
        known = now;
    }

    private Task WaitAsync(TimeSpan wait, CancellationToken ct) => Task.Delay(wait, time, ct);

    [LoggerMessage(1001, LogLevel.Information, "{Change}")]
    private static partial void LogWritten(ILogger logger, string change);

    [LoggerMessage(1002, LogLevel.Warning, "{Code} {Subject}: {Detail}")]
    private static partial void LogFinding(ILogger logger, string code, string subject, string detail);

    [LoggerMessage(1003, LogLevel.Information, "no longer: {Code} {Subject}")]
    private static partial void LogFindingGone(ILogger logger, string code, string subject);

    [LoggerMessage(1004, LogLevel.Debug, "somebody wrote to this node's providers at the same time; reading again ({Refusal})")]
    private static partial void LogConflict(ILogger logger, string? refusal);

    [LoggerMessage(1008, LogLevel.Warning, "{Conflicts} attempts in a row were refused, capacity is not up to date: {Refusal}")]
    private static partial void LogConflictLasts(ILogger logger, int conflicts, string? refusal);

    [LoggerMessage(1009, LogLevel.Error, "refused, and only a change can mend it; asking again in some minutes: {Message}")]
    private static partial void LogRefused(ILogger logger, string message);

    [LoggerMessage(1005, LogLevel.Warning, "{Message}; waiting for nova-compute to register it")]
    private static partial void LogWaitingForNode(ILogger logger, string message);

    [LoggerMessage(1006, LogLevel.Warning, "this round failed, the next one tries again: {Message}")]
    private static partial void LogFailed(ILogger logger, string message);

    [LoggerMessage(1007, LogLevel.Information, "stopped; what is published stays")]
    private static partial void LogStopped(ILogger logger);
}
