using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Attestation.Tests;

public sealed class AttestationResultTests
{
    [Fact]
    public void What_was_given_and_could_not_be_read_makes_a_good_result_none_and_a_bad_one_stays_bad()
    {
        using SimulatedSecurityProcessor chip = Given.Chip();
        IReadOnlyList<Finding> unreadable = EndorsementBundle.Of("nothing"u8.ToArray(), "vcek.der").Findings;
        Assert.NotEmpty(unreadable);

        AttestationResult good = Given.Judged(chip, chip.Report(chip.Fields));
        Assert.Same(good, good.With([]));
        AttestationResult none = good.With(unreadable);
        Assert.True(good.Genuine);
        Assert.Equal((Verdict.None, false, false), (none.Verdict, none.Genuine, none.BoundToChip));

        AttestationResult bad = Given.Judged(chip, chip.Report(chip.Fields with { Policy = chip.Fields.Policy | 1UL << 19 })).With(unreadable);
        Assert.Equal(Verdict.Contraindicated, bad.Verdict);
        Assert.Equal(["snp.certificate.malformed", "snp.policy.debug"], bad.Findings.Select(f => f.Code));
    }
}
