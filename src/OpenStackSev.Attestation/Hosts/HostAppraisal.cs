using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Sev;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Hosts;

/// <summary>What was found of a host.</summary>
/// <param name="Evidence">What the findings and the standings rest on at most.</param>
/// <param name="Findings">All of them. None is good news only together with evidence that counts.</param>
/// <param name="Bulletins">Of the policy, in its order.</param>
public sealed record HostAppraisalResult(HostEvidenceKind Evidence, IReadOnlyList<Finding> Findings, IReadOnlyList<HostBulletin> Bulletins)
{
    /// <summary>As findings alone have it: <see cref="Verdict.Affirming"/> says that nothing speaks against the host, not that anything speaks for it.</summary>
    public Verdict Verdict => Verdicts.Of(Findings);
}

/// <summary>Judges a host by its own word and by what its chip signed. Pure.</summary>
/// <remarks>
/// Each check is made of both where both tell: what a chip signed is older than the host's word, and that is no more than a word. Whether a proof is too
/// old, and whether its chip is this host's, is the caller's to see; so is the guest of the report, which says nothing of its host.
/// </remarks>
public static class HostAppraisal
{
    public static HostAppraisalResult Appraise(HostEvidence evidence, AppraisalPolicy policy)
    {
        List<Finding> findings = [];
        PlatformClaims claims = evidence.Claims;
        AttestationReport? report = evidence.Proof?.Report;
        ProductLine? known = evidence.Proof?.Line ?? claims.Line;
        Platform(claims, known, policy, findings);
        Chips(claims, report, policy, findings);
        if (evidence.Proof is { } proven)
            Proven(proven.Report, proven.Line, policy, findings);
        if (claims.Line is { } line)
            Claimed(claims, line, policy, findings);
        HostSettings.Check(claims, report, known, policy, findings);
        Certificates(claims, policy, findings);
        if (evidence.Witness is { } witness)
            Contradictions(claims, witness.Report, findings);
        return new(
            evidence.Proof is not null ? HostEvidenceKind.GuestReport : HostEvidenceKind.Platform,
            [.. findings.DistinctBy(finding => (finding.Code, finding.Subject, finding.Expected))],
            [.. policy.Bulletins.Select(bulletin => HostBulletins.Of(bulletin, evidence))]);
    }

    private static void Platform(PlatformClaims claims, ProductLine? line, AppraisalPolicy policy, List<Finding> findings)
    {
        if (claims.Product is null && line is null)
            findings.Add(HostCodes.ProductUnknown.Finds("product", "an EPYC that is known here", "none"));
        if (line is { } known && policy.RefusedProducts.Contains(known))
            findings.Add(HostCodes.ProductNotTrusted.Finds("product", "a product line that policy trusts", known.ToString()));
        if (claims is { Snp: true, RmpInitialized: false })
            findings.Add(HostCodes.RmpNotInitialized.Finds("RMP", "initialized", "not"));
        if (claims.MaskedChip == true && policy.MaskedChip == Stance.Refused)
            findings.Add(HostCodes.ChipMasked.Finds("CHIP_ID", "the chip", "the host masks it"));
    }

    private static void Chips(PlatformClaims claims, AttestationReport? report, AppraisalPolicy policy, List<Finding> findings)
    {
        string[] names = [.. claims.Chips, .. report is { ChipIdMasked: false } ? [Convert.ToHexStringLower(report.ChipId.Span)] : Array.Empty<string>()];
        foreach (string chip in names.Distinct(StringComparer.OrdinalIgnoreCase))
        {
            if (policy.DeniedChips.Any(denied => Same(denied, chip)))
                findings.Add(HostCodes.ChipDenied.Finds("CHIP_ID", "a chip that is not denied", chip));
            if (policy.AllowedChips.Count > 0 && !policy.AllowedChips.Any(allowed => Same(allowed, chip)))
                findings.Add(HostCodes.ChipNotAllowed.Finds("CHIP_ID", $"one of {policy.AllowedChips.Count} allowed chips", chip));
        }
    }

    // hwID of 8 bytes and CHIP_ID of 64, whose others are zero, name the same chip.
    private static bool Same(string one, string other) => one.TrimEnd('0').Equals(other.TrimEnd('0'), StringComparison.OrdinalIgnoreCase);

    private static void Proven(AttestationReport report, ProductLine line, AppraisalPolicy policy, List<Finding> findings)
    {
        if (report.CurrentTcb != report.CommittedTcb && policy.ProvisionalFirmware == Stance.Refused)
            findings.Add(HostCodes.TcbUncommitted.Finds("CURRENT_TCB", $"committed, as COMMITTED_TCB ({report.CommittedTcb})", report.CurrentTcb.ToString()));
        foreach (PlatformMinimum minimum in PlatformMinimum.Of(policy, line))
        {
            minimum.Check(report.ReportedTcb, report.CommittedVersion, "COMMITTED_VERSION", findings);
            if ((minimum.Mitigations & ~(report.CurrentMitigations ?? 0)) != 0)
            {
                findings.Add(HostCodes.MitigationMissing.Finds("CURRENT_MIT_VECTOR", $"bits 0x{minimum.Mitigations:x} ({minimum.Source})",
                    report.CurrentMitigations is { } has ? $"0x{has:x}" : "none before version 5"));
            }
        }
    }

    // A version that the host does not tell is no finding: without a proof it is not trusted for it either, unless policy takes its word.
    private static void Claimed(PlatformClaims claims, ProductLine line, AppraisalPolicy policy, List<Finding> findings)
    {
        foreach (PlatformMinimum minimum in PlatformMinimum.Of(policy, line))
            minimum.Check(claims.ReportedTcb, claims.Firmware, "firmware version", findings);
    }

    // That they lead to AMD is deliberately not asked for: the CEK that the processor exports has no signature of AMD's, and certificates alone prove
    // nothing fresh. What contradicts itself speaks against the host all the same.
    private static void Certificates(PlatformClaims claims, AppraisalPolicy policy, List<Finding> findings)
    {
        if (claims.SevCertificates is not { } export)
            return;
        IEnumerable<Finding> found = SevChain.TryParse(export.Span, out SevChain? chain, out Finding? malformed)
            ? SevChainVerifier.Verify(chain, null, []).Findings : [malformed];
        findings.AddRange(found.Where(finding => finding.Tier == Verdict.Contraindicated));
    }

    private static void Contradictions(PlatformClaims claims, AttestationReport report, List<Finding> findings)
    {
        Differ("REPORTED_TCB", report.ReportedTcb.ToString(), claims.ReportedTcb?.ToString());
        Differ("CURRENT_TCB", report.CurrentTcb.ToString(), claims.CurrentTcb?.ToString());
        Differ("SMT_EN", Word(report.PlatformInfo.SmtEnabled), Word(claims.Smt));
        Differ("TSME_EN", Word(report.PlatformInfo.TsmeEnabled), Word(claims.Tsme));
        Differ("CIPHERTEXT_HIDING_DRAM_EN", Word(report.PlatformInfo.CiphertextHidingEnabled), Word(claims.CiphertextHiding));
        Differ("ALIAS_CHECK_COMPLETE", Word(report.PlatformInfo.AliasCheckComplete), Word(claims.AliasChecked));

        void Differ(string subject, string signed, string? said)
        {
            if (said is not null && said != signed)
                findings.Add(HostCodes.FactsContradicted.Finds(subject, $"as the chip signed: {signed}", $"the host says {said}"));
        }
    }

    private static string Word(bool on) => on ? "on" : "off";

    private static string? Word(bool? on) => on is { } value ? Word(value) : null;
}
