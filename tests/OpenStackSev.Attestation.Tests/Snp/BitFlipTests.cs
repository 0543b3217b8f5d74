using System.Collections.Concurrent;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Attestation.Tests.Snp;

public sealed class BitFlipTests
{
    [Fact]
    public void No_bit_of_a_simulated_report_can_be_flipped_and_leave_it_genuine()
    {
        using SimulatedSecurityProcessor chip = Given.Chip(SimulatedLine.Turin);
        AssertEveryBitCounts(chip.Report(chip.Fields), EndorsementChain.Of(Given.Parsed(chip.Vcek), Given.Issuers([chip.Authority])));
    }

    [Fact]
    public void No_bit_of_a_real_report_can_be_flipped_and_leave_it_genuine() =>
        AssertEveryBitCounts(Vectors.Report("milan-v3"), EndorsementChain.Of(Vectors.Vek("milan-v3"), Vectors.AmdIssuers()));

    private static void AssertEveryBitCounts(byte[] report, EndorsementChain chain)
    {
        Assert.True(Verifier.Appraise(report, chain, AppraisalPolicy.Default, null, Given.Now).Genuine);
        ConcurrentBag<int> ignored = [];
        int positions = report.Length * 8;
        Assert.Equal(9472, positions);
        Parallel.For(0, positions, bit =>
        {
            byte[] flipped = [.. report];
            flipped[bit / 8] ^= (byte)(1 << bit % 8);
            AttestationResult result = Verifier.Appraise(flipped, chain, AppraisalPolicy.Default, null, Given.Now);
            if (result.Genuine || result.Verdict is Verdict.Affirming or Verdict.Warning)
                ignored.Add(bit);
        });
        Assert.Empty(ignored);
    }
}
