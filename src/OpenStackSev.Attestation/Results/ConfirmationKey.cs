using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;

namespace OpenStackSev.Attestation.Results;

/// <summary>The guest's public key: who holds its private half is who the result is about. The <c>cnf</c> claim of RFC 7800.</summary>
/// <remarks>
/// It comes from the guest and says nothing by itself. What ties it to a report is REPORT_DATA, which holds its hash; so give a result only the
/// key that its challenge was made with.
/// </remarks>
public sealed class ConfirmationKey : IEquatable<ConfirmationKey>
{
    private const int MaximumSize = 4096;
    private readonly EllipticPublicKey? _key;

    private ConfirmationKey(EllipticPublicKey? key, string thumbprint) => (_key, Thumbprint) = (key, thumbprint);

    /// <summary>SHA-256 of the JWK (RFC 7638), base64url.</summary>
    public string Thumbprint { get; }

    /// <summary>False when only the thumbprint is known; it is then the <c>jkt</c> member (RFC 9449).</summary>
    public bool HasKey => _key is not null;

    /// <exception cref="ArgumentException">The key is not on P-256 or P-384.</exception>
    public static ConfirmationKey Of(ECDsa publicKey)
    {
        EllipticPublicKey key = EllipticPublicKey.Of(publicKey);
        return new(key, key.Thumbprint);
    }

    /// <summary>Reads a DER SubjectPublicKeyInfo, nothing after it. Never throws: the guest wrote it.</summary>
    public static bool TryFromSubjectPublicKeyInfo(ReadOnlySpan<byte> der, [NotNullWhen(true)] out ConfirmationKey? key)
    {
        key = EllipticPublicKey.TryReadInfo(der, out EllipticPublicKey? read) ? new(read, read.Thumbprint) : null;
        return key is not null;
    }

    /// <summary>Reads a public JWK with <c>kty</c> EC, at most 4 KiB. Never throws: the guest wrote it.</summary>
    /// <returns>False for other kinds of key, a point off the curve, and a private key.</returns>
    public static bool TryFromJwk(ReadOnlySpan<byte> json, [NotNullWhen(true)] out ConfirmationKey? key)
    {
        using JsonDocument? document = StrictJson.Object(json, MaximumSize);
        key = document is not null && EllipticPublicKey.TryRead(document.RootElement, out EllipticPublicKey? read) ? new(read, read.Thumbprint) : null;
        return key is not null;
    }

    /// <summary>A key that is known by its RFC 7638 SHA-256 thumbprint: 43 characters of base64url.</summary>
    public static bool TryFromThumbprint(string thumbprint, [NotNullWhen(true)] out ConfirmationKey? key)
    {
        key = EllipticPublicKey.IsCanonical(thumbprint, SHA256.HashSizeInBytes) ? new(null, thumbprint) : null;
        return key is not null;
    }

    /// <summary>The public key; null when only its thumbprint is known. The caller disposes it.</summary>
    public ECDsa? CreatePublicKey() => _key?.Create();

    /// <summary>Reads a <c>cnf</c> claim that has a <c>jwk</c> or a <c>jkt</c>, and not both.</summary>
    internal static bool TryRead(JsonElement confirmation, [NotNullWhen(true)] out ConfirmationKey? key)
    {
        key = null;
        if (confirmation.ValueKind != JsonValueKind.Object)
            return false;
        bool hasKey = confirmation.TryGetProperty("jwk", out JsonElement jwk), hasThumbprint = confirmation.TryGetProperty("jkt", out _);
        if (hasKey == hasThumbprint)
            return false;
        if (hasThumbprint)
            return StrictJson.Text(confirmation, "jkt") is { } thumbprint && TryFromThumbprint(thumbprint, out key);
        if (jwk.ValueKind == JsonValueKind.Object && EllipticPublicKey.TryRead(jwk, out EllipticPublicKey? read))
            key = new(read, read.Thumbprint);
        return key is not null;
    }

    internal void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        if (_key is { } key)
        {
            json.WriteStartObject("jwk");
            key.WriteMembers(json);
            json.WriteEndObject();
        }
        else
        {
            json.WriteString("jkt", Thumbprint);
        }
        json.WriteEndObject();
    }

    /// <summary>Two are the same key when their thumbprints are.</summary>
    public bool Equals(ConfirmationKey? other) => other?.Thumbprint == Thumbprint;

    public override bool Equals(object? obj) => Equals(obj as ConfirmationKey);

    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(Thumbprint);

    public override string ToString() => Thumbprint;
}
