using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Attestation.Tests.Endorsements;

public sealed class EndorsementChoiceTests
{
    [Fact]
    public void The_key_of_the_reports_chip_and_TCB_is_found_among_many()
    {
        using SimulatedSecurityProcessor chip = Given.Chip();
        VekCertificate[] keys =
        [
            Given.Parsed(Given.Milan.IssueVcek(new byte[64].With(0, 1), chip.Tcb)),
            Given.Parsed(Given.Milan.IssueVcek(chip.ChipId, chip.Tcb with { Snp = 1 })),
            Given.Parsed(chip.Vlek),
            Given.Parsed(chip.Vcek),
        ];
        Assert.Same(keys[3], EndorsementChoice.Of(chip.Report(chip.Fields), keys));
        Assert.Same(keys[2], EndorsementChoice.Of(chip.Report(chip.Fields with { SigningKey = 1 }), keys));
    }

    [Theory, InlineData(true), InlineData(false)]
    public void A_forged_key_beside_the_genuine_one_spoils_nothing(bool forgedFirst)
    {
        using SimulatedSecurityProcessor chip = Given.Chip();
        using SimulatedAuthority forger = Given.Authority(SimulatedLine.Milan);
        VekCertificate genuine = Given.Parsed(chip.Vcek), forged = Given.Parsed(forger.IssueVcek(chip.ChipId, chip.Tcb));
        byte[] report = chip.Report(chip.Fields);
        EndorsementChain? chain = EndorsementChoice.ChainOf(report, forgedFirst ? [forged, genuine] : [genuine, forged], Given.Issuers([Given.Milan]));
        Assert.Same(genuine, chain?.Vek);
        Assert.Equal(Verdict.Affirming, Verifier.Appraise(report, chain, AppraisalPolicy.Default, null, Given.Now).Verdict);
    }

    [Fact]
    public void Without_a_key_there_is_no_choice() => Assert.Null(EndorsementChoice.ChainOf(new byte[1184], [], Given.Issuers([Given.Milan])));
}

internal static class Bytes
{
    public static byte[] With(this byte[] bytes, int at, byte value)
    {
        bytes[at] = value;
        return bytes;
    }
}
