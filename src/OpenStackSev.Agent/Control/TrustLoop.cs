using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenStackSev.Agent.Capacity;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Agent.Control;

/// <summary>Ends this node's trust when the control plane has been silent for one proof lifetime. Waits for no round and no report.</summary>
/// <param name="endTrust">Takes from a node what speaks for it; tells what that was.</param>
public sealed partial class TrustLoop(
    LastWord word, Func<Guid, CancellationToken, Task<IReadOnlyList<string>>> endTrust, TimeProvider time, Random jitter, ILogger<TrustLoop> log) : BackgroundService
{
    private static readonly TimeSpan FirstBackoff = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan LongestBackoff = TimeSpan.FromSeconds(30);

    /// <summary>While the silence lasts: somebody may write the traits again.</summary>
    private static readonly TimeSpan NextLook = TimeSpan.FromMinutes(1);

    /// <summary>The first word may say a shorter lifetime than the one that was waited for until then.</summary>
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    private string? failing;
    private string? unsaved;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        int failures = 0;
        try
        {
            while (true)
            {
                TellUnsaved();
                TimeSpan remaining = word.Remaining;
                if (remaining > TimeSpan.Zero)
                    await Task.Delay(remaining < LongestWait ? remaining : LongestWait, time, stoppingToken);
                else if (word.Node is not { } node)
                    await Task.Delay(FirstBackoff, time, stoppingToken);
                else if (await EndAsync(node, stoppingToken))
                    await Task.Delay(After(ref failures, failed: false), time, stoppingToken);
                else
                    await Task.Delay(After(ref failures, failed: true), time, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped: who starts next goes by what is written down.
        }
    }

    private TimeSpan After(ref int failures, bool failed)
    {
        failures = failed ? failures + 1 : 0;
        return failed ? Backoff.AfterFailure(failures - 1, FirstBackoff, LongestBackoff, jitter) : NextLook;
    }

    private async Task<bool> EndAsync(Guid node, CancellationToken ct)
    {
        try
        {
            IReadOnlyList<string> ended = await endTrust(node, ct);
            if (ended.Count > 0)
                LogTrustEnded(log, word.ProofLifetime, string.Join(", ", ended));
            failing = null;
            return true;
        }
        catch (OpenStackApiException e)
        {
            if (failing != (e.Code ?? "unreachable"))
                LogTrustStays(log, e.Message);
            failing = e.Code ?? "unreachable";
            return false;
        }
    }

    private void TellUnsaved()
    {
        string? problem = word.Problem;
        if (problem is not null && unsaved is null)
            LogNotSaved(log, problem);
        unsaved = problem;
    }

    [LoggerMessage(1205, LogLevel.Warning, "no word from the control plane for {ProofLifetime}: {Traits} removed from this node")]
    private static partial void LogTrustEnded(ILogger logger, TimeSpan proofLifetime, string traits);

    [LoggerMessage(1206, LogLevel.Error, "no word from the control plane, and CUSTOM_SEV_TRUSTED could not be looked at, it is tried again: {Message}")]
    private static partial void LogTrustStays(ILogger logger, string message);

    [LoggerMessage(1207, LogLevel.Warning, "the control plane's last word could not be written down, after a restart it counts as older: {Message}")]
    private static partial void LogNotSaved(ILogger logger, string message);
}
