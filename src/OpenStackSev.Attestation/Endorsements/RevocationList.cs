using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using OpenStackSev.Attestation.Snp;
using Org.BouncyCastle.Asn1;
using Org.BouncyCastle.Asn1.X509;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;

namespace OpenStackSev.Attestation.Endorsements;

/// <summary>A CRL: which ASKs and ASVKs an ARK has revoked. Parsed, not yet believed.</summary>
/// <remarks>
/// VCEKs and VLEKs have serial number 0, so no CRL can name one of them. AMD publishes two CRLs a line, one beside the VCEKs, one beside the VLEKs.
/// Source: RFC 5280, section 5; AMD 57230, "CRL".
/// </remarks>
public sealed class RevocationList
{
    /// <summary>Longest list that is looked at, in bytes.</summary>
    public const int MaximumSize = 1024 * 1024;

    private const int MaximumDepth = 16;

    private readonly HashSet<string> _revoked;
    private readonly byte[] _issuer, _toBeSigned, _signature;
    private readonly bool _signedWithPssSha384;

    private RevocationList(ReadOnlyMemory<byte> der, X509Crl crl, SigningKey? of)
    {
        Der = der;
        Of = of;
        IssuerName = crl.IssuerDN.ToString();
        ThisUpdate = new(crl.ThisUpdate, TimeSpan.Zero);
        NextUpdate = new(crl.NextUpdate!.Value, TimeSpan.Zero);
        _issuer = crl.IssuerDN.GetEncoded();
        _toBeSigned = crl.GetTbsCertList();
        _signature = crl.GetSignature();
        _signedWithPssSha384 = CertificateReader.IsPssSha384(crl.CertificateList.SignatureAlgorithm.GetEncoded(Asn1Encodable.Der))
            && crl.CertificateList.TbsCertList.Signature.Equals(crl.CertificateList.SignatureAlgorithm);
        _revoked = [.. (crl.GetRevokedCertificates() ?? new HashSet<X509CrlEntry>()).Select(entry => Key(entry.SerialNumber.ToByteArrayUnsigned()))];
    }

    /// <summary>The whole list.</summary>
    public ReadOnlyMemory<byte> Der { get; }

    /// <summary>Beside which keys AMD publishes it, as the giver says; null when it was not said, which counts as both.</summary>
    public SigningKey? Of { get; }

    /// <summary>Name of the ARK, for people.</summary>
    public string IssuerName { get; }

    public DateTimeOffset ThisUpdate { get; }
    public DateTimeOffset NextUpdate { get; }

    /// <summary>How many serial numbers it lists.</summary>
    public int Count => _revoked.Count;

    /// <summary>Whether <paramref name="root"/> is the ARK that the list names.</summary>
    public bool Names(AuthorityCertificate root) => _issuer.AsSpan().SequenceEqual(root.Subject.Span);

    /// <summary>Whether <paramref name="root"/> signed the list: RSASSA-PSS with SHA-384, and nothing else.</summary>
    public bool SignedBy(AuthorityCertificate root) => _signedWithPssSha384 && Names(root) && root.Signed(_toBeSigned, _signature);

    /// <summary>Whether the list has the serial number of <paramref name="certificate"/>.</summary>
    public bool Revokes(AuthorityCertificate certificate) => _revoked.Contains(Key(certificate.Serial.Span));

    /// <param name="der">Anything.</param>
    /// <param name="of">Beside which keys it was published; null when that is not known.</param>
    /// <param name="list">Null when the bytes are no list that can be used.</param>
    /// <param name="malformed">Why not.</param>
    public static bool TryParse(ReadOnlyMemory<byte> der, SigningKey? of, [NotNullWhen(true)] out RevocationList? list,
        [NotNullWhen(false)] out Finding? malformed)
    {
        list = null;
        byte[] copy = der.Length <= MaximumSize ? der.ToArray() : [];
        string? wrong = IsDer(copy) ? null : "bytes that are not DER";
        try
        {
            X509Crl? crl = wrong is null ? new X509CrlParser().ReadCrl(copy) : null;
            wrong ??= crl is null ? "no list" : WhyUnusable(crl);
            if (wrong is null)
                list = new(copy, crl!, of);
        }
        // BouncyCastle promises no set of exceptions for bytes that are no CRL, and none of them is our failure.
        catch (Exception e) when (e is GeneralSecurityException or Asn1Exception or ArgumentException or FormatException
            or InvalidOperationException or IOException or InvalidCastException or IndexOutOfRangeException or NullReferenceException
            or OverflowException or NotSupportedException)
        {
            wrong = "bytes that are no list";
        }
        malformed = wrong is null ? null : SnpCodes.CertificateMalformed.Finds("CRL", "a certificate revocation list", wrong);
        return list is not null;
    }

    private static string? WhyUnusable(X509Crl crl)
    {
        if (crl.NextUpdate is null)
            return "a list that never ends: nextUpdate is missing";
        foreach (string oid in crl.GetCriticalExtensionOids() ?? new HashSet<string>())
        {
            if (oid != X509Extensions.IssuingDistributionPoint.Id || Partial(crl))
                return $"a list with the critical extension {oid}";
        }
        return null;
    }

    // A list of some certificates or some reasons only says less than it seems to.
    private static bool Partial(X509Crl crl)
    {
        IssuingDistributionPoint point = IssuingDistributionPoint.GetInstance(
            Asn1Object.FromByteArray(crl.GetExtensionValue(X509Extensions.IssuingDistributionPoint).GetOctets()));
        return point.OnlyContainsUserCerts || point.OnlyContainsAttributeCerts || point.IsIndirectCrl || point.OnlySomeReasons is not null;
    }

    private static string Key(ReadOnlySpan<byte> serial) => Convert.ToHexString(serial.TrimStart((byte)0));

    // BouncyCastle descends as deep as the bytes ask for: what is nested deeper than a CRL ever is does not get there.
    private static bool IsDer(ReadOnlyMemory<byte> bytes)
    {
        try
        {
            AsnReader outer = new(bytes, AsnEncodingRules.DER);
            ReadOnlyMemory<byte> content = outer.PeekContentBytes();
            outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            return IsShallow(content, MaximumDepth);
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    private static bool IsShallow(ReadOnlyMemory<byte> content, int depth)
    {
        AsnReader reader = new(content, AsnEncodingRules.DER);
        while (reader.HasData)
        {
            Asn1Tag tag = reader.PeekTag();
            if (tag.IsConstructed && (depth == 0 || !IsShallow(reader.PeekContentBytes(), depth - 1)))
                return false;
            reader.ReadEncodedValue();
        }
        return true;
    }
}
