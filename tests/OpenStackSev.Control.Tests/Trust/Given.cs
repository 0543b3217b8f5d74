using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Hosts;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Tests.Reattestation;
using OpenStackSev.Control.Trust;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Control.Tests.Trust;

/// <summary>A host that has earned its trust; each test changes only what it is about.</summary>
internal static class Given
{
    public static readonly DateTimeOffset Now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);
    public static readonly Guid Node = new("11111111-2222-4333-8444-555555555555"), Instance = new("aaaaaaaa-2222-4333-8444-555555555555");

    private static readonly Lazy<SimulatedSecurityProcessor> s_chip = new(() => new(GuestLab.Authority, [1, 2, 3, 4, 5, 6, 7, 8], SimulatedLine.Turin.UsualTcb));

    public static AppraisalPolicy Policy { get; } = AppraisalPolicy.Default with { SimulatedRoots = [GuestLab.Root] };

    public static AppraisalPolicy ByItsWord { get; } = Policy with { Hosts = new() { EarnedBy = HostEvidenceKind.Platform } };

    public static HostOutline Host { get; } = new(Node, "compute1", Now.AddSeconds(-10), Now.AddDays(-1), null);

    public static HostReport Report(Func<HostFacts, HostFacts>? change = null)
    {
        HostReport report = Hosts.Given.Report(Convert.ToHexStringLower(s_chip.Value.ChipId).PadRight(128, '0'));
        string tcb = Convert.ToHexStringLower([.. s_chip.Value.Tcb.Encode(SimulatedLine.Turin).Reverse()]);
        HostFacts facts = report.Facts with { Iommu = true, Firmware = report.Facts.Firmware! with { CurrentTcb = tcb, ReportedTcb = tcb } };
        return report with { Facts = change?.Invoke(facts) ?? facts };
    }

    public static ProofRecord Proof(TimeSpan age, Func<ReportFields, ReportFields>? change = null) =>
        new(s_chip.Value.Report(change?.Invoke(s_chip.Value.Fields) ?? s_chip.Value.Fields), Now - age, Instance, Simulated: true, ProductLine.Turin);

    public static TrustFacts Facts(ProofRecord? proof = null, HostReport? report = null) =>
        new(Host, report ?? Report(), EnrolmentState.Enrolled, proof, Quarantine: null, Before: null);

    public static TrustMoment Moment(AppraisalPolicy? policy = null, DateTimeOffset? now = null) =>
        new(now ?? Now, policy ?? Policy, TimeSpan.FromMinutes(45), TimeSpan.FromMinutes(15), TimeSpan.FromMinutes(1));
}
