using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Endorsements;

/// <summary>Which of many keys a report should be tried with.</summary>
public static class EndorsementChoice
{
    // Each costs a verification of RSA; more keys of one chip at one TCB than this only somebody makes who wants it to cost.
    private const int MaximumTried = 64;

    /// <summary>
    /// The one that fits best: kind, then chip, then TCB, then product line. When none fits whole, the best one is tried, so that the
    /// findings say what does not fit.
    /// </summary>
    /// <param name="report">The bytes of a report; when they are none, no choice is made.</param>
    /// <param name="keys">VCEKs and VLEKs.</param>
    /// <returns>Null when there are none.</returns>
    public static VekCertificate? Of(ReadOnlySpan<byte> report, IEnumerable<VekCertificate> keys)
    {
        VekCertificate? best = null;
        int most = -1;
        foreach (VekCertificate key in keys)
        {
            if (!AttestationReport.TryParse(report, key.Line.Layout(), out AttestationReport? parsed, out _))
            {
                best ??= key;
                continue;
            }
            int fits = Fit(parsed, key);
            if (fits > most)
                (best, most) = (key, fits);
        }
        return best;
    }

    /// <summary>
    /// The chain of the key that fits best. Among keys that fit equally one whose chain leads to a trusted root comes first, so that a forged
    /// key beside the genuine one, which evidence may bring, spoils nothing.
    /// </summary>
    /// <param name="report">The bytes of a report.</param>
    /// <param name="keys">VCEKs and VLEKs, from anywhere.</param>
    /// <param name="issuers">Who may have issued them.</param>
    /// <returns>Null when there are no keys.</returns>
    public static EndorsementChain? ChainOf(ReadOnlySpan<byte> report, IReadOnlyCollection<VekCertificate> keys, TrustedIssuers issuers)
    {
        if (Of(report, keys) is not { } first)
            return null;
        EndorsementChain best = EndorsementChain.Of(first, issuers);
        if (best.LeadsToTrustedRoot)
            return best;
        int most = FitOf(report, first), tried = 1;
        foreach (VekCertificate key in keys)
        {
            if (key == first || FitOf(report, key) < most)
                continue;
            if (++tried > MaximumTried)
                break;
            EndorsementChain chain = EndorsementChain.Of(key, issuers);
            if (chain.LeadsToTrustedRoot)
                return chain;
        }
        return best;
    }

    private static int FitOf(ReadOnlySpan<byte> report, VekCertificate key) =>
        AttestationReport.TryParse(report, key.Line.Layout(), out AttestationReport? parsed, out _) ? Fit(parsed, key) : -1;

    private static int Fit(AttestationReport report, VekCertificate key) =>
        (key.Kind == report.SigningKey ? 8 : 0)
        + (key.ChipId is { } chipId && report.ChipId.Span[..chipId.Length].SequenceEqual(chipId.Span) ? 4 : 0)
        + (key.Tcb == report.ReportedTcb ? 2 : 0)
        + (report.Product is null || report.Product.Value.Line() == key.Line ? 1 : 0);
}
