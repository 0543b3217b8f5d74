using System.Text;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.X509;

namespace OpenStackSev.NodeCertificates;

/// <summary>A certificate of one compute node, for TLS as a client: SAN <c>urn:uuid:…</c>, EKU clientAuth.</summary>
public sealed record IssuedCertificate
{
    private const string UuidUrn = "urn:uuid:";

    public required Guid Node { get; init; }

    /// <summary>Lower case hex, no leading zeros.</summary>
    public required string Serial { get; init; }

    public required DateTimeOffset NotBefore { get; init; }
    public required DateTimeOffset NotAfter { get; init; }

    /// <summary>X.509, DER.</summary>
    public required byte[] Bytes { get; init; }

    public string Pem => System.Security.Cryptography.PemEncoding.WriteString("CERTIFICATE", Bytes) + "\n";

    internal byte[] PublicKeyInfo => new X509Certificate(Bytes).CertificateStructure.SubjectPublicKeyInfo.GetDerEncoded();

    /// <returns>Null for what is no certificate of one node.</returns>
    internal static IssuedCertificate? Of(X509Certificate certificate) => NodeOf(certificate) is not { } node ? null : new()
    {
        Node = node,
        Serial = SerialText(certificate.SerialNumber),
        NotBefore = new DateTimeOffset(certificate.NotBefore.ToUniversalTime()),
        NotAfter = new DateTimeOffset(certificate.NotAfter.ToUniversalTime()),
        Bytes = certificate.GetEncoded(),
    };

    internal static string SerialText(Org.BouncyCastle.Math.BigInteger serial) => serial.ToString(16);

    internal static string Urn(Guid node) => UuidUrn + node.ToString("D");

    /// <summary>The node that a certificate speaks for: its SAN is exactly one name, a <c>urn:uuid:</c> in its canonical form.</summary>
    internal static Guid? NodeOf(X509Certificate certificate)
    {
        try
        {
            if (certificate.CertificateStructure.TbsCertificate.Extensions?.GetExtension(X509Extensions.SubjectAlternativeName) is not { } extension)
                return null;
            GeneralName[] names = GeneralNames.GetInstance(extension.GetParsedValue()).GetNames();
            if (names is not [{ TagNo: GeneralName.UniformResourceIdentifier } name])
                return null;
            string uri = DerIA5String.GetInstance(name.Name).GetString();
            return uri.StartsWith(UuidUrn, StringComparison.Ordinal) && Guid.TryParseExact(uri[UuidUrn.Length..], "D", out Guid node) ? node : null;
        }
        catch (Exception e) when (e is ArgumentException or IOException or InvalidOperationException or DecoderFallbackException)
        {
            return null;
        }
    }
}
