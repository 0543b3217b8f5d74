using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text.Json;

namespace OpenStackSev.Attestation.Results;

/// <summary>The private key that results are signed with: ECDSA on P-384. Its holder is believed by every relying party.</summary>
public sealed class EarSigningKey : IDisposable
{
    private readonly Lock _signing = new();
    private readonly ECDsa _key;
    private bool _disposed;

    private EarSigningKey(ECDsa key, EllipticPublicKey publicKey) => (_key, PublicKey, KeyId) = (key, publicKey, publicKey.Thumbprint);

    /// <summary>The RFC 7638 SHA-256 thumbprint, base64url.</summary>
    public string KeyId { get; }

    internal EllipticPublicKey PublicKey { get; }

    public static EarSigningKey Create() => Owning(ECDsa.Create(ECCurve.NamedCurves.nistP384));

    /// <param name="pem">A private key in PKCS #8 or SEC 1, not encrypted.</param>
    /// <exception cref="ArgumentException">It is no private key on P-384.</exception>
    public static EarSigningKey FromPem(string pem)
    {
        ECDsa key = ECDsa.Create();
        try
        {
            key.ImportFromPem(pem);
            return Owning(key);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            key.Dispose();
        }
        // Without the inner exception: its text could quote the key.
        throw new ArgumentException("not an unencrypted private key on P-384 in PEM", nameof(pem));
    }

    /// <summary>The private key in PKCS #8 PEM. Whoever reads it can sign results.</summary>
    public string ExportPem() => _key.ExportPkcs8PrivateKeyPem();

    public void Dispose()
    {
        lock (_signing)
        {
            _disposed = true;
            _key.Dispose();
        }
    }

    // An ECDsa is not made for several threads; a service signs on many.
    internal T Use<T>(Func<ECDsa, T> sign)
    {
        lock (_signing)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return sign(_key);
        }
    }

    private static EarSigningKey Owning(ECDsa key)
    {
        EllipticPublicKey publicKey = EllipticPublicKey.Of(key);
        if (publicKey.Curve != EllipticPublicKey.P384)
            throw new ArgumentException("ES384 takes a key on P-384", nameof(key));
        key.ExportParameters(includePrivateParameters: true);    // a public key alone throws here, and not when the first result is due
        return new(key, publicKey);
    }
}

/// <summary>The public keys that results are verified with: a JWK Set (RFC 7517).</summary>
/// <remarks>It decides whom a relying party believes: take it from the issuer over an authenticated channel.</remarks>
public sealed class EarVerificationKeys
{
    /// <summary>In bytes.</summary>
    public const int MaximumSize = 1 << 16;

    private readonly Dictionary<string, EllipticPublicKey> _keys;

    private EarVerificationKeys(Dictionary<string, EllipticPublicKey> keys) => _keys = keys;

    /// <summary>The <c>kid</c> of every key that verifies ES384.</summary>
    public IReadOnlyCollection<string> KeyIds => _keys.Keys;

    /// <summary>The RFC 7638 SHA-256 thumbprint of each, base64url, by <c>kid</c>: what two people compare.</summary>
    public IReadOnlyDictionary<string, string> Thumbprints => _keys.ToDictionary(key => key.Key, key => key.Value.Thumbprint, StringComparer.Ordinal);

    /// <summary>Those of the thumbprints.</summary>
    public EarVerificationKeys Only(IReadOnlyCollection<string> thumbprints) =>
        new(_keys.Where(key => thumbprints.Contains(key.Value.Thumbprint)).ToDictionary(StringComparer.Ordinal));

    /// <summary>The public halves, e.g. of the key that signs and of the one before it, whose results still live.</summary>
    public static EarVerificationKeys Of(params ReadOnlySpan<EarSigningKey> keys)
    {
        Dictionary<string, EllipticPublicKey> known = new(StringComparer.Ordinal);
        foreach (EarSigningKey key in keys)
            known[key.KeyId] = key.PublicKey;
        return new(known);
    }

    /// <summary>Reads a JWK Set. Keys of other kinds, curves, uses and algorithms are left out, as RFC 7517 asks; a key without a <c>kid</c> too.</summary>
    /// <param name="json">At most 64 KiB. Never throws.</param>
    /// <param name="keys">Null when the set is malformed.</param>
    /// <param name="malformed">
    /// Null when it was read. A <c>kid</c> of two keys and a private key are malformed: nobody knows which is meant, or who has it.
    /// </param>
    public static bool TryParse(ReadOnlySpan<byte> json, [NotNullWhen(true)] out EarVerificationKeys? keys, [NotNullWhen(false)] out Finding? malformed)
    {
        keys = null;
        using JsonDocument? document = StrictJson.Object(json, MaximumSize);
        if (document is null || !document.RootElement.TryGetProperty("keys", out JsonElement list) || list.ValueKind != JsonValueKind.Array)
        {
            malformed = EarCodes.KeysMalformed.Finds("keys", $"a JWK Set of at most {MaximumSize} bytes", "something else");
            return false;
        }
        Dictionary<string, EllipticPublicKey> known = new(StringComparer.Ordinal);
        foreach (JsonElement jwk in list.EnumerateArray())
        {
            if (jwk.ValueKind == JsonValueKind.Object && jwk.TryGetProperty("d", out _))
            {
                malformed = EarCodes.KeysMalformed.Finds("keys", "public keys", "a private key, which is now known to others");
                return false;
            }
            if (StrictJson.Text(jwk, "kid") is not { } id || !MayVerify(jwk)
                || !EllipticPublicKey.TryRead(jwk, out EllipticPublicKey? key) || key.Curve != EllipticPublicKey.P384)
            {
                continue;
            }
            if (!known.TryAdd(id, key))
            {
                malformed = EarCodes.KeysMalformed.Finds("kid", "a different one for each key", "the same of two");
                return false;
            }
        }
        keys = new(known);
        malformed = null;
        return true;
    }

    /// <summary>The JWK Set, as it is served at <c>/.well-known/jwks.json</c>.</summary>
    /// <returns>UTF-8; the same for the same keys, in their order.</returns>
    public byte[] Write()
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            json.WriteStartArray("keys");
            foreach ((string id, EllipticPublicKey key) in _keys)
            {
                json.WriteStartObject();
                key.WriteMembers(json);
                json.WriteString("use", "sig");
                json.WriteString("alg", EarToken.Algorithm);
                json.WriteString("kid", id);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return stream.ToArray();
    }

    internal EllipticPublicKey? Find(string id) => _keys.GetValueOrDefault(id);

    private static bool MayVerify(JsonElement jwk) =>
        (!jwk.TryGetProperty("use", out JsonElement use) || use.ValueKind == JsonValueKind.String && use.GetString() == "sig")
        && (!jwk.TryGetProperty("alg", out JsonElement algorithm) || algorithm.ValueKind == JsonValueKind.String && algorithm.GetString() == EarToken.Algorithm);
}
