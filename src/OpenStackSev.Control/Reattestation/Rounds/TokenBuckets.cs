using System.Collections.Concurrent;

namespace OpenStackSev.Control.Reattestation.Rounds;

/// <summary>A bucket of requests for each key. By the application's clock, which those of System.Threading.RateLimiting do not take.</summary>
/// <param name="perMinute">0 for no limit.</param>
internal sealed class TokenBuckets<TKey>(int perMinute, int burst, TimeProvider time)
    where TKey : notnull
{
    /// <summary>Beyond it the full ones are forgotten: they say nothing.</summary>
    private const int MostBuckets = 100_000;

    private readonly ConcurrentDictionary<TKey, Bucket> buckets = new();
    private readonly double perSecond = perMinute / 60.0;
    private readonly double most = Math.Max(1, burst);

    /// <summary>Null when one more may pass; else how long to wait.</summary>
    public TimeSpan? Take(TKey key)
    {
        if (perMinute == 0)
            return null;
        if (buckets.Count >= MostBuckets && !buckets.ContainsKey(key))
            Forget();
        Bucket bucket = buckets.GetOrAdd(key, _ => new Bucket { Left = most, At = time.GetTimestamp() });
        lock (bucket)
        {
            long now = time.GetTimestamp();
            bucket.Left = Math.Min(most, bucket.Left + (time.GetElapsedTime(bucket.At, now).TotalSeconds * perSecond));
            bucket.At = now;
            if (bucket.Left < 1)
                return TimeSpan.FromSeconds((1 - bucket.Left) / perSecond);
            bucket.Left--;
            return null;
        }
    }

    private void Forget()
    {
        long now = time.GetTimestamp();
        foreach ((TKey key, Bucket bucket) in buckets)
        {
            if (bucket.Left + (time.GetElapsedTime(bucket.At, now).TotalSeconds * perSecond) >= most)
                buckets.TryRemove(key, out _);
        }

        // All of them in use at once is no cloud's own traffic.
        if (buckets.Count >= MostBuckets)
            buckets.Clear();
    }

    private sealed class Bucket
    {
        public double Left { get; set; }
        public long At { get; set; }
    }
}
