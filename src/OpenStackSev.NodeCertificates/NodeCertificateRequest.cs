using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.Pkcs;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Asn1.X9;
using Org.BouncyCastle.Pkcs;
using Org.BouncyCastle.Security;

namespace OpenStackSev.NodeCertificates;

/// <summary>The key that a node certificate is asked for. A PKCS#10 request must be signed by it; names in there are not read.</summary>
public sealed class NodeCertificateRequest
{
    private const int LongestText = 16 * 1024;

    private NodeCertificateRequest(byte[] publicKeyInfo) => PublicKeyInfo = publicKeyInfo;

    internal byte[] PublicKeyInfo { get; }

    /// <summary>The same key again, for a certificate that lasts longer.</summary>
    public static NodeCertificateRequest SameKeyAs(IssuedCertificate certificate) => new(certificate.PublicKeyInfo);

    /// <summary>For a key that was made on the spot.</summary>
    public static NodeCertificateRequest Of(ECDsa key) => new(key.ExportSubjectPublicKeyInfo());

    /// <summary>PKCS#10 in PEM on <paramref name="key"/>, for a CA that is elsewhere.</summary>
    public static string Pem(ECDsa key, Guid node) =>
        new CertificateRequest($"CN={node:D}, O=openstack-sev", key, HashAlgorithmName.SHA384).CreateSigningRequestPem() + "\n";

    /// <param name="pem">Hostile: bounded, and nothing in it throws.</param>
    public static bool TryParse(
        string pem, [NotNullWhen(true)] out NodeCertificateRequest? request, [NotNullWhen(false)] out string? problem)
    {
        request = null;
        problem = Problem(pem, out byte[]? info);
        if (problem is null)
            request = new NodeCertificateRequest(info!);
        return problem is null;
    }

    private static string? Problem(string pem, out byte[]? info)
    {
        info = null;
        if (pem.Length > LongestText)
            return $"a certificate request has at most {LongestText} characters";
        if (!PemEncoding.TryFind(pem, out PemFields fields) || pem[fields.Label] is not ("CERTIFICATE REQUEST" or "NEW CERTIFICATE REQUEST"))
            return "no PEM text CERTIFICATE REQUEST is in it";
        try
        {
            var parsed = new Pkcs10CertificationRequest(Convert.FromBase64String(pem[fields.Base64Data]));
            CertificationRequestInfo body = parsed.GetCertificationRequestInfo();
            AlgorithmIdentifier algorithm = body.SubjectPublicKeyInfo.Algorithm;
            // A named curve only: with explicit parameters the requester would choose what is computed.
            if (!algorithm.Algorithm.Equals(X9ObjectIdentifiers.IdECPublicKey) || algorithm.Parameters is not DerObjectIdentifier curve
                || !(curve.Equals(SecObjectIdentifiers.SecP256r1) || curve.Equals(SecObjectIdentifiers.SecP384r1)))
                return "its key is not of P-256 or P-384";
            if (!parsed.Verify())
                return "its signature is not by its own key";
            info = body.SubjectPublicKeyInfo.GetDerEncoded();
            return null;
        }
        catch (Exception e) when (e is ArgumentException or IOException or FormatException or InvalidOperationException or InvalidCastException
            or ArithmeticException or GeneralSecurityException or Org.BouncyCastle.Crypto.CryptoException)
        {
            return "it is malformed";
        }
    }
}
