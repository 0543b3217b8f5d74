using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Appraisal;

/// <summary>Judges SEV-SNP evidence. Pure: the caller brings endorsements, policy and time.</summary>
public static class Verifier
{
    /// <param name="report">The bytes of the ATTESTATION_REPORT, as they were received.</param>
    /// <param name="chain">The key that should have signed it; null when there is none. <see cref="EndorsementChoice"/> finds it among many.</param>
    /// <param name="policy">What is asked beyond being genuine.</param>
    /// <param name="expectedReportData">64 bytes that the challenge asked for; null when nothing was asked.</param>
    /// <param name="now">When it is judged.</param>
    /// <returns>Never throws on what is judged.</returns>
    /// <exception cref="ArgumentException"><paramref name="expectedReportData"/> has not 64 bytes.</exception>
    public static AttestationResult Appraise(ReadOnlySpan<byte> report, EndorsementChain? chain, AppraisalPolicy policy,
        byte[]? expectedReportData, DateTimeOffset now)
    {
        if (expectedReportData is { Length: not 64 })
            throw new ArgumentException($"REPORT_DATA has 64 bytes, not {expectedReportData.Length}", nameof(expectedReportData));

        if (!AttestationReport.TryParse(report, chain?.Vek.Line.Layout(), out AttestationReport? parsed, out IReadOnlyList<Finding> malformed))
        {
            return new(Genuine: false, Verdicts.Of(malformed), EvidenceKind.None, Product: null, chain?.Simulated == true, BoundToChip: false,
                malformed, [], LaunchDigest: null, Report: null, chain, policy.Name, now);
        }

        List<Finding> findings = [];
        ReportChecks.Structure(parsed, findings);
        if (chain is null)
            findings.Add(SnpCodes.VekMissing.Finds(parsed.SigningKey.ToString().ToUpperInvariant(), "the certificate of the key that signed", "none"));
        else
            findings.AddRange(chain.Check(now, policy));
        ReportChecks.Endorsement(parsed, chain, findings);
        ReportChecks.Signature(parsed, chain, findings);
        ReportChecks.Binding(parsed, chain, findings);
        bool genuine = findings.Count == 0;

        ReportChecks.Challenge(parsed, expectedReportData, findings);
        PolicyChecks.All(parsed, chain, policy, findings);
        return new(genuine, Verdicts.Of(findings), parsed.HostRequested ? EvidenceKind.HostReport : EvidenceKind.GuestReport,
            parsed.Product ?? ProductOf(chain), chain?.Simulated == true, genuine && PolicyChecks.NamesItsChip(parsed), findings,
            NotChecked(chain, policy, expectedReportData), PolicyChecks.LaunchDigestOf(parsed, policy), parsed, chain, policy.Name, now);
    }

    // Version 2 has no CPUID bytes, and was made by Milan and Genoa; a certificate of Genoa may be Bergamo's or Siena's.
    private static SnpProduct? ProductOf(EndorsementChain? chain) => chain?.Vek.Line switch
    {
        ProductLine.Milan => SnpProduct.Milan,
        ProductLine.Genoa => SnpProduct.Genoa,
        ProductLine.Turin => SnpProduct.Turin,
        ProductLine.Venice => SnpProduct.Venice,
        _ => null,
    };

    private static List<Unchecked> NotChecked(EndorsementChain? chain, AppraisalPolicy policy, byte[]? expectedReportData)
    {
        List<Unchecked> notChecked = [];
        if (expectedReportData is null)
            notChecked.Add(Unchecked.ReportData);
        if (chain?.RevocationKnown != true)
            notChecked.Add(Unchecked.Revocation);
        if (policy.ReferenceValues.LaunchDigests.Count == 0)
            notChecked.Add(Unchecked.Measurement);
        if (policy.Dates == DateChecks.Ignored)
            notChecked.Add(Unchecked.Dates);
        return notChecked;
    }
}
