using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace OpenStackSev.Attestation.Results;

/// <summary>A public key on P-256 or P-384, as RFC 7518 writes it. Its point is on the curve.</summary>
/// <param name="Curve"><c>P-256</c> or <c>P-384</c>.</param>
/// <param name="X">Base64url of 32 or 48 bytes.</param>
/// <param name="Y">Base64url of 32 or 48 bytes.</param>
internal sealed record EllipticPublicKey(string Curve, string X, string Y)
{
    public const string P256 = "P-256";
    public const string P384 = "P-384";

    // SubjectPublicKeyInfo up to the point's coordinates. Source: RFC 5480, sections 2.1.1 and 2.2.
    private static readonly (string Curve, byte[] Beginning, int Size)[] s_infos =
    [
        (P256, Convert.FromHexString("3059301306072A8648CE3D020106082A8648CE3D03010703420004"), 32),
        (P384, Convert.FromHexString("3076301006072A8648CE3D020106052B8104002203620004"), 48),
    ];

    // p and b. Source: NIST SP 800-186, sections 3.2.1.3 and 3.2.1.4.
    private static readonly (BigInteger P, BigInteger B) s_p256 = (
        Number("ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"),
        Number("5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b"));

    private static readonly (BigInteger P, BigInteger B) s_p384 = (
        Number("fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff"),
        Number("b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef"));

    /// <summary>The JWK thumbprint of RFC 7638: base64url of the SHA-256 of the key's needed members, sorted, without space.</summary>
    public string Thumbprint =>
        Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes($$"""{"crv":"{{Curve}}","kty":"EC","x":"{{X}}","y":"{{Y}}"}""")));

    /// <exception cref="ArgumentException">The key is of another curve.</exception>
    public static EllipticPublicKey Of(ECDsa key)
    {
        ECParameters parameters = key.ExportParameters(includePrivateParameters: false);
        string? curve = !parameters.Curve.IsNamed ? null : key.KeySize switch { 256 => P256, 384 => P384, _ => null };
        return curve is not null && TryParse(curve, Base64Url.EncodeToString(parameters.Q.X), Base64Url.EncodeToString(parameters.Q.Y), out EllipticPublicKey? read)
            ? read
            : throw new ArgumentException($"a key on P-256 or P-384 is needed, not one of {key.KeySize} bits on another curve", nameof(key));
    }

    /// <summary>Reads <c>kty</c>, <c>crv</c>, <c>x</c> and <c>y</c> of a JWK. One that holds a private key is refused: it has been given away.</summary>
    public static bool TryRead(JsonElement jwk, [NotNullWhen(true)] out EllipticPublicKey? key)
    {
        key = null;
        return StrictJson.Text(jwk, "kty") == "EC" && !jwk.TryGetProperty("d", out _)
            && TryParse(StrictJson.Text(jwk, "crv"), StrictJson.Text(jwk, "x"), StrictJson.Text(jwk, "y"), out key);
    }

    /// <summary>Reads a DER SubjectPublicKeyInfo of an uncompressed point on a named curve, nothing after it.</summary>
    /// <remarks>By its bytes: ECDsa.ImportSubjectPublicKeyInfo computes with whatever curve the bytes describe, and throws on names it does not know.</remarks>
    public static bool TryReadInfo(ReadOnlySpan<byte> der, [NotNullWhen(true)] out EllipticPublicKey? key)
    {
        key = null;
        foreach ((string curve, byte[] beginning, int size) in s_infos)
        {
            if (der.StartsWith(beginning) && der.Length == beginning.Length + (2 * size))
            {
                ReadOnlySpan<byte> point = der[beginning.Length..];
                return TryParse(curve, Base64Url.EncodeToString(point[..size]), Base64Url.EncodeToString(point[size..]), out key);
            }
        }
        return false;
    }

    /// <summary>The key, to verify with. The caller disposes it.</summary>
    public ECDsa Create() => ECDsa.Create(Parameters(Curve, X, Y));

    public void WriteMembers(Utf8JsonWriter json)
    {
        json.WriteString("kty", "EC");
        json.WriteString("crv", Curve);
        json.WriteString("x", X);
        json.WriteString("y", Y);
    }

    private static bool TryParse(string? curve, string? x, string? y, [NotNullWhen(true)] out EllipticPublicKey? key)
    {
        key = null;
        int size = curve switch { P256 => 32, P384 => 48, _ => 0 };
        if (size == 0 || !IsCanonical(x, size) || !IsCanonical(y, size))
            return false;
        if (!IsOnCurve(curve == P256 ? s_p256 : s_p384, Base64Url.DecodeFromChars(x), Base64Url.DecodeFromChars(y)))
            return false;
        key = new(curve!, x!, y!);
        return true;
    }

    /// <summary>y² = x³ - 3x + b. Both curves have cofactor 1: each of their points but infinity, which this form cannot write, is a public key.</summary>
    /// <remarks>By hand, because importing the key makes .NET multiply the point by the curve's order, which costs more than to verify a signature.</remarks>
    private static bool IsOnCurve((BigInteger P, BigInteger B) curve, ReadOnlySpan<byte> x, ReadOnlySpan<byte> y)
    {
        BigInteger left = new(x, isUnsigned: true, isBigEndian: true), right = new(y, isUnsigned: true, isBigEndian: true);
        return left < curve.P && right < curve.P && (((left * left - 3) * left + curve.B - right * right) % curve.P).IsZero;
    }

    /// <summary>Whether a text is the one base64url form, without padding, of so many bytes.</summary>
    public static bool IsCanonical([NotNullWhen(true)] string? text, int size) =>
        text is not null && text.Length == Base64Url.GetEncodedLength(size) && Base64Url.IsValid(text)
        && Base64Url.EncodeToString(Base64Url.DecodeFromChars(text)) == text;

    private static BigInteger Number(string hex) => new(Convert.FromHexString(hex), isUnsigned: true, isBigEndian: true);

    private static ECParameters Parameters(string curve, string x, string y) => new()
    {
        Curve = curve == P256 ? ECCurve.NamedCurves.nistP256 : ECCurve.NamedCurves.nistP384,
        Q = new() { X = Base64Url.DecodeFromChars(x), Y = Base64Url.DecodeFromChars(y) },
    };
}
