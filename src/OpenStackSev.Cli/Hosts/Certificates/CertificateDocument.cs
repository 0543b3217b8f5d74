using System.Text.Json.Serialization;
using OpenStackSev.NodeCertificates;

namespace OpenStackSev.Cli.Hosts.Certificates;

/// <param name="State"><c>valid</c>, <c>not_yet_valid</c>, <c>expired</c> or <c>revoked</c>.</param>
internal sealed record CertificateDocument(Guid Node, string Serial, string State, DateTimeOffset NotBefore, DateTimeOffset NotAfter, DateTimeOffset? RevokedAt)
{
    public static CertificateDocument Of(ListedCertificate listed) => new(listed.Certificate.Node, listed.Certificate.Serial, Word(listed.State),
        listed.Certificate.NotBefore, listed.Certificate.NotAfter, listed.RevokedAt);

    private static string Word(CertificateState state) => state == CertificateState.NotYetValid ? "not_yet_valid" : state.ToString().ToLowerInvariant();
}

internal sealed record CertificateListDocument(IReadOnlyList<CertificateDocument> Certificates);

/// <summary>What was made, and where it lies.</summary>
/// <param name="Key">Null where the key is the requester's own.</param>
internal sealed record IssuedDocument(Guid Node, string Serial, DateTimeOffset NotAfter, string Certificate, string? Key);

internal sealed record RevokedDocument(Guid Node, IReadOnlyList<string> Serials);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(CertificateListDocument))]
[JsonSerializable(typeof(IssuedDocument))]
[JsonSerializable(typeof(RevokedDocument))]
internal sealed partial class CertificateJson : JsonSerializerContext;
