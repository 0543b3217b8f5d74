using System.Buffers.Binary;
using System.Security.Cryptography;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Simulation.Sev;

/// <summary>ARK and ASK in the form that AMD had before X.509, and what the ASK signs.</summary>
/// <remarks>
/// The keys are those of the X.509 certificates, as with AMD's from Milan on. Signatures are RSASSA-PSS and so other bytes each time.
/// Source: AMD 55766 "AMD Signing Key Certificate Format".
/// </remarks>
public sealed class SimulatedSevAuthority
{
    private readonly RSA _ask;

    public SimulatedSevAuthority(RSA ark, RSA ask)
    {
        _ask = ask;
        Ark = Certificate(SimulatedSevUsage.Ark, ark, ark);
        Ask = Certificate(SimulatedSevUsage.Ask, ask, ark);
    }

    /// <summary>832 bytes with a key of 2048 bits, 1600 with one of 4096.</summary>
    public byte[] Ark { get; }

    /// <summary>As <see cref="Ark"/>.</summary>
    public byte[] Ask { get; }

    /// <summary>By which a verifier names a root: SHA-256 of the whole certificate, in lower-case hexadecimal.</summary>
    public string Fingerprint => Convert.ToHexStringLower(SHA256.HashData(Ark));

    public static SimulatedSevAuthority Of(SimulatedAuthority authority) => new(authority.Ark.Key, authority.Ask.Key);

    /// <summary>A chip's CEK as AMD's key distribution service gives it: signed by the ASK.</summary>
    public byte[] SignedCek(SimulatedSevPlatform platform) => SimulatedSevCertificate.Signed(platform.CekCertificate, 0, SimulatedSevUsage.Ask, _ask);

    /// <summary>A certificate of one key by another; of itself for a root.</summary>
    public static byte[] Certificate(SimulatedSevUsage usage, RSA key, RSA signer)
    {
        const int Header = 64;
        int size = key.KeySize / 8;
        byte[] certificate = new byte[Header + (3 * size)];
        Span<byte> wire = certificate;
        RSAParameters numbers = key.ExportParameters(includePrivateParameters: false);
        BinaryPrimitives.WriteUInt32LittleEndian(wire, 1);
        KeyId(key).CopyTo(wire[4..]);
        KeyId(signer).CopyTo(wire[20..]);
        BinaryPrimitives.WriteUInt32LittleEndian(wire[36..], (uint)usage);
        BinaryPrimitives.WriteUInt32LittleEndian(wire[56..], (uint)key.KeySize);
        BinaryPrimitives.WriteUInt32LittleEndian(wire[60..], (uint)key.KeySize);
        SimulatedSevCertificate.WriteLittleEndian(wire.Slice(Header, size), numbers.Exponent);
        SimulatedSevCertificate.WriteLittleEndian(wire.Slice(Header + size, size), numbers.Modulus);
        return Signed(certificate, signer);
    }

    /// <summary>Another array, signed anew.</summary>
    public static byte[] Signed(byte[] certificate, RSA signer)
    {
        int end = certificate.Length - (signer.KeySize / 8);
        return [.. certificate[..end], .. Sign(certificate.AsSpan(0, end), signer)];
    }

    internal static uint AlgorithmOf(RSA key) => key.KeySize > 2048 ? SimulatedSevCertificate.RsaSha384 : SimulatedSevCertificate.RsaSha256;

    internal static byte[] Sign(ReadOnlySpan<byte> signed, RSA key)
    {
        byte[] signature = key.SignData(signed, key.KeySize > 2048 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
        Array.Reverse(signature);
        return signature;
    }

    private static byte[] KeyId(RSA key) => SHA256.HashData(key.ExportSubjectPublicKeyInfo())[..16];
}
