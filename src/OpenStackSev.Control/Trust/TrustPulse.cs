namespace OpenStackSev.Control.Trust;

/// <summary>Whether hosts are judged here, and Placement told, as they should be. While they are not, nobody may go by what was judged before.</summary>
internal sealed class TrustPulse(TrustOptions options, TimeProvider time)
{
    private static readonly TimeSpan s_least = TimeSpan.FromMinutes(2);

    /// <summary>Looks that may be missed.</summary>
    private const int Looks = 6;

    private readonly Lock gate = new();
    private DateTimeOffset? judgedAt, toldAt;

    /// <summary>All hosts were judged not long ago.</summary>
    public bool IsJudging
    {
        get
        {
            lock (gate)
                return IsFresh(judgedAt);
        }
    }

    /// <summary>The same, and Placement has what follows, where it is to be told.</summary>
    public bool IsTelling
    {
        get
        {
            lock (gate)
                return IsFresh(judgedAt) && (!options.PublishTraits || IsFresh(toldAt));
        }
    }

    public void Judged()
    {
        lock (gate)
            judgedAt = time.GetUtcNow();
    }

    public void Told()
    {
        lock (gate)
            toldAt = time.GetUtcNow();
    }

    private bool IsFresh(DateTimeOffset? at)
    {
        TimeSpan longest = options.Interval * Looks > s_least ? options.Interval * Looks : s_least;
        DateTimeOffset now = time.GetUtcNow();
        return at is { } last && now - last <= longest && last <= now + s_least;
    }
}
