namespace OpenStackSev.Guest.Rounds;

/// <summary>How long to wait. Pure but for the dice.</summary>
internal static class Pace
{
    private const int LargestExponent = 10;
    private static readonly TimeSpan s_firstBackoff = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_longestBackoff = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_longestRetryAfter = TimeSpan.FromHours(1);
    private static readonly TimeSpan s_soonest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_latest = TimeSpan.FromDays(1);
    private static readonly TimeSpan s_largestJitter = TimeSpan.FromSeconds(30);

    /// <summary>As asked for, within bounds, and a little later: instances that were due together do not stay together.</summary>
    public static TimeSpan AfterResult(int nextRoundIn, Random jitter)
    {
        TimeSpan asked = Between(TimeSpan.FromSeconds(nextRoundIn), s_soonest, s_latest);
        return asked + (jitter.NextDouble() * Between(asked * 0.05, TimeSpan.Zero, s_largestJitter));
    }

    /// <summary>Doubling to five minutes, half of it at random; never before the other side wants to be asked again, up to an hour.</summary>
    public static TimeSpan AfterFailure(int failuresBefore, TimeSpan? retryAfter, Random jitter)
    {
        TimeSpan doubled = s_firstBackoff * Math.Pow(2, Math.Min(failuresBefore, LargestExponent));
        TimeSpan backoff = Between(doubled, TimeSpan.Zero, s_longestBackoff) * (0.5 + (0.5 * jitter.NextDouble()));
        if (retryAfter is not { } asked)
            return backoff;
        asked = Between(asked, TimeSpan.Zero, s_longestRetryAfter);
        return asked + (jitter.NextDouble() * Between(asked * 0.1, s_firstBackoff, s_largestJitter)) is var later && later > backoff ? later : backoff;
    }

    private static TimeSpan Between(TimeSpan value, TimeSpan least, TimeSpan most) => value < least ? least : value > most ? most : value;
}
