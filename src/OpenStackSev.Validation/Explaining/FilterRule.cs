namespace OpenStackSev.Validation.Explaining;

/// <summary>What a snapshot says of one host.</summary>
/// <param name="Trust"><c>trusted</c>, <c>untrusted</c>, <c>quarantined</c>; every other word is no yes.</param>
/// <param name="Reasons">The control plane's codes.</param>
/// <param name="Baselines">Bulletins that its firmware meets.</param>
/// <param name="ProvenAt">Null for never.</param>
/// <param name="ExpiresAt">When trust ends; null where it has none.</param>
public sealed record HostTrustFacts(string Trust, IReadOnlyList<string> Reasons, IReadOnlySet<string> Baselines, DateTimeOffset? ProvenAt = null, DateTimeOffset? ExpiresAt = null);

/// <summary>What the filter has when it judges.</summary>
public enum SnapshotStanding
{
    /// <summary>One that is fresh enough to say yes.</summary>
    Counts,

    /// <summary>One that is too old, has ended, or comes from the future.</summary>
    Stale,

    /// <summary>It never had one.</summary>
    None,
}

/// <summary><c>[openstack_sev] on_stale</c> of nova.conf.</summary>
public enum OnStale
{
    /// <summary>No where trust is required, else yes.</summary>
    Auto,
    Reject,
    Allow,
}

/// <summary>What is known of a host's trust when a request is explained.</summary>
/// <param name="Host">Null for one that the control plane does not know.</param>
public sealed record TrustStanding(HostTrustFacts? Host, DateTimeOffset Now);

/// <summary>Whether SevTrustFilter lets a host run what a request asks for. Pure.</summary>
/// <remarks>
/// The same as src/nova-filter/openstack_sev_filter/decision.py. tests/nova-filter/decisions.txt is the table of both, written by hand.
/// </remarks>
public static class FilterRule
{
    public const string Untrusted = "untrusted", Quarantined = "quarantined", Trusted = "trusted";

    /// <returns>One of <see cref="ExplainCodes"/>, or <c>snapshot.stale</c>, <c>snapshot.missing</c>; null when the host may.</returns>
    public static string? Refusal(TrustRequest asked, HostTrustFacts? host, DateTimeOffset now, SnapshotStanding standing = SnapshotStanding.Counts, OnStale onStale = OnStale.Auto)
    {
        if (!asked.IsConfidential)
            return null;
        // Also by a snapshot that is too old to say yes: nobody has taken the quarantine back.
        if (host?.Trust == Quarantined)
            return ExplainCodes.HostQuarantined;
        if (standing != SnapshotStanding.Counts)
        {
            return onStale == OnStale.Allow || (onStale == OnStale.Auto && !asked.RequiresTrust) ? null
                : standing == SnapshotStanding.Stale ? "snapshot.stale" : "snapshot.missing";
        }

        return host?.Trust == Untrusted ? ExplainCodes.HostUntrusted : asked.RequiresTrust ? Lacks(asked, host, now) : null;
    }

    /// <summary>Where trust is required: what the host lacks.</summary>
    private static string? Lacks(TrustRequest asked, HostTrustFacts? host, DateTimeOffset now) =>
        host?.Trust != Trusted ? ExplainCodes.HostUnknown
        : host.ExpiresAt is not { } ends || now >= ends ? ExplainCodes.HostProofExpired
        : asked.MaximumProofAge is { } age && (age < 0 || host.ProvenAt is not { } proven || now - proven > TimeSpan.FromSeconds(age)) ? ExplainCodes.HostProofTooOld
        : asked.Baselines.IsSubsetOf(host.Baselines) ? null : ExplainCodes.HostTcb;
}
