using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Appraisal;

/// <summary>What stands behind a result.</summary>
public enum EvidenceKind
{
    None,

    /// <summary>The host's own word about its security processor.</summary>
    Platform,

    /// <summary>A report that the host asked for.</summary>
    HostReport,

    /// <summary>A report that the guest asked for.</summary>
    GuestReport,
}

/// <summary>What a verdict does not say, because nobody gave what it takes.</summary>
public enum Unchecked
{
    /// <summary>No REPORT_DATA was expected: the report may be an old one, and no key is bound.</summary>
    ReportData,

    /// <summary>No CRL was there.</summary>
    Revocation,

    /// <summary>No launch digest was there to compare with.</summary>
    Measurement,

    /// <summary>The policy ignores dates.</summary>
    Dates,
}

/// <summary>What a report was found to be.</summary>
/// <param name="Genuine">Structure, chain, signature and binding hold: a security processor of AMD's made it, on the chip and TCB that it names.</param>
/// <param name="Verdict">All findings together, policy's among them. Affirming only when there are none.</param>
/// <param name="Evidence">What stands behind it.</param>
/// <param name="Product">By the report, else by the key; null when neither says.</param>
/// <param name="Simulated">The root is a simulated one: this proves nothing about any hardware.</param>
/// <param name="BoundToChip">The signature binds the report to the chip that it names.</param>
/// <param name="Findings">All of them, in the order of <see cref="SnpCodes.All"/>.</param>
/// <param name="NotChecked">What the verdict does not say.</param>
/// <param name="LaunchDigest">The reference value that MEASUREMENT is; null without one.</param>
/// <param name="Report">Null when it could not be read.</param>
/// <param name="Chain">The key that was tried; null without one.</param>
/// <param name="Policy">Its name.</param>
/// <param name="At">When, as the caller said.</param>
public sealed record AttestationResult(
    bool Genuine,
    Verdict Verdict,
    EvidenceKind Evidence,
    SnpProduct? Product,
    bool Simulated,
    bool BoundToChip,
    IReadOnlyList<Finding> Findings,
    IReadOnlyList<Unchecked> NotChecked,
    LaunchDigest? LaunchDigest,
    AttestationReport? Report,
    EndorsementChain? Chain,
    string Policy,
    DateTimeOffset At)
{
    /// <summary>The same with what is wrong with the endorsements that were given beside the report, e.g. <see cref="EndorsementBundle.Findings"/>.</summary>
    /// <remarks>What somebody gave and nobody could read is not passed over: it may have been the one thing that speaks against the report.</remarks>
    /// <param name="endorsements">Findings of <see cref="Stage.Endorsement"/>.</param>
    public AttestationResult With(IReadOnlyList<Finding> endorsements)
    {
        if (endorsements.Count == 0)
            return this;
        Finding[] all = [.. Findings.Concat(endorsements).OrderBy(finding => OrderOf(finding.Code))];
        return this with { Genuine = false, BoundToChip = false, Findings = all, Verdict = Verdicts.Of(all) };
    }

    private static int OrderOf(string code)
    {
        for (int i = 0; i < SnpCodes.All.Count; i++)
        {
            if (SnpCodes.All[i].Code == code)
                return i;
        }
        return SnpCodes.All.Count;
    }
}
