using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Text;

namespace OpenStackSev.Attestation.Endorsements;

/// <summary>One extension of a certificate.</summary>
/// <param name="Value">What the OCTET STRING holds; DER by the book, and in AMD's hwID raw bytes.</param>
internal readonly record struct CertificateExtension(string Oid, bool Critical, ReadOnlyMemory<byte> Value);

/// <summary>The parts of an X.509 certificate that AMD's endorsements use, read by our own means.</summary>
/// <remarks>
/// VCEKs break X.509 where strict readers refuse them (serial number 0, a DEFAULT that is encoded, an extension that is not DER),
/// so this reader takes those, and nothing else. Source: RFC 5280, section 4.1.
/// </remarks>
internal sealed record CertificateReader(
    ReadOnlyMemory<byte> ToBeSigned,
    ReadOnlyMemory<byte> Serial,
    ReadOnlyMemory<byte> Issuer,
    ReadOnlyMemory<byte> Subject,
    string IssuerName,
    string SubjectName,
    DateTimeOffset NotBefore,
    DateTimeOffset NotAfter,
    ReadOnlyMemory<byte> PublicKey,
    IReadOnlyList<CertificateExtension> Extensions,
    bool SignedWithPssSha384,
    ReadOnlyMemory<byte> Signature)
{
    /// <summary>Longest certificate that is looked at, in bytes. AMD's have less than 2,000.</summary>
    public const int MaximumSize = 16 * 1024;

    private const int MaximumExtensions = 32;

    // AlgorithmIdentifier of RSASSA-PSS with SHA-384, MGF1 of SHA-384, salt 48: with the default trailerField encoded, as AMD does, and without.
    private static readonly byte[] s_pssWithTrailer = Convert.FromHexString(
        "304606092A864886F70D01010A3039A00F300D06096086480165030402020500A11C301A06092A864886F70D010108300D06096086480165030402020500A203020130A303020101");
    private static readonly byte[] s_pss = Convert.FromHexString(
        "304106092A864886F70D01010A3034A00F300D06096086480165030402020500A11C301A06092A864886F70D010108300D06096086480165030402020500A203020130");

    /// <returns>Null when the bytes are not one certificate and nothing more.</returns>
    public static CertificateReader? Read(ReadOnlyMemory<byte> der)
    {
        if (der.Length > MaximumSize)
            return null;
        try
        {
            AsnReader outer = new(der, AsnEncodingRules.DER);
            AsnReader certificate = outer.ReadSequence();
            outer.ThrowIfNotEmpty();
            ReadOnlyMemory<byte> toBeSigned = certificate.PeekEncodedValue();
            AsnReader body = certificate.ReadSequence();
            ReadOnlyMemory<byte> outerAlgorithm = certificate.ReadEncodedValue();
            byte[] signature = certificate.ReadBitString(out int unusedBits);
            certificate.ThrowIfNotEmpty();
            return unusedBits == 0 ? ReadBody(body, toBeSigned, outerAlgorithm, signature) : null;
        }
        catch (Exception e) when (e is AsnContentException or CryptographicException or ArgumentException or FormatException)
        {
            return null;
        }
    }

    private static CertificateReader? ReadBody(AsnReader body, ReadOnlyMemory<byte> toBeSigned, ReadOnlyMemory<byte> outerAlgorithm, byte[] signature)
    {
        Asn1Tag versionTag = new(TagClass.ContextSpecific, 0), extensionsTag = new(TagClass.ContextSpecific, 3);
        AsnReader version = body.ReadSequence(versionTag);
        if (!version.TryReadInt32(out int number) || number != 2)
            return null;
        version.ThrowIfNotEmpty();
        ReadOnlyMemory<byte> serial = body.ReadIntegerBytes();
        ReadOnlyMemory<byte> algorithm = body.ReadEncodedValue();
        if (!algorithm.Span.SequenceEqual(outerAlgorithm.Span))
            return null;
        ReadOnlyMemory<byte> issuer = body.ReadEncodedValue();
        AsnReader validity = body.ReadSequence();
        DateTimeOffset notBefore = ReadTime(validity), notAfter = ReadTime(validity);
        validity.ThrowIfNotEmpty();
        ReadOnlyMemory<byte> subject = body.ReadEncodedValue();
        ReadOnlyMemory<byte> publicKey = body.ReadEncodedValue();
        IReadOnlyList<CertificateExtension>? extensions = [];
        if (body.HasData)
        {
            AsnReader wrapper = body.ReadSequence(extensionsTag);
            extensions = ReadExtensions(wrapper.ReadSequence());
            wrapper.ThrowIfNotEmpty();
            body.ThrowIfNotEmpty();
        }
        if (extensions is null || ReadCommonName(issuer) is not { } issuerName || ReadCommonName(subject) is not { } subjectName)
            return null;
        return new(toBeSigned, serial, issuer, subject, issuerName, subjectName, notBefore, notAfter, publicKey, extensions,
            IsPssSha384(algorithm.Span), signature);
    }

    /// <summary>Whether an AlgorithmIdentifier is RSASSA-PSS with the parameters that AMD uses, and no weaker ones.</summary>
    internal static bool IsPssSha384(ReadOnlySpan<byte> algorithm) => algorithm.SequenceEqual(s_pssWithTrailer) || algorithm.SequenceEqual(s_pss);

    private static DateTimeOffset ReadTime(AsnReader reader) =>
        reader.PeekTag().HasSameClassAndValue(Asn1Tag.UtcTime) ? reader.ReadUtcTime() : reader.ReadGeneralizedTime();

    // Null when there are too many, or one comes twice: which of the two would be believed?
    private static List<CertificateExtension>? ReadExtensions(AsnReader sequence)
    {
        List<CertificateExtension> extensions = [];
        while (sequence.HasData)
        {
            AsnReader one = sequence.ReadSequence();
            string oid = one.ReadObjectIdentifier();
            bool critical = one.PeekTag().HasSameClassAndValue(Asn1Tag.Boolean) && one.ReadBoolean();
            byte[] value = one.ReadOctetString();
            one.ThrowIfNotEmpty();
            if (extensions.Count == MaximumExtensions || extensions.Exists(e => e.Oid == oid))
                return null;
            extensions.Add(new(oid, critical, value));
        }
        return extensions;
    }

    // Null when there is none or more than one.
    private static string? ReadCommonName(ReadOnlyMemory<byte> name)
    {
        string? found = null;
        AsnReader outer = new(name, AsnEncodingRules.DER);
        AsnReader parts = outer.ReadSequence();
        while (parts.HasData)
        {
            AsnReader part = parts.ReadSetOf(skipSortOrderValidation: true);
            while (part.HasData)
            {
                AsnReader attribute = part.ReadSequence();
                if (attribute.ReadObjectIdentifier() != "2.5.4.3")
                    continue;
                if (found is not null)
                    return null;
                found = ReadText(attribute);
            }
        }
        return found;
    }

    private static string? ReadText(AsnReader reader)
    {
        Asn1Tag tag = reader.PeekTag();
        if (tag.TagClass != TagClass.Universal || (UniversalTagNumber)tag.TagValue is not (UniversalTagNumber.UTF8String
            or UniversalTagNumber.PrintableString or UniversalTagNumber.IA5String))
        {
            return null;
        }
        string text = reader.ReadCharacterString((UniversalTagNumber)tag.TagValue);
        return text.Length <= 128 && text.All(c => c is >= ' ' and <= '~') ? text : null;
    }

    /// <summary>The value of an extension; null when the certificate has none of this OID.</summary>
    public ReadOnlyMemory<byte>? Extension(string oid)
    {
        foreach (CertificateExtension extension in Extensions)
        {
            if (extension.Oid == oid)
                return extension.Value;
        }
        return null;
    }

    public override string ToString() => new StringBuilder(SubjectName).Append(" issued by ").Append(IssuerName).ToString();
}
