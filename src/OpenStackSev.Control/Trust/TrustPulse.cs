namespace OpenStackSev.Control.Trust;

/// <summary>Whether hosts are judged here, and Placement told, as they should be. While they are not, nobody may go by what was judged before.</summary>
internal sealed class TrustPulse(TrustOptions options, TimeProvider time)
{
    private static readonly TimeSpan s_least = TimeSpan.FromMinutes(2);

    /// <summary>Looks that may be missed.</summary>
    private const int Looks = 6;

    private readonly Lock gate = new();
    private DateTimeOffset? judgedAt, toldAt;
    private IReadOnlySet<Guid> withheld = new HashSet<Guid>();

    /// <summary>All hosts were judged not long ago.</summary>
    public bool IsJudging
    {
        get
        {
            lock (gate)
                return IsFresh(judgedAt);
        }
    }

    /// <summary>The same, and Placement has of this host what follows, where it is to be told: at least nothing that the host has no right to any more.</summary>
    public bool IsTelling(Guid node)
    {
        lock (gate)
            return IsFresh(judgedAt) && (!options.PublishTraits || (IsFresh(toldAt) && !withheld.Contains(node)));
    }

    public void Judged()
    {
        lock (gate)
            judgedAt = time.GetUtcNow();
    }

    /// <param name="without">Hosts of which Placement still says too much.</param>
    public void Told(IReadOnlySet<Guid> without)
    {
        lock (gate)
        {
            toldAt = time.GetUtcNow();
            withheld = without;
        }
    }

    private bool IsFresh(DateTimeOffset? at)
    {
        TimeSpan longest = options.Interval * Looks > s_least ? options.Interval * Looks : s_least;
        DateTimeOffset now = time.GetUtcNow();
        return at is { } last && now - last <= longest && last <= now + s_least;
    }
}
