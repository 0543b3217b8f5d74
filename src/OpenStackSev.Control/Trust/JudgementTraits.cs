using OpenStackSev.Api.Capacity;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation.Appraisal;

namespace OpenStackSev.Control.Trust;

/// <summary>The traits that only the control plane gives: a closed list. Pure.</summary>
internal sealed class JudgementTraits
{
    private readonly HashSet<string> all;

    /// <param name="policy">Its bulletins have a trait each, beside those that are built in: a bulletin that a policy drops takes its trait along.</param>
    public JudgementTraits(AppraisalPolicy policy) => all = new(
        [SevTraits.Trusted, SevTraits.Quarantined, .. KnownBulletins.All.Concat(policy.Bulletins).Select(bulletin => SevTraits.Tcb(SevTraits.BaselineOf(bulletin.Id)))],
        StringComparer.Ordinal);

    /// <summary>In the order of their names.</summary>
    public IReadOnlyList<string> All => [.. all.Order(StringComparer.Ordinal)];

    public bool Contains(string trait) => all.Contains(trait);

    /// <summary>What a host is to have.</summary>
    public IReadOnlySet<string> Of(TrustLevel level, IEnumerable<string> baselines, DateTimeOffset? expires, DateTimeOffset now)
    {
        var traits = new SortedSet<string>(baselines.Select(SevTraits.Tcb).Where(all.Contains), StringComparer.Ordinal);
        if (level == TrustLevel.Quarantined)
            traits.Add(SevTraits.Quarantined);
        // By the clock too: the row of a proof that ended may not be written yet.
        if (level == TrustLevel.Trusted && (expires is null || now < expires))
            traits.Add(SevTraits.Trusted);
        return traits;
    }
}
