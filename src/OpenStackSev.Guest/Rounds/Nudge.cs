using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;
using OpenStackSev.Guest.Instructions;

namespace OpenStackSev.Guest.Rounds;

/// <summary>Set when somebody wants a round now; taken by the next round, whoever asked for it.</summary>
internal sealed class Nudge
{
    private readonly Lock gate = new();
    private TaskCompletionSource pending = New();

    public void Set()
    {
        lock (gate)
            pending.TrySetResult();
    }

    /// <summary>What was asked for until now, the round that begins does.</summary>
    public void Take()
    {
        lock (gate)
        {
            if (pending.Task.IsCompleted)
                pending = New();
        }
    }

    /// <summary>Ends after <paramref name="longest"/>, or at a nudge.</summary>
    /// <returns>True when it was a nudge.</returns>
    public async Task<bool> WaitAsync(TimeSpan longest, TimeProvider time, CancellationToken ct)
    {
        Task nudged;
        lock (gate)
            nudged = pending.Task;
        try
        {
            await nudged.WaitAsync(longest, time, ct);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

/// <summary>Looks at the counter in server metadata from time to time. A growing one is a nudge, once for each growth.</summary>
/// <remarks>
/// The workers of Nova's metadata service cache for some seconds, each for itself: an old counter after a new one says nothing. The first one
/// seen is only noted: a process that starts does a round anyway.
/// </remarks>
internal sealed partial class NudgeWatch(MetadataService metadata, Nudge nudge, TimeSpan interval, TimeProvider time, Random jitter, ILogger<NudgeWatch> log)
{
    private EntityTagHeaderValue? validator;
    private ulong? highest;
    private bool failing;

    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            await LookAsync(ct);
            await Task.Delay(interval * (0.8 + (0.4 * jitter.NextDouble())), time, ct);
        }
    }

    private async Task LookAsync(CancellationToken ct)
    {
        try
        {
            (ReadOnlyMemory<byte>? content, validator) = await metadata.GetAsync(InstructionsSearch.ServerMetadata, validator, ct);
            failing = false;
            if (content is not { } document)
                return;
            ulong count = InstructionsReading.NudgeOf(document, metadata.PlaceOf(InstructionsSearch.ServerMetadata)) ?? 0;
            if (count > highest)
            {
                LogNudged(log, count);
                nudge.Set();
            }

            highest = Math.Max(highest ?? 0, count);
        }
        catch (InstructionsException e)
        {
            validator = null;
            if (!failing)
                LogFailed(log, e.Message);
            failing = true;
        }
    }

    [LoggerMessage(5101, LogLevel.Information, "the control plane asks for a round now (nudge {Count})")]
    private static partial void LogNudged(ILogger logger, ulong count);

    [LoggerMessage(5102, LogLevel.Debug, "nudges cannot be seen, rounds go on by the clock: {Message}")]
    private static partial void LogFailed(ILogger logger, string message);
}
