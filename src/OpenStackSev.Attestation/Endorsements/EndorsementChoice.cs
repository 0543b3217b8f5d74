using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Endorsements;

/// <summary>Which of many keys a report should be tried with.</summary>
public static class EndorsementChoice
{
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

    private static int Fit(AttestationReport report, VekCertificate key) =>
        (key.Kind == report.SigningKey ? 8 : 0)
        + (key.ChipId is { } chipId && report.ChipId.Span[..chipId.Length].SequenceEqual(chipId.Span) ? 4 : 0)
        + (key.Tcb == report.ReportedTcb ? 2 : 0)
        + (report.Product is null || report.Product.Value.Line() == key.Line ? 1 : 0);
}
