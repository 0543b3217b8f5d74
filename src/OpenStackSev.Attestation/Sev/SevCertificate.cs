using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;

namespace OpenStackSev.Attestation.Sev;

/// <summary>Whose key a certificate holds, or whose signature a slot.</summary>
/// <remarks>Source: AMD 55766 "Public Key and Signature Usage".</remarks>
public enum SevUsage : uint
{
    Ark = 0x0,
    Ask = 0x13,
    Oca = 0x1001,
    Pek = 0x1002,
    Pdh = 0x1003,
    Cek = 0x1004,
}

/// <summary>A certificate of plain SEV's own format. Parsed, not yet believed.</summary>
/// <remarks>
/// Wire form: exactly 2084 bytes, little-endian. Signatures cover bytes 0x000..0x414 as received. Two slots hold them in any order, each with the
/// usage of the key that signed; a slot of no such usage is empty (one of AMD's own CEKs once had garbage there).
/// Source: AMD 55766 "SEV Certificate Format".
/// </remarks>
public sealed class SevCertificate
{
    public const int Size = 0x824;

    private const int BodySize = 0x414, SlotSize = 0x208, Coordinate = 72;
    private const int KeyOffset = 0x010, KeyEnd = BodySize;
    private const uint EcdsaSha256 = 2, EcdhSha256 = 3, EcdsaSha384 = 0x102, EcdhSha384 = 0x103;

    private readonly byte[] _bytes;
    private readonly ECParameters _key;

    private SevCertificate(byte[] bytes, SevUsage usage, ECParameters key) => (_bytes, Usage, _key) = (bytes, usage, key);

    public SevUsage Usage { get; }

    /// <summary>Version of the firmware's API when the certificate was made: <c>major.minor</c>.</summary>
    public string Api => $"{_bytes[4]}.{_bytes[5]}";

    /// <summary>SHA-256 of key and curve as they are on the wire, in lower-case hexadecimal: the key's name.</summary>
    public string KeyDigest => Convert.ToHexStringLower(SHA256.HashData(_bytes.AsSpan(KeyOffset, KeyEnd - KeyOffset)));

    /// <param name="usage">The only one that is taken.</param>
    /// <returns>False with the first thing that is wrong; never throws on input.</returns>
    public static bool TryParse(ReadOnlySpan<byte> bytes, SevUsage usage,
        [NotNullWhen(true)] out SevCertificate? certificate, [NotNullWhen(false)] out Finding? malformed)
    {
        certificate = null;
        string name = Name(usage);
        malformed = Problem(bytes, usage, name);
        if (malformed is not null)
            return false;
        if (!TryReadKey(bytes, out ECParameters key))
        {
            malformed = SevCodes.Key.Finds(name, "a point of P-256 or P-384", "none");
            return false;
        }

        certificate = new(bytes.ToArray(), usage, key);
        return true;
    }

    internal static string Name(SevUsage usage) => usage.ToString().ToUpperInvariant();

    internal bool HasSameKey(SevCertificate other) =>
        _bytes.AsSpan(KeyOffset, KeyEnd - KeyOffset).SequenceEqual(other._bytes.AsSpan(KeyOffset, KeyEnd - KeyOffset));

    /// <summary>A slot says that the key of this usage signed.</summary>
    internal bool NamesSigner(SevUsage signer) => Slots(signer).Any();

    /// <summary>This certificate's key signed the other, in one of the slots that say so.</summary>
    internal bool Signed(SevCertificate other)
    {
        using ECDsa key = ECDsa.Create(_key);
        foreach ((uint algorithm, byte[] signature) in other.Slots(Usage))
        {
            if (algorithm is not (EcdsaSha256 or EcdsaSha384) || !TryReadSignature(signature, _key.Q.X!.Length, out byte[]? numbers))
                continue;
            byte[] hash = algorithm == EcdsaSha256 ? SHA256.HashData(other._bytes.AsSpan(0, BodySize)) : SHA384.HashData(other._bytes.AsSpan(0, BodySize));
            if (key.VerifyHash(hash, numbers))
                return true;
        }

        return false;
    }

    /// <summary>AMD's intermediate key signed this certificate.</summary>
    internal bool IsSignedBy(AmdCertificate ask) =>
        Slots(SevUsage.Ask).Any(slot => slot.Algorithm == ask.Algorithm && ask.Verifies(_bytes.AsSpan(0, BodySize), slot.Signature));

    private static Finding? Problem(ReadOnlySpan<byte> bytes, SevUsage usage, string name)
    {
        if (bytes.Length != Size)
            return SevCodes.Size.Finds(name, $"{Size} bytes", $"{bytes.Length}");
        if (UInt32(bytes, 0x000) is not 1 and uint version)
            return SevCodes.Version.Finds(name, "1", $"{version}");
        if (UInt32(bytes, 0x008) is uint found && found != (uint)usage)
            return SevCodes.Usage.Finds(name, $"0x{(uint)usage:x}", $"0x{found:x}");
        if (bytes[0x006..0x008].ContainsAnyExcept((byte)0))
            return SevCodes.Reserved.Finds(name, "zero after API_MINOR", "other bytes");
        uint algorithm = UInt32(bytes, 0x00C);
        bool fits = usage == SevUsage.Pdh ? algorithm is EcdhSha256 or EcdhSha384 : algorithm is EcdsaSha256 or EcdsaSha384;
        if (!fits)
            return SevCodes.Key.Finds(name, usage == SevUsage.Pdh ? "an ECDH key" : "an ECDSA key", $"algorithm 0x{algorithm:x}");
        return bytes[(KeyOffset + 4 + (2 * Coordinate))..KeyEnd].ContainsAnyExcept((byte)0)
            ? SevCodes.Reserved.Finds(name, "zero after the public key", "other bytes")
            : null;
    }

    private static bool TryReadKey(ReadOnlySpan<byte> bytes, out ECParameters key)
    {
        key = default;
        (ECCurve curve, int length) = UInt32(bytes, KeyOffset) switch
        {
            1 => (ECCurve.NamedCurves.nistP256, 32),
            2 => (ECCurve.NamedCurves.nistP384, 48),
            _ => (default, 0),
        };
        if (length == 0 || !TryReadNumber(bytes.Slice(KeyOffset + 4, Coordinate), length, out byte[]? x)
            || !TryReadNumber(bytes.Slice(KeyOffset + 4 + Coordinate, Coordinate), length, out byte[]? y))
        {
            return false;
        }

        key = new ECParameters { Curve = curve, Q = new ECPoint { X = x, Y = y } };
        try
        {
            // Refuses a point that is not on the curve.
            ECDsa.Create(key).Dispose();
            return true;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }

    private IEnumerable<(uint Algorithm, byte[] Signature)> Slots(SevUsage signer)
    {
        for (int offset = BodySize; offset < Size; offset += SlotSize)
        {
            if (UInt32(_bytes, offset) == (uint)signer)
                yield return (UInt32(_bytes, offset + 4), _bytes[(offset + 8)..(offset + SlotSize)]);
        }
    }

    // r and s, little-endian in 72 bytes each → r ‖ s, big-endian, as IEEE P1363 has it.
    private static bool TryReadSignature(ReadOnlySpan<byte> wire, int length, [NotNullWhen(true)] out byte[]? signature)
    {
        signature = null;
        if (wire[(2 * Coordinate)..].ContainsAnyExcept((byte)0)
            || !TryReadNumber(wire[..Coordinate], length, out byte[]? r) || !TryReadNumber(wire.Slice(Coordinate, Coordinate), length, out byte[]? s))
        {
            return false;
        }

        signature = [.. r, .. s];
        return true;
    }

    private static bool TryReadNumber(ReadOnlySpan<byte> littleEndian, int length, [NotNullWhen(true)] out byte[]? bigEndian)
    {
        bigEndian = null;
        if (littleEndian[length..].ContainsAnyExcept((byte)0))
            return false;
        bigEndian = littleEndian[..length].ToArray();
        Array.Reverse(bigEndian);
        return true;
    }

    private static uint UInt32(ReadOnlySpan<byte> bytes, int offset) => BinaryPrimitives.ReadUInt32LittleEndian(bytes[offset..]);
}
