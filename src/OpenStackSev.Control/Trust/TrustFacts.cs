using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Trust;

/// <summary>All that the judgement of one host rests on.</summary>
/// <param name="Report">Its last one.</param>
/// <param name="Proof">The newest report that a chip of it signed; the one that is kept where none is newer. Null for none.</param>
/// <param name="Witness">The newest report of a time at which the host said what it says now, before and after; null for none.</param>
/// <param name="Before">What was said of it before; null for the first time.</param>
internal sealed record TrustFacts(
    HostOutline Host, HostReport Report, EnrolmentState Enrolment, ProofRecord? Proof, HostQuarantineState? Quarantine, HostTrustState? Before,
    ProofRecord? Witness = null)
{
    public bool IsQuarantined => Quarantine is { Since: not null };
}

/// <summary>What is the same for all hosts of one look.</summary>
/// <param name="Lifetime">How long a proof counts.</param>
/// <param name="Silence">How long a host may be silent.</param>
/// <param name="Heartbeat">Within so long a host says again what it said.</param>
internal sealed record TrustMoment(DateTimeOffset Now, AppraisalPolicy Policy, TimeSpan Lifetime, TimeSpan Silence, TimeSpan Heartbeat)
{
    /// <summary>Further ahead than clocks of one cloud may be apart: a wrong clock wrote it, and it proves nothing.</summary>
    public bool IsAhead(DateTimeOffset time) => time > Now + HostSeen.MostAhead;

    /// <summary>The host said what it says now before this moment, and had time to say it again since.</summary>
    public bool IsWitnessed(HostOutline host, DateTimeOffset at) => host.FactsChangedAt <= at && host.LastSeenAt > at + Heartbeat;
}
