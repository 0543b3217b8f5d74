using System.Security.Cryptography;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Operators;
using Org.BouncyCastle.Math;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;
using Org.BouncyCastle.X509.Extension;

namespace OpenStackSev.NodeCertificates;

/// <summary>A cloud's own CA for node certificates: P-384, signs leaves only, trusted for nothing else. No I/O.</summary>
/// <remarks>Source: RFC 5280, "Certificate and Certificate Extensions Profile" and "CRL and CRL Extensions Profile".</remarks>
public sealed class NodeAuthority
{
    /// <summary>Nodes' clocks differ a little from the CA's.</summary>
    internal static readonly TimeSpan ClockSkew = TimeSpan.FromMinutes(5);

    private const int AuthorityYears = 10;
    private const string Algorithm = "SHA384withECDSA";

    private readonly X509Certificate certificate;
    private readonly AsymmetricKeyParameter key;

    private NodeAuthority(X509Certificate certificate, AsymmetricKeyParameter key) => (this.certificate, this.key) = (certificate, key);

    public DateTimeOffset NotAfter => new(certificate.NotAfter.ToUniversalTime());

    /// <summary>A new CA.</summary>
    /// <returns>Certificate (DER) and private key (PKCS#8 PEM), which the caller keeps from everybody else.</returns>
    public static (byte[] Certificate, string Key) Create(DateTimeOffset now)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        string pem = pair.ExportPkcs8PrivateKeyPem();
        AsymmetricKeyParameter signer = PrivateKeyFactory.CreateKey(pair.ExportPkcs8PrivateKey());
        SubjectPublicKeyInfo info = SubjectPublicKeyInfo.GetInstance(pair.ExportSubjectPublicKeyInfo());
        // The number keeps the names of two CAs apart, of which one replaces the other.
        var name = new X509Name($"O=openstack-sev,CN=openstack-sev node CA {Serial().ToString(16)[..8]}");
        var generator = new X509V3CertificateGenerator();
        generator.SetSerialNumber(Serial());
        generator.SetIssuerDN(name);
        generator.SetSubjectDN(name);
        generator.SetNotBefore((now - ClockSkew).UtcDateTime);
        generator.SetNotAfter(now.AddYears(AuthorityYears).UtcDateTime);
        generator.SetSubjectPublicKeyInfo(info);
        generator.AddExtension(X509Extensions.BasicConstraints, critical: true, new BasicConstraints(0));
        generator.AddExtension(X509Extensions.KeyUsage, critical: true, new KeyUsage(KeyUsage.KeyCertSign | KeyUsage.CrlSign));
        generator.AddExtension(X509Extensions.SubjectKeyIdentifier, critical: false, X509ExtensionUtilities.CreateSubjectKeyIdentifier(info));
        return (generator.Generate(new Asn1SignatureFactory(Algorithm, signer)).GetEncoded(), pem);
    }

    /// <param name="key">PKCS#8 PEM.</param>
    /// <exception cref="NodeAuthorityException">They do not belong together, or are something else.</exception>
    public static NodeAuthority Open(byte[] certificate, string key)
    {
        try
        {
            using var pair = ECDsa.Create();
            pair.ImportFromPem(key);
            var parsed = new X509Certificate(certificate);
            if (!parsed.CertificateStructure.SubjectPublicKeyInfo.GetDerEncoded().AsSpan().SequenceEqual(pair.ExportSubjectPublicKeyInfo()))
                throw new NodeAuthorityException("the CA's key is not that of its certificate", "restore both files from the same backup");
            return new NodeAuthority(parsed, PrivateKeyFactory.CreateKey(pair.ExportPkcs8PrivateKey()));
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException or GeneralSecurityException or IOException)
        {
            throw new NodeAuthorityException($"the CA cannot be read: {e.Message}", "restore its files from a backup", e);
        }
    }

    /// <summary>A certificate for <paramref name="node"/> on the key of <paramref name="request"/>; never longer than the CA's own.</summary>
    public IssuedCertificate Issue(Guid node, NodeCertificateRequest request, DateTimeOffset now, TimeSpan lifetime)
    {
        DateTimeOffset until = now + lifetime < NotAfter ? now + lifetime : NotAfter;
        SubjectPublicKeyInfo info = SubjectPublicKeyInfo.GetInstance(request.PublicKeyInfo);
        var generator = new X509V3CertificateGenerator();
        generator.SetSerialNumber(Serial());
        generator.SetIssuerDN(certificate.SubjectDN);
        generator.SetSubjectDN(new X509Name($"O=openstack-sev,CN={node:D}"));
        generator.SetNotBefore((now - ClockSkew).UtcDateTime);
        generator.SetNotAfter(until.UtcDateTime);
        generator.SetSubjectPublicKeyInfo(info);
        generator.AddExtension(X509Extensions.BasicConstraints, critical: true, new BasicConstraints(cA: false));
        generator.AddExtension(X509Extensions.KeyUsage, critical: true, new KeyUsage(KeyUsage.DigitalSignature));
        generator.AddExtension(X509Extensions.ExtendedKeyUsage, critical: true, new ExtendedKeyUsage(KeyPurposeID.id_kp_clientAuth));
        generator.AddExtension(X509Extensions.SubjectAlternativeName, critical: true,
            new GeneralNames(new GeneralName(GeneralName.UniformResourceIdentifier, IssuedCertificate.Urn(node))));
        generator.AddExtension(X509Extensions.SubjectKeyIdentifier, critical: false, X509ExtensionUtilities.CreateSubjectKeyIdentifier(info));
        generator.AddExtension(X509Extensions.AuthorityKeyIdentifier, critical: false,
            X509ExtensionUtilities.CreateAuthorityKeyIdentifier(certificate.CertificateStructure.SubjectPublicKeyInfo));
        return IssuedCertificate.Of(generator.Generate(new Asn1SignatureFactory(Algorithm, key)))!;
    }

    /// <summary>A CRL (DER) of everything that was ever revoked.</summary>
    /// <remarks>
    /// nextUpdate is the CA's end: the list lies beside the CA's certificate and is read at once, so that its age says nothing.
    /// </remarks>
    public byte[] RevocationList(IEnumerable<RevokedCertificate> revoked, DateTimeOffset now)
    {
        var generator = new X509V2CrlGenerator();
        generator.SetIssuerDN(certificate.SubjectDN);
        generator.SetThisUpdate(now.UtcDateTime);
        generator.SetNextUpdate(NotAfter.UtcDateTime);
        foreach (RevokedCertificate one in revoked)
            generator.AddCrlEntry(new BigInteger(one.Serial, 16), one.At.UtcDateTime, CrlReason.Unspecified);
        generator.AddExtension(X509Extensions.CrlNumber, critical: false, new CrlNumber(BigInteger.ValueOf(now.ToUnixTimeMilliseconds())));
        generator.AddExtension(X509Extensions.AuthorityKeyIdentifier, critical: false,
            X509ExtensionUtilities.CreateAuthorityKeyIdentifier(certificate.CertificateStructure.SubjectPublicKeyInfo));
        return generator.Generate(new Asn1SignatureFactory(Algorithm, key)).GetEncoded();
    }

    /// <summary>127 bits at random; positive, and never zero.</summary>
    private static BigInteger Serial()
    {
        byte[] bytes = RandomNumberGenerator.GetBytes(16);
        bytes[0] = (byte)((bytes[0] & 0x7F) | 0x40);
        return new BigInteger(1, bytes);
    }
}

/// <param name="Serial">Hex.</param>
public sealed record RevokedCertificate(string Serial, DateTimeOffset At);

/// <summary>The CA or its folder cannot be used.</summary>
/// <param name="hint">What to do about it, one line.</param>
public sealed class NodeAuthorityException(string detail, string hint, Exception? inner = null) : Exception(detail, inner)
{
    public string Hint { get; } = hint;
}
