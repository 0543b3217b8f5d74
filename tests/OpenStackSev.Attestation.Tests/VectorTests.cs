using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Tests;

/// <summary>Real evidence, answered as its index says.</summary>
public sealed class VectorTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 24, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("milan-v3", SnpProduct.Milan, null)]
    [InlineData("genoa-v3", SnpProduct.Genoa, null)]
    [InlineData("turin-v5", SnpProduct.Turin, null)]
    [InlineData("milan-v2", SnpProduct.Milan, "snp.tcb.below_minimum")]
    [InlineData("milan-v2-debug", SnpProduct.Milan, "snp.policy.debug")]
    public void A_real_report_is_genuine_and_its_verdict_is_the_policys(string name, SnpProduct product, string? refused)
    {
        AttestationResult result = Appraise(name, s_now);
        Assert.DoesNotContain(result.Findings, f => !f.Code.StartsWith("snp.policy", StringComparison.Ordinal)
            && !f.Code.Contains("below_minimum", StringComparison.Ordinal) && !f.Code.StartsWith("snp.platform", StringComparison.Ordinal));
        Assert.True(result.Genuine);
        Assert.True(result.BoundToChip);
        Assert.Equal(product, result.Product);
        Assert.False(result.Simulated);
        Assert.Equal(EvidenceKind.GuestReport, result.Evidence);
        if (refused is null)
        {
            Assert.Empty(result.Findings);
            Assert.Equal(Verdict.Affirming, result.Verdict);
        }
        else
        {
            Assert.Contains(result.Findings, f => f.Code == refused);
            Assert.Equal(Verdict.Contraindicated, result.Verdict);
        }
    }

    [Fact]
    public void An_expired_VLEK_is_refused_today_and_was_genuine_while_it_lived()
    {
        AttestationResult now = Appraise("milan-vlek-v3", s_now);
        Assert.False(now.Genuine);
        Assert.Equal(Verdict.Contraindicated, now.Verdict);
        Assert.Contains(now.Findings, f => f is { Code: "snp.certificate.expired", Subject: "SEV-VLEK" });

        AttestationResult then = Appraise("milan-vlek-v3", new(2025, 1, 15, 0, 0, 0, TimeSpan.Zero));
        Assert.True(then.Genuine);
        Assert.False(then.BoundToChip);
        Assert.Equal(["snp.chip_id.masked", "snp.vmpl.not_allowed"], then.Findings.Select(f => f.Code));
    }

    private static AttestationResult Appraise(string name, DateTimeOffset now) =>
        Verifier.Appraise(Vectors.Report(name), EndorsementChain.Of(Vectors.Vek(name), Vectors.AmdIssuers()), AppraisalPolicy.Default, null, now);
}
