using OpenStackSev.Api.Attestation;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Reattestation.Policies;

/// <summary>Judges an instance's last evidence again. Pure.</summary>
/// <remarks>
/// Only what a policy decides: whether the chip is that of Nova's host is no policy's to say. So both sides of a comparison are judged here, and
/// neither with the verdict that was once recorded.
/// </remarks>
internal static class StoredEvidence
{
    /// <param name="chain">Of the key that it was verified with.</param>
    public static AttestationResult Appraise(InstanceEvidence evidence, EndorsementChain? chain, AppraisalPolicy policy, DateTimeOffset now)
    {
        AttestationResult result = Verifier.Appraise(
            evidence.Report, chain, policy, ReportData.Of(evidence.Nonce, evidence.Instance, evidence.PublicKey), now);
        // A report without a key is at most a warning, under every policy.
        return evidence.PublicKey is null && result.Verdict == Verdict.Affirming ? result with { Verdict = Verdict.Warning } : result;
    }

    /// <summary>What another policy would change; null when the verdict stays.</summary>
    public static (Verdict From, Verdict To, IReadOnlyList<string> Findings, IReadOnlyList<string> Resolved)? Change(AttestationResult now, AttestationResult then)
    {
        if (now.Verdict == then.Verdict)
            return null;
        string[] before = Codes(now), after = Codes(then);
        return (now.Verdict, then.Verdict, [.. after.Except(before, StringComparer.Ordinal)], [.. before.Except(after, StringComparer.Ordinal)]);
    }

    private static string[] Codes(AttestationResult result) => [.. result.Findings.Select(finding => finding.Code).Distinct(StringComparer.Ordinal)];
}
