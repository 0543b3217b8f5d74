using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Endorsements;

/// <summary>What a certificate of AMD's hierarchy is for, by its subject's common name.</summary>
public enum AuthorityRole
{
    /// <summary>AMD root key, <c>ARK-Milan</c>.</summary>
    Ark,

    /// <summary>AMD SEV key, <c>SEV-Milan</c>: issues VCEKs.</summary>
    Ask,

    /// <summary>AMD SEV VLEK key, <c>SEV-VLEK-Milan</c>: issues VLEKs.</summary>
    Asvk,
}

/// <summary>An ARK, ASK or ASVK. Parsed, not yet believed.</summary>
/// <remarks>Source: AMD 57230, "ASK, ASVK and ARK Certificate Fields".</remarks>
public sealed class AuthorityCertificate
{
    private readonly CertificateReader _reader;
    private readonly RSA _key;

    private AuthorityCertificate(ReadOnlyMemory<byte> der, CertificateReader reader, RSA key, AuthorityRole role, ProductLine line)
    {
        (Der, _reader, _key, Role, Line) = (der, reader, key, role, line);
        Sha256 = Convert.ToHexStringLower(SHA256.HashData(der.Span));
        MayIssue = IsAuthority(reader) && SignsCertificates(reader);
    }

    /// <summary>The whole certificate.</summary>
    public ReadOnlyMemory<byte> Der { get; }

    /// <summary>SHA-256 of <see cref="Der"/>, 64 hexadecimal digits in lower case.</summary>
    public string Sha256 { get; }

    public AuthorityRole Role { get; }

    /// <summary>As its name says.</summary>
    public ProductLine Line { get; }

    /// <summary>Common name, e.g. <c>SEV-Milan</c>.</summary>
    public string Name => _reader.SubjectName;

    /// <summary>Common name of the issuer, e.g. <c>ARK-Milan</c>.</summary>
    public string IssuerName => _reader.IssuerName;

    /// <summary>Big-endian, without a leading zero.</summary>
    public ReadOnlyMemory<byte> Serial => _reader.Serial.Length > 1 && _reader.Serial.Span[0] == 0 ? _reader.Serial[1..] : _reader.Serial;

    public DateTimeOffset NotBefore => _reader.NotBefore;
    public DateTimeOffset NotAfter => _reader.NotAfter;

    /// <summary>The extensions say that it is a certificate authority and signs certificates.</summary>
    public bool MayIssue { get; }

    internal ReadOnlyMemory<byte> Subject => _reader.Subject;
    internal ReadOnlyMemory<byte> Issuer => _reader.Issuer;

    /// <summary>True when this key signed the certificate of <paramref name="other"/>.</summary>
    public bool Issued(AuthorityCertificate other) => Issued(other._reader);

    /// <summary>Names and signature: RSASSA-PSS with SHA-384, and nothing else.</summary>
    internal bool Issued(CertificateReader other) =>
        other.SignedWithPssSha384 && other.Issuer.Span.SequenceEqual(_reader.Subject.Span) && Signed(other.ToBeSigned.Span, other.Signature.Span);

    internal bool Signed(ReadOnlySpan<byte> bytes, ReadOnlySpan<byte> signature)
    {
        lock (_key)     // an RSA is not for two threads at a time
            return _key.VerifyData(bytes, signature, HashAlgorithmName.SHA384, RSASignaturePadding.Pss);
    }

    /// <summary>SubjectPublicKeyInfo, DER.</summary>
    internal byte[] PublicKey() => _key.ExportSubjectPublicKeyInfo();

    /// <param name="der">Anything.</param>
    /// <param name="certificate">Null when the bytes are no ARK, ASK or ASVK.</param>
    /// <param name="malformed">Why not.</param>
    public static bool TryParse(ReadOnlyMemory<byte> der, [NotNullWhen(true)] out AuthorityCertificate? certificate,
        [NotNullWhen(false)] out Finding? malformed)
    {
        certificate = null;
        // A copy: the caller's buffer may change, and the hash must stay that of what is used.
        byte[] copy = der.Length <= CertificateReader.MaximumSize ? der.ToArray() : [];
        if (CertificateReader.Read(copy) is not { } reader)
            return Refuse("an X.509 certificate", $"{der.Length} bytes that are none", out malformed);
        if (RoleOf(reader.SubjectName) is not var (role, line))
            return Refuse("an ARK, ASK or ASVK", $"'{reader.SubjectName}'", out malformed);
        if (ReadKey(copy) is not { } key)
            return Refuse("an RSA key of 2048 to 8192 bits", $"another key in '{reader.SubjectName}'", out malformed);
        certificate = new(copy, reader, key, role, line);
        malformed = null;
        return true;
    }

    private static bool Refuse(string expected, string actual, out Finding? malformed)
    {
        malformed = SnpCodes.CertificateMalformed.Finds("certificate", expected, actual);
        return false;
    }

    private static (AuthorityRole Role, ProductLine Line)? RoleOf(string name)
    {
        foreach ((string prefix, AuthorityRole role) in new[]
        {
            ("ARK-", AuthorityRole.Ark), ("SEV-VLEK-", AuthorityRole.Asvk), ("SEV-", AuthorityRole.Ask),
        })
        {
            if (name.StartsWith(prefix, StringComparison.Ordinal))
                return Enum.TryParse(name[prefix.Length..], out ProductLine line) && line.ToString() == name[prefix.Length..] ? (role, line) : null;
        }
        return null;
    }

    private static RSA? ReadKey(ReadOnlyMemory<byte> der)
    {
        try
        {
            using X509Certificate2 certificate = X509CertificateLoader.LoadCertificate(der.Span);
            RSA? key = certificate.GetRSAPublicKey();
            if (key is not null && key.KeySize is >= 2048 and <= 8192)
                return key;
            key?.Dispose();
            return null;
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static bool IsAuthority(CertificateReader reader)
    {
        if (reader.Extension("2.5.29.19") is not { } value)
            return false;
        try
        {
            AsnReader constraints = new AsnReader(value, AsnEncodingRules.DER).ReadSequence();
            return constraints.HasData && constraints.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && constraints.ReadBoolean();
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    private static bool SignsCertificates(CertificateReader reader)
    {
        const byte KeyCertSign = 0x80 >> 5;
        if (reader.Extension("2.5.29.15") is not { } value)
            return false;
        try
        {
            byte[] bits = new AsnReader(value, AsnEncodingRules.DER).ReadBitString(out _);
            return bits.Length > 0 && (bits[0] & KeyCertSign) != 0;
        }
        catch (AsnContentException)
        {
            return false;
        }
    }
}
