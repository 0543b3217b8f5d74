using System.Text.Json.Serialization;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;

namespace OpenStackSev.Cli.Attest;

/// <summary>JSON of <c>osev attest verify</c>.</summary>
internal sealed record VerifyDocument(
    bool Genuine,
    string Verdict,
    string Evidence,
    string? Product,
    bool Simulated,
    bool BoundToChip,
    IReadOnlyList<FindingDocument> Findings,
    IReadOnlyList<string> NotChecked,
    LaunchDigestDocument? LaunchDigest,
    KeyDocument? Key,
    string Policy,
    DateTimeOffset At,
    ReportDocument? Report)
{
    public static VerifyDocument Of(AttestationResult result) => new(
        result.Genuine, result.Verdict.ToString().ToLowerInvariant(), NameOf(result.Evidence), ReportDocument.NameOf(result.Product),
        result.Simulated, result.BoundToChip, [.. result.Findings.Select(FindingDocument.Of)], [.. result.NotChecked.Select(NameOf)],
        result.LaunchDigest is { } digest ? new(digest.Digest, digest.Name, digest.CoversExecutables) : null,
        result.Chain is { } chain ? KeyDocument.Of(chain) : null, result.Policy, result.At,
        result.Report is { } report ? ReportDocument.Of(report) : null);

    public static string NameOf(EvidenceKind evidence) => evidence switch
    {
        EvidenceKind.Platform => "platform",
        EvidenceKind.HostReport => "host-report",
        EvidenceKind.GuestReport => "guest-report",
        _ => "none",
    };

    private static string NameOf(Unchecked what) => what switch
    {
        Unchecked.ReportData => "report_data",
        Unchecked.Revocation => "revocation",
        Unchecked.Measurement => "measurement",
        _ => "dates",
    };
}

/// <summary>The key with which the signature was tried.</summary>
/// <param name="Root">Null when the root, or the issuer, was not there.</param>
/// <param name="ChipId">Null in a VLEK.</param>
/// <param name="Provider">Null in a VCEK.</param>
internal sealed record KeyDocument(
    string Kind, string ProductName, string Issuer, string? Root, [property: JsonPropertyName("root_sha256")] string? RootSha256, string? ChipId,
    string? Provider, TcbDocument Tcb, DateTimeOffset NotBefore, DateTimeOffset NotAfter)
{
    public static KeyDocument Of(EndorsementChain chain) => new(
        ReportDocument.NameOf(chain.Vek.Kind), chain.Vek.ProductName, chain.Vek.IssuerName, chain.Root?.Name, chain.Root?.Sha256,
        chain.Vek.ChipId is { } chipId ? ReportDocument.Hex(chipId) : null, chain.Vek.Provider, TcbDocument.Of(chain.Vek.Tcb), chain.Vek.NotBefore,
        chain.Vek.NotAfter);
}

/// <summary>The reference value that MEASUREMENT is.</summary>
internal sealed record LaunchDigestDocument(string Digest, string Name, bool CoversExecutables);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(VerifyDocument))]
[JsonSerializable(typeof(ShowDocument))]
[JsonSerializable(typeof(PolicyCheckDocument))]
internal sealed partial class AttestJson : JsonSerializerContext;
