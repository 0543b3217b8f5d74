using System.Collections.Immutable;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Agent.Capacity;

/// <summary>Decides when the next round is: on time after a success, soon after a conflict, later and later while the cloud fails.</summary>
public sealed partial class CapacityLoop(
    CapacityPublisher publisher, CapacityOptions options, TimeProvider time, Random jitter, ILogger<CapacityLoop> log) : BackgroundService
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromMinutes(5);
    private ImmutableHashSet<CapacityFinding> known = [];

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
            if (outcome.Result == PublishResult.Conflict)
            {
                LogConflict(log);
                return (0, conflicts + 1, Backoff.AfterConflict(conflicts, jitter));
            }

            Report(outcome);
            return (0, 0, options.Interval * (0.9 + (0.2 * jitter.NextDouble())));
        }
        catch (NodeNotFoundException e)
        {
            LogWaitingForNode(log, e.Message);
        }
        catch (OpenStackApiException e) when (e.IsTransient)
        {
            LogFailed(log, e.Message);
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

        ImmutableHashSet<CapacityFinding> now = [.. outcome.Findings];
        foreach (CapacityFinding finding in now.Except(known))
            LogFinding(log, finding.Code, finding.Subject, finding.Detail);
        foreach (CapacityFinding finding in known.Except(now))
            LogFindingGone(log, finding.Code, finding.Subject);
        known = now;
    }

    private Task WaitAsync(TimeSpan wait, CancellationToken ct) => Task.Delay(wait, time, ct);

    [LoggerMessage(1001, LogLevel.Information, "{Change}")]
    private static partial void LogWritten(ILogger logger, string change);

    [LoggerMessage(1002, LogLevel.Warning, "{Code} {Subject}: {Detail}")]
    private static partial void LogFinding(ILogger logger, string code, string subject, string detail);

    [LoggerMessage(1003, LogLevel.Information, "no longer: {Code} {Subject}")]
    private static partial void LogFindingGone(ILogger logger, string code, string subject);

    [LoggerMessage(1004, LogLevel.Debug, "somebody wrote to this node's providers at the same time; reading again")]
    private static partial void LogConflict(ILogger logger);

    [LoggerMessage(1005, LogLevel.Warning, "{Message}; waiting for nova-compute to register it")]
    private static partial void LogWaitingForNode(ILogger logger, string message);

    [LoggerMessage(1006, LogLevel.Warning, "this round failed, the next one tries again: {Message}")]
    private static partial void LogFailed(ILogger logger, string message);

    [LoggerMessage(1007, LogLevel.Information, "stopped; what is published stays")]
    private static partial void LogStopped(ILogger logger);
}
