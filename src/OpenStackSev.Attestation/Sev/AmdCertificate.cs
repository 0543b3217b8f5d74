using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace OpenStackSev.Attestation.Sev;

/// <summary>An ARK or ASK in the format that AMD had before X.509. Parsed, not yet believed.</summary>
/// <remarks>
/// Wire form: 64 bytes, then public exponent, modulus and signature, each as long as the key; 832 bytes with RSA-2048 (Naples), 1600 with
/// RSA-4096; little-endian. Signed is all before the signature: RSASSA-PSS with SHA-256, or SHA-384 with the longer key; the salt as long as the hash.
/// Source: AMD 55766 "AMD Signing Key Certificate Format".
/// </remarks>
public sealed class AmdCertificate
{
    private const int HeaderSize = 64, KeyIdSize = 16;
    private const uint RsaSha256 = 1, RsaSha384 = 0x101;

    private readonly byte[] _bytes;
    private readonly int _numberSize;
    private readonly RSAParameters _key;

    private AmdCertificate(byte[] bytes, SevUsage usage, int numberSize, RSAParameters key) => (_bytes, Usage, _numberSize, _key) = (bytes, usage, numberSize, key);

    /// <summary><see cref="SevUsage.Ark"/> or <see cref="SevUsage.Ask"/>.</summary>
    public SevUsage Usage { get; }

    /// <summary>Of the whole certificate, in lower-case hexadecimal.</summary>
    public string Sha256 => Convert.ToHexStringLower(SHA256.HashData(_bytes));

    /// <summary>KEY_ID.</summary>
    public ReadOnlySpan<byte> KeyId => _bytes.AsSpan(4, KeyIdSize);

    /// <summary>CERTIFYING_ID: the KEY_ID of who signed.</summary>
    public ReadOnlySpan<byte> CertifyingId => _bytes.AsSpan(4 + KeyIdSize, KeyIdSize);

    internal uint Algorithm => _numberSize > 256 ? RsaSha384 : RsaSha256;

    /// <returns>False with the first thing that is wrong; never throws on input.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, [NotNullWhen(true)] out AmdCertificate? certificate, [NotNullWhen(false)] out Finding? malformed)
    {
        const string Name = "ARK or ASK";
        certificate = null;
        int numberSize = bytes.Length switch { HeaderSize + (3 * 256) => 256, HeaderSize + (3 * 512) => 512, _ => 0 };
        malformed = numberSize == 0 ? SevCodes.Size.Finds(Name, "832 or 1600 bytes", $"{bytes.Length}") : Problem(bytes, Name, numberSize);
        if (malformed is not null)
            return false;
        if (!TryReadKey(bytes, numberSize, out RSAParameters key))
        {
            malformed = SevCodes.Key.Finds(Name, "an RSA key with a short exponent", "another");
            return false;
        }

        certificate = new(bytes.ToArray(), (SevUsage)UInt32(bytes, 36), numberSize, key);
        return true;
    }

    /// <summary>This key signed the other certificate, and the other says so.</summary>
    public bool Issued(AmdCertificate other) =>
        other.CertifyingId.SequenceEqual(KeyId) && Verifies(other._bytes.AsSpan(0, other._bytes.Length - other._numberSize), other._bytes.AsSpan(other._bytes.Length - other._numberSize));

    /// <param name="signature">Little-endian; longer than the key only by zeros.</param>
    internal bool Verifies(ReadOnlySpan<byte> signed, ReadOnlySpan<byte> signature)
    {
        if (signature.Length < _numberSize || signature[_numberSize..].ContainsAnyExcept((byte)0))
            return false;
        byte[] bigEndian = signature[.._numberSize].ToArray();
        Array.Reverse(bigEndian);
        using RSA key = RSA.Create(_key);
        return key.VerifyData(signed, bigEndian, _numberSize > 256 ? HashAlgorithmName.SHA384 : HashAlgorithmName.SHA256, RSASignaturePadding.Pss);
    }

    private static Finding? Problem(ReadOnlySpan<byte> bytes, string name, int numberSize)
    {
        if (UInt32(bytes, 0) is not 1 and uint version)
            return SevCodes.Version.Finds(name, "1", $"{version}");
        if (UInt32(bytes, 36) is not ((uint)SevUsage.Ark or (uint)SevUsage.Ask) and uint usage)
            return SevCodes.Usage.Finds(name, "0x0 or 0x13", $"0x{usage:x}");
        if (bytes[40..56].ContainsAnyExcept((byte)0))
            return SevCodes.Reserved.Finds(name, "zero after KEY_USAGE", "other bytes");
        return UInt32(bytes, 56) == 8 * numberSize && UInt32(bytes, 60) == 8 * numberSize
            ? null
            : SevCodes.Key.Finds(name, $"numbers of {8 * numberSize} bits", $"{UInt32(bytes, 56)} and {UInt32(bytes, 60)}");
    }

    // A long exponent costs who verifies, and nothing who sends it. AMD's is 65537.
    private static bool TryReadKey(ReadOnlySpan<byte> bytes, int numberSize, out RSAParameters key)
    {
        key = default;
        ReadOnlySpan<byte> exponent = bytes.Slice(HeaderSize, numberSize), modulus = bytes.Slice(HeaderSize + numberSize, numberSize);
        uint shortExponent = UInt32(exponent, 0);
        if (exponent[4..].ContainsAnyExcept((byte)0) || shortExponent < 3 || shortExponent % 2 == 0 || (modulus[^1] & 0x80) == 0 || (modulus[0] & 1) == 0)
            return false;
        byte[] e = new byte[4], n = modulus.ToArray();
        BinaryPrimitives.WriteUInt32BigEndian(e, shortExponent);
        Array.Reverse(n);
        key = new RSAParameters { Exponent = e.AsSpan(e.AsSpan().IndexOfAnyExcept((byte)0)).ToArray(), Modulus = n };
        try
        {
            RSA.Create(key).Dispose();
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private static uint UInt32(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);
}
