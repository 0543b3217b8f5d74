namespace OpenStackSev.Agent.Capacity;

/// <summary>Waits that spread out, so that agents which failed together do not come back together. Pure but for the dice.</summary>
public static class Backoff
{
    private const int LargestExponent = 10;
    private static readonly TimeSpan FirstAfterConflict = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestAfterConflict = TimeSpan.FromSeconds(2);

    /// <summary>Doubling from <paramref name="first"/> to <paramref name="longest"/>, half of it at random.</summary>
    public static TimeSpan AfterFailure(int failuresBefore, TimeSpan first, TimeSpan longest, Random jitter)
    {
        double doubled = first.TotalSeconds * Math.Pow(2, Math.Min(failuresBefore, LargestExponent));
        return TimeSpan.FromSeconds(Math.Min(doubled, longest.TotalSeconds) * (0.5 + (0.5 * jitter.NextDouble())));
    }

    /// <summary>Conflicts are normal traffic: come back soon, but not in step with the other writer.</summary>
    public static TimeSpan AfterConflict(int conflictsBefore, Random jitter) =>
        AfterFailure(conflictsBefore, FirstAfterConflict, LongestAfterConflict, jitter);
}
