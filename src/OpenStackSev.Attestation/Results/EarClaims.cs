using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Results;

/// <summary>What OpenStack says of the guest that a result is about. The verifier's operator vouches for it; no report proves it.</summary>
/// <param name="Instance">Nova's UUID of the server.</param>
/// <param name="Project">Keystone's id of its project, as Keystone writes it.</param>
/// <param name="Host">UUID of the compute node that Nova names.</param>
/// <param name="Cloud">Name of the cloud; null where there is only one.</param>
/// <param name="Region">Keystone's region; null when it is not known.</param>
/// <param name="Flavor">Nova's flavor id; null when it is not known.</param>
/// <param name="Image">Glance's image UUID; null when the server has none, or it is not known.</param>
/// <remarks>Texts have 1 to 255 characters without control characters.</remarks>
public sealed record OpenStackSubject(
    Guid Instance, string Project, Guid Host, string? Cloud = null, string? Region = null, string? Flavor = null, Guid? Image = null);

/// <summary>What a result says of a guest: the claims of an EAR.</summary>
/// <remarks>
/// Source: draft-ietf-rats-ear-04, "EAT Attestation Result". That the guest is Nova's instance rests on more than a report: see README.md,
/// "What a result does not say".
/// </remarks>
public sealed record EarClaims
{
    /// <summary>The EAT profile of these claims.</summary>
    public const string Profile = "tag:ietf.org,2026:rats/ear#04";

    /// <summary>The label of the one appraisal in <c>submods</c>.</summary>
    public const string Submodule = "sev-snp";

    /// <summary>The tier of the whole: no better than the verdict, nor than the worst claim of <see cref="Vector"/>.</summary>
    public required Verdict Status { get; init; }
    public required TrustworthinessVector Vector { get; init; }
    public required OpenStackSubject Subject { get; init; }

    /// <summary>The guest's key; null when none is known, and then nothing can be signed.</summary>
    public required ConfirmationKey? Confirmation { get; init; }

    /// <summary>As <see cref="AttestationResult.Genuine"/>.</summary>
    public required bool Genuine { get; init; }

    /// <summary>As <see cref="AttestationResult.Simulated"/>: it proves nothing about any hardware.</summary>
    public required bool Simulated { get; init; }

    /// <summary>As <see cref="AttestationResult.BoundToChip"/>.</summary>
    public required bool BoundToChip { get; init; }

    /// <summary>REPORT_DATA is what a challenge asked for, so it holds the hash of <see cref="Confirmation"/>.</summary>
    public required bool BoundToKey { get; init; }
    public required EvidenceKind Evidence { get; init; }
    public required SnpProduct? Product { get; init; }

    /// <summary>Codes, each once, in the order of <see cref="SnpCodes.All"/>. Their texts stay with the verifier.</summary>
    public required IReadOnlyList<string> Findings { get; init; }
    public required IReadOnlyList<Unchecked> NotChecked { get; init; }

    /// <summary>Name of the appraisal policy.</summary>
    public required string Policy { get; init; }

    /// <summary>Which one of that name; null when nobody counts.</summary>
    public required string? PolicyVersion { get; init; }

    /// <summary>When it was judged, in whole seconds.</summary>
    public required DateTimeOffset AppraisedAt { get; init; }

    /// <summary>The claims of a result.</summary>
    /// <param name="result">What was found.</param>
    /// <param name="subject">Of whom.</param>
    /// <param name="confirmation">The key that the challenge was made with; null when there is none: then it is at most a warning.</param>
    /// <param name="policyVersion">Which policy of that name, e.g. a number or <see cref="PolicyDocument.Digest"/>.</param>
    public static EarClaims From(AttestationResult result, OpenStackSubject subject, ConfirmationKey? confirmation, string? policyVersion = null)
    {
        bool asked = !result.NotChecked.Contains(Unchecked.ReportData) && result.Findings.All(finding => finding.Code != SnpCodes.ReportDataMismatch.Code);
        bool boundToKey = confirmation is not null && result.Genuine && asked;
        TrustworthinessVector vector = TrustworthinessTable.Of(result, boundToKey);
        return new()
        {
            Status = Worse(result.Verdict, vector.Tier),
            Vector = vector,
            Subject = subject,
            Confirmation = confirmation,
            Genuine = result.Genuine,
            Simulated = result.Simulated,
            BoundToChip = result.BoundToChip,
            BoundToKey = boundToKey,
            Evidence = result.Evidence,
            Product = result.Product,
            Findings = [.. result.Findings.Select(finding => finding.Code).Distinct(StringComparer.Ordinal)],
            NotChecked = result.NotChecked,
            Policy = result.Policy,
            PolicyVersion = policyVersion,
            AppraisedAt = DateTimeOffset.FromUnixTimeSeconds(result.At.ToUnixTimeSeconds()),
        };
    }

    /// <summary>The one to be more careful with, as in <see cref="Verdicts.Of"/>.</summary>
    internal static Verdict Worse(Verdict verdict, Verdict vector) => (verdict, vector) switch
    {
        (Verdict.Contraindicated, _) or (_, Verdict.Contraindicated) => Verdict.Contraindicated,
        // A vector without any claim has nothing to affirm.
        (Verdict.None, _) or (_, Verdict.None) => Verdict.None,
        (Verdict.Warning, _) or (_, Verdict.Warning) => Verdict.Warning,
        _ => Verdict.Affirming,
    };
}
