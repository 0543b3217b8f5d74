using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Endorsements.Kds;

/// <summary>What a service is asked for, in the order in which waiting requests are served: few and shared ones first.</summary>
public enum KdsDocument
{
    Chain,
    Revocations,
    Vcek,
}

/// <summary>One request to a key distribution service, and what its answer must look like.</summary>
public sealed class KdsRequest
{
    /// <summary>Longest certificate or chain that is read, in bytes. AMD's chains have about 5,000.</summary>
    public const int MaximumCertificateSize = 64 * 1024;

    private const int CertificatesOfChain = 2;

    private KdsRequest(KdsDocument document, string path, int maximumSize) => (Document, Path, MaximumSize) = (document, path, maximumSize);

    public KdsDocument Document { get; }

    /// <summary>Path and query below the service's address.</summary>
    public string Path { get; }

    /// <summary>Longest body that is read, in bytes.</summary>
    public int MaximumSize { get; }

    /// <inheritdoc cref="KdsAddress.Vcek"/>
    public static KdsRequest Vcek(ProductLine line, ReadOnlySpan<byte> chipId, TcbVersion reportedTcb) =>
        new(KdsDocument.Vcek, KdsAddress.Vcek(line, chipId, reportedTcb), MaximumCertificateSize);

    /// <inheritdoc cref="KdsAddress.VcekChain"/>
    public static KdsRequest VcekChain(ProductLine line) => new(KdsDocument.Chain, KdsAddress.VcekChain(line), MaximumCertificateSize);

    /// <inheritdoc cref="KdsAddress.VlekChain"/>
    public static KdsRequest VlekChain(ProductLine line) => new(KdsDocument.Chain, KdsAddress.VlekChain(line), MaximumCertificateSize);

    /// <inheritdoc cref="KdsAddress.VcekRevocations"/>
    public static KdsRequest VcekRevocations(ProductLine line) =>
        new(KdsDocument.Revocations, KdsAddress.VcekRevocations(line), RevocationList.MaximumSize);

    /// <inheritdoc cref="KdsAddress.VlekRevocations"/>
    public static KdsRequest VlekRevocations(ProductLine line) =>
        new(KdsDocument.Revocations, KdsAddress.VlekRevocations(line), RevocationList.MaximumSize);

    /// <summary>Whether a body has the form of what was asked for. Says nothing about what it holds.</summary>
    internal bool Accepts(ReadOnlyMemory<byte> body) => Document == KdsDocument.Chain ? IsChain(body.Span) : IsDer(body);

    private static bool IsDer(ReadOnlyMemory<byte> body)
    {
        try
        {
            AsnReader reader = new(body, AsnEncodingRules.DER);
            reader.ReadSequence();
            return !reader.HasData;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    private static bool IsChain(ReadOnlySpan<byte> body)
    {
        ReadOnlySpan<char> rest = Encoding.Latin1.GetString(body);
        int certificates = 0;
        // No more than the expected ones are looked for: each beginning without an end costs a search through the rest.
        for (; certificates < CertificatesOfChain && PemEncoding.TryFind(rest, out PemFields fields); certificates++)
        {
            if (!rest[fields.Label].SequenceEqual("CERTIFICATE") || !rest[..fields.Location.Start].IsWhiteSpace())
                return false;
            rest = rest[fields.Location.End..];
        }
        return certificates == CertificatesOfChain && rest.IsWhiteSpace();
    }
}
