using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Trust;

/// <summary>What each host was last judged by, so that a host about which nothing is new is not judged again. It only spares work.</summary>
internal sealed class TrustMemory
{
    private readonly Dictionary<Guid, Judged> judged = [];
    private readonly Dictionary<Guid, DateTimeOffset> evidence = [];

    /// <summary>Notes that guests of these nodes brought evidence.</summary>
    public void Came(IReadOnlyDictionary<Guid, DateTimeOffset> newest)
    {
        foreach ((Guid node, DateTimeOffset time) in newest)
            evidence[node] = time;
    }

    public DateTimeOffset? NewestEvidence(Guid node) => evidence.TryGetValue(node, out DateTimeOffset time) ? time : null;

    /// <summary>True when the same was judged before, and the row is the one that came of it.</summary>
    public bool IsSettled(Guid node, TrustInput input, HostTrustState? row) =>
        row is not null && judged.TryGetValue(node, out Judged? before) && before.Input == input && before.Version == row.Version;

    public void Settled(Guid node, TrustInput input, long version) => judged[node] = new(input, version);

    /// <summary>Of hosts that are not among them nothing is kept.</summary>
    public void Keep(IReadOnlySet<Guid> nodes)
    {
        foreach (Guid gone in judged.Keys.Where(node => !nodes.Contains(node)).ToArray())
            judged.Remove(gone);
        foreach (Guid gone in evidence.Keys.Where(node => !nodes.Contains(node)).ToArray())
            evidence.Remove(gone);
    }

    private sealed record Judged(TrustInput Input, long Version);
}

/// <summary>What a judgement depends on, in a form that can be compared. Times are there as what they mean for it.</summary>
/// <param name="HeardAt">By its own word a host is trusted until some time after this; null where that does not matter.</param>
internal sealed record TrustInput(
    string Policy, DateTimeOffset FactsChangedAt, string Chips, DateTimeOffset? NewestEvidence, bool IsSilent, bool IsProofOver, bool WasHeardSince,
    DateTimeOffset? Quarantined, DateTimeOffset? HeardAt);
