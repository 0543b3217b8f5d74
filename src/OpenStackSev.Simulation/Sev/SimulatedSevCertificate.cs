using System.Buffers.Binary;
using System.Security.Cryptography;
using Org.BouncyCastle.Asn1.Sec;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;

namespace OpenStackSev.Simulation.Sev;

/// <summary>What a key of the SEV certificate format is for.</summary>
public enum SimulatedSevUsage : uint
{
    Ark = 0x0,
    Ask = 0x13,
    Invalid = 0x1000,
    Oca = 0x1001,
    Pek = 0x1002,
    Pdh = 0x1003,
    Cek = 0x1004,
}

/// <summary>Certificates of the SEV format: 2084 bytes, of which two slots are signatures.</summary>
/// <remarks>Source: AMD 55766 "SEV Certificate Format".</remarks>
public static class SimulatedSevCertificate
{
    public const int Size = 0x824;

    /// <summary>What a signature covers.</summary>
    public const int BodySize = 0x414;

    public const uint RsaSha256 = 1, EcdsaSha256 = 2, EcdhSha256 = 3, RsaSha384 = 0x101;

    private const int SlotSize = 0x208;
    private const int Number = 72;
    private static readonly ECDomainParameters s_curve = new(SecNamedCurves.GetByName("secp384r1"));

    /// <summary>A certificate that nobody has signed.</summary>
    public static byte[] Of(SimulatedSevUsage usage, ECDsa key, byte apiMajor, byte apiMinor)
    {
        const uint P384 = 2;
        byte[] certificate = new byte[Size];
        Span<byte> wire = certificate;
        BinaryPrimitives.WriteUInt32LittleEndian(wire, 1);
        (wire[4], wire[5]) = (apiMajor, apiMinor);
        BinaryPrimitives.WriteUInt32LittleEndian(wire[8..], (uint)usage);
        BinaryPrimitives.WriteUInt32LittleEndian(wire[12..], usage == SimulatedSevUsage.Pdh ? EcdhSha256 : EcdsaSha256);
        BinaryPrimitives.WriteUInt32LittleEndian(wire[16..], P384);
        ECPoint point = key.ExportParameters(includePrivateParameters: false).Q;
        WriteLittleEndian(wire.Slice(20, Number), point.X!);
        WriteLittleEndian(wire.Slice(20 + Number, Number), point.Y!);
        Empty(certificate, 0);
        Empty(certificate, 1);
        return certificate;
    }

    /// <summary>Another array, with this signature in a slot.</summary>
    /// <param name="slot">0 or 1.</param>
    /// <param name="by">Whose key it is said to be.</param>
    /// <remarks>The same key and bytes give the same signature (RFC 6979).</remarks>
    public static byte[] Signed(byte[] certificate, int slot, SimulatedSevUsage by, ECDsa key)
    {
        ECDsaSigner signer = new(new HMacDsaKCalculator(new Sha256Digest()));
        signer.Init(true, new ECPrivateKeyParameters(new Org.BouncyCastle.Math.BigInteger(1, key.ExportParameters(includePrivateParameters: true).D!), s_curve));
        Org.BouncyCastle.Math.BigInteger[] numbers = signer.GenerateSignature(SHA256.HashData(certificate.AsSpan(0, BodySize)));
        byte[] signature = new byte[2 * Number];
        WriteLittleEndian(signature.AsSpan(0, Number), numbers[0].ToByteArrayUnsigned());
        WriteLittleEndian(signature.AsSpan(Number), numbers[1].ToByteArrayUnsigned());
        return WithSlot(certificate, slot, by, EcdsaSha256, signature);
    }

    /// <summary>Another array, with a signature as AMD's intermediate key makes it: RSASSA-PSS, other bytes each time.</summary>
    public static byte[] Signed(byte[] certificate, int slot, SimulatedSevUsage by, RSA key)
    {
        byte[] signature = SimulatedSevAuthority.Sign(certificate.AsSpan(0, BodySize), key);
        return WithSlot(certificate, slot, by, SimulatedSevAuthority.AlgorithmOf(key), signature);
    }

    /// <summary>Another array, with nobody's signature in a slot.</summary>
    public static byte[] Unsigned(byte[] certificate, int slot)
    {
        byte[] other = [.. certificate];
        Empty(other, slot);
        return other;
    }

    /// <summary>Another array, with this in a slot.</summary>
    public static byte[] WithSlot(byte[] certificate, int slot, SimulatedSevUsage by, uint algorithm, ReadOnlySpan<byte> signature)
    {
        byte[] other = Unsigned(certificate, slot);
        Span<byte> wire = other.AsSpan(BodySize + (slot * SlotSize), SlotSize);
        BinaryPrimitives.WriteUInt32LittleEndian(wire, (uint)by);
        BinaryPrimitives.WriteUInt32LittleEndian(wire[4..], algorithm);
        signature.CopyTo(wire[8..]);
        return other;
    }

    private static void Empty(byte[] certificate, int slot)
    {
        Span<byte> wire = certificate.AsSpan(BodySize + (slot * SlotSize), SlotSize);
        wire.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(wire, (uint)SimulatedSevUsage.Invalid);
    }

    internal static void WriteLittleEndian(Span<byte> target, ReadOnlySpan<byte> bigEndian)
    {
        target.Clear();
        bigEndian.CopyTo(target);
        target[..bigEndian.Length].Reverse();
    }
}
