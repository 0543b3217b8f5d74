using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.Control.Trust;

namespace OpenStackSev.Control.Quarantine;

/// <summary>How a host stands by its own facts and by reports that its chip signed, whether or not it is in quarantine.</summary>
internal enum AppraisalStanding
{
    /// <summary>Not judged yet, or nothing that counts speaks for it.</summary>
    Unknown,

    /// <summary>Judged, nothing speaks against it, and it has earned trust.</summary>
    Good,

    /// <summary>Something is contraindicated.</summary>
    Bad,
}

/// <summary>What a rule needs of a host's trust. Pure.</summary>
/// <param name="Codes">What is contraindicated.</param>
internal sealed record AppraisedHost(AppraisalStanding Standing, IReadOnlyList<string> Codes)
{
    private static readonly AppraisedHost s_unknown = new(AppraisalStanding.Unknown, []);

    public static AppraisedHost Of(HostTrustState? trust)
    {
        if (trust is null)
            return s_unknown;
        IReadOnlyList<HostFinding> findings = TrustRecord.Of(trust).Findings;
        string[] codes = [.. findings.Where(finding => finding.Tier == JudgementRecord.Word(Verdict.Contraindicated)).Select(finding => finding.Code)];
        // One that is only silent, or not proven any more, has not become good.
        return new(codes.Length > 0 ? AppraisalStanding.Bad : findings.Any(finding => finding.Tier == JudgementRecord.Word(Verdict.None)) ? AppraisalStanding.Unknown : AppraisalStanding.Good, codes);
    }
}
