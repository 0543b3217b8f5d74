using System.Collections.Concurrent;
using OpenStackSev.Api.Attestation;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>Counts what one sweep does. Safe from several threads.</summary>
internal sealed class SweepTally(DateTimeOffset startedAt, bool isFull)
{
    private readonly int[] steps = new int[Enum.GetValues<SweepStepKind>().Length];
    private readonly ConcurrentDictionary<string, SweepFailure> failures = new(StringComparer.Ordinal);
    private int listed;
    private int encrypted;

    public DateTimeOffset StartedAt => startedAt;

    public bool IsFull => isFull;

    public bool IsComplete { get; set; }

    public int Of(SweepStepKind kind) => Volatile.Read(ref steps[(int)kind]);

    public void Listed(int count, int encryptedOnes)
    {
        Interlocked.Add(ref listed, count);
        Interlocked.Add(ref encrypted, encryptedOnes);
    }

    public void Done(SweepStepKind kind) => Interlocked.Increment(ref steps[(int)kind]);

    public void Failed(string code, string detail) =>
        failures.AddOrUpdate(code, new SweepFailure(code, 1, detail), (_, before) => new SweepFailure(code, before.Count + 1, detail));

    public SweepTick Finished(DateTimeOffset now, DateTimeOffset? fullListingAt) => new(
        startedAt, now, isFull ? "full" : "changes", IsComplete, listed, encrypted, Of(SweepStepKind.Seen), Of(SweepStepKind.Changed), Of(SweepStepKind.Moved),
        Of(SweepStepKind.Gone), Of(SweepStepKind.Opened), Of(SweepStepKind.Silent), Of(SweepStepKind.Nudged),
        [.. failures.Values.OrderBy(failure => failure.Code, StringComparer.Ordinal)], fullListingAt);
}
