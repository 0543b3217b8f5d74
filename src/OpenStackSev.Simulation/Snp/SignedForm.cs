using System.Formats.Asn1;
using System.Numerics;
using System.Security.Cryptography;

namespace OpenStackSev.Simulation.Snp;

/// <summary>Certificates and revocation lists, byte by byte.</summary>
/// <remarks>
/// Not CertificateRequest: AMD's certificates have serial number 0, an explicit trailerField and values that are not DER,
/// and wrong ones must be possible.
/// </remarks>
internal static class SignedForm
{
    private const string Pss = "1.2.840.113549.1.1.10";
    private const string Mgf1 = "1.2.840.113549.1.1.8";
    private const string Pkcs1Sha384 = "1.2.840.113549.1.1.12";
    private const string Sha256 = "2.16.840.1.101.3.4.2.1";
    private const string Sha384 = "2.16.840.1.101.3.4.2.2";

    /// <summary>A certificate before it is signed.</summary>
    internal sealed record Certificate(
        BigInteger Serial, byte[] Issuer, DateTimeOffset NotBefore, DateTimeOffset NotAfter, byte[] Subject, byte[] PublicKey,
        IReadOnlyList<SimulatedExtension> Extensions);

    public static byte[] Sign(Certificate certificate, RSA signer, SimulatedSignatureScheme scheme, bool explicitTrailerField)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence(Context(0)))
                writer.WriteInteger(2);
            writer.WriteInteger(certificate.Serial);
            writer.WriteEncodedValue(Algorithm(scheme, explicitTrailerField));
            writer.WriteEncodedValue(certificate.Issuer);
            using (writer.PushSequence())
            {
                WriteTime(writer, certificate.NotBefore);
                WriteTime(writer, certificate.NotAfter);
            }
            writer.WriteEncodedValue(certificate.Subject);
            writer.WriteEncodedValue(certificate.PublicKey);
            WriteExtensions(writer, certificate.Extensions, Context(3));
        }
        return Sign(writer.Encode(), signer, scheme, explicitTrailerField);
    }

    /// <summary>Wraps what is to be signed with its algorithm and signature: the outer form of certificates and revocation lists.</summary>
    public static byte[] Sign(byte[] toBeSigned, RSA signer, SimulatedSignatureScheme scheme, bool explicitTrailerField)
    {
        byte[] signature = signer.SignData(toBeSigned,
            scheme == SimulatedSignatureScheme.PssSha256 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA384,
            scheme == SimulatedSignatureScheme.Pkcs1Sha384 ? RSASignaturePadding.Pkcs1 : RSASignaturePadding.Pss);
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteEncodedValue(toBeSigned);
            writer.WriteEncodedValue(Algorithm(scheme, explicitTrailerField));
            writer.WriteBitString(signature);
        }
        return writer.Encode();
    }

    /// <summary>A name with AMD's parts in AMD's order and string types.</summary>
    public static byte[] Name(string organization, string commonName)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            Part("2.5.4.11", UniversalTagNumber.UTF8String, "Engineering");
            Part("2.5.4.6", UniversalTagNumber.PrintableString, "US");
            Part("2.5.4.7", UniversalTagNumber.UTF8String, "Santa Clara");
            Part("2.5.4.8", UniversalTagNumber.UTF8String, "CA");
            Part("2.5.4.10", UniversalTagNumber.UTF8String, organization);
            Part("2.5.4.3", UniversalTagNumber.UTF8String, commonName);
        }
        return writer.Encode();

        void Part(string oid, UniversalTagNumber type, string value)
        {
            using (writer.PushSetOf())
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(oid);
                writer.WriteCharacterString(type, value);
            }
        }
    }

    public static byte[] Algorithm(SimulatedSignatureScheme scheme, bool explicitTrailerField)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        if (scheme == SimulatedSignatureScheme.Pkcs1Sha384)
        {
            WriteWithoutParameters(Pkcs1Sha384);
            return writer.Encode();
        }
        string hash = scheme == SimulatedSignatureScheme.PssSha256 ? Sha256 : Sha384;
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(Pss);
            using (writer.PushSequence())
            {
                using (writer.PushSequence(Context(0)))
                    WriteWithoutParameters(hash);
                using (writer.PushSequence(Context(1)))
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(Mgf1);
                    WriteWithoutParameters(hash);
                }
                using (writer.PushSequence(Context(2)))
                    writer.WriteInteger(scheme == SimulatedSignatureScheme.PssSha256 ? 32 : 48);
                if (explicitTrailerField)
                {
                    using (writer.PushSequence(Context(3)))
                        writer.WriteInteger(1);
                }
            }
        }
        return writer.Encode();

        void WriteWithoutParameters(string oid)
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier(oid);
                writer.WriteNull();
            }
        }
    }

    public static byte[] Integer(BigInteger value)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        writer.WriteInteger(value);
        return writer.Encode();
    }

    public static byte[] Ia5String(string value)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        writer.WriteCharacterString(UniversalTagNumber.IA5String, value);
        return writer.Encode();
    }

    public static byte[] OctetString(byte[] value)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        writer.WriteOctetString(value);
        return writer.Encode();
    }

    public static byte[] CrlDistributionPoint(string address)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
        using (writer.PushSequence())
        using (writer.PushSequence(Context(0)))
        using (writer.PushSequence(Context(0)))
            writer.WriteCharacterString(UniversalTagNumber.IA5String, address, new Asn1Tag(TagClass.ContextSpecific, 6));
        return writer.Encode();
    }

    public static byte[] AuthorityKeyIdentifier(byte[] subjectKeyIdentifier)
    {
        AsnWriter writer = new(AsnEncodingRules.DER);
        using (writer.PushSequence())
            writer.WriteOctetString(subjectKeyIdentifier, new Asn1Tag(TagClass.ContextSpecific, 0));
        return writer.Encode();
    }

    // RFC 5280 4.1.2.5: two digits for the year until 2049, four from 2050 on.
    public static void WriteTime(AsnWriter writer, DateTimeOffset time)
    {
        if (time.UtcDateTime.Year is >= 1950 and < 2050)
            writer.WriteUtcTime(time);
        else
            writer.WriteGeneralizedTime(time, omitFractionalSeconds: true);
    }

    public static void WriteExtensions(AsnWriter writer, IReadOnlyList<SimulatedExtension> extensions, Asn1Tag tag)
    {
        if (extensions.Count == 0)
            return;
        using (writer.PushSequence(tag))
        using (writer.PushSequence())
        {
            foreach (SimulatedExtension extension in extensions)
            {
                using (writer.PushSequence())
                {
                    writer.WriteObjectIdentifier(extension.Oid);
                    if (extension.Critical)
                        writer.WriteBoolean(true);
                    writer.WriteOctetString(extension.Value);
                }
            }
        }
    }

    public static Asn1Tag Context(int number) => new(TagClass.ContextSpecific, number, isConstructed: true);
}
