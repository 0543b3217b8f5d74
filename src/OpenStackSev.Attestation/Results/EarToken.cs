using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;
using OpenStackSev.Attestation.Appraisal;

namespace OpenStackSev.Attestation.Results;

/// <summary>What a relying party asks of a result before it reads it.</summary>
/// <param name="Issuer">Whose results are taken.</param>
/// <param name="Audience">Who is asking; null when results are not made out to anybody. A result that is made out to somebody is then refused.</param>
/// <param name="Skew">How far two clocks may differ: 0 to 5 minutes.</param>
/// <param name="AcceptSimulated">Whether results that prove nothing about hardware are taken: never in production.</param>
public sealed record EarExpectation(string Issuer, string? Audience = null, TimeSpan Skew = default, bool AcceptSimulated = false);

/// <summary>A signed result that verified. Its times are whole seconds.</summary>
/// <param name="Claims">What it says. Gate on <see cref="EarClaims.Status"/>, and talk to the holder of <see cref="EarClaims.Confirmation"/> only.</param>
/// <param name="Issuer">As it was expected.</param>
/// <param name="Audience">As it was expected.</param>
/// <param name="IssuedAt">From when it counts.</param>
/// <param name="ExpiresAt">From when it no longer counts.</param>
/// <param name="KeyId">The issuer's key that signed.</param>
public sealed record EarResult(EarClaims Claims, string Issuer, string? Audience, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt, string KeyId);

/// <summary>Signs and verifies results: a JWT, ES384.</summary>
/// <remarks>Source: draft-ietf-rats-ear-04; RFC 7519, 7515, 7518, 7638, 7800 and, for what is refused, RFC 8725.</remarks>
public static class EarToken
{
    /// <summary>The only algorithm that is written or taken.</summary>
    public const string Algorithm = SecurityAlgorithms.EcdsaSha384;

    /// <summary>The <c>typ</c> of a result: RFC 9782's media type without <c>application/</c>.</summary>
    public const string Type = "eat+jwt";

    /// <summary>In characters.</summary>
    public const int MaximumSize = 16384;

    /// <summary>A result says what was found; soon it is only history.</summary>
    public static TimeSpan MaximumLifetime { get; } = TimeSpan.FromHours(1);

    private static readonly TimeSpan s_maximumSkew = TimeSpan.FromMinutes(5);

    /// <summary>Signs what was found, good or bad.</summary>
    /// <remarks>
    /// Whether to sign at all is the caller's: anybody can send bytes in an instance's name, so a service takes what is not
    /// <see cref="AttestationResult.Genuine"/>, or answers another challenge, for no answer, and signs nothing about the instance.
    /// </remarks>
    /// <param name="result">What was found.</param>
    /// <param name="subject">Of whom.</param>
    /// <param name="confirmation">The guest's key, which the challenge was made with.</param>
    /// <param name="issuer">Whose result it is, 1 to 255 characters; relying parties compare it.</param>
    /// <param name="audience">For whom; null for anybody.</param>
    /// <param name="key">The issuer's.</param>
    /// <param name="now">From when it counts.</param>
    /// <param name="lifetime">1 second to <see cref="MaximumLifetime"/>; fractions are cut off.</param>
    /// <param name="policyVersion">Which policy of its name, e.g. a number or <see cref="PolicyDocument.Digest"/>.</param>
    /// <exception cref="ArgumentException">
    /// There is no key of the guest, or no challenge bound it: whoever held such a result could show it as his own. Or a text is not as it must be.
    /// </exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="lifetime"/>.</exception>
    public static string Sign(AttestationResult result, OpenStackSubject subject, ConfirmationKey? confirmation, string issuer, string? audience,
        EarSigningKey key, DateTimeOffset now, TimeSpan lifetime, string? policyVersion = null)
    {
        if (confirmation is null)
            throw new ArgumentException("a result without the guest's key is anybody's: nothing is signed", nameof(confirmation));
        if (result.NotChecked.Contains(Unchecked.ReportData))
            throw new ArgumentException("no REPORT_DATA was expected, so nothing binds the guest's key: appraise the answer to a challenge", nameof(result));
        if (!EarPayload.IsText(issuer))
            throw new ArgumentException("1 to 255 characters are needed", nameof(issuer));
        if (audience is not null && !EarPayload.IsText(audience))
            throw new ArgumentException("1 to 255 characters are needed, or null", nameof(audience));
        if (lifetime < TimeSpan.FromSeconds(1) || lifetime > MaximumLifetime)
            throw new ArgumentOutOfRangeException(nameof(lifetime), lifetime, $"1 second to {MaximumLifetime}");
        EarClaims claims = EarClaims.From(result, subject, confirmation, policyVersion);
        if (EarPayload.Unwritable(claims) is { } unwritable)
            throw new ArgumentException(unwritable, nameof(subject));

        long issuedAt = now.ToUnixTimeSeconds();
        string payload = EarPayload.Write(claims, confirmation, issuer, audience, issuedAt, issuedAt + (long)lifetime.TotalSeconds);
        return SignedDocument.Sign(payload, Type, key);
    }

    /// <summary>Verifies a token. Nothing of one that does not verify is given out.</summary>
    /// <param name="token">Untrusted; never an exception.</param>
    /// <param name="keys">The issuer's.</param>
    /// <param name="expected">What is asked of it.</param>
    /// <param name="now">When it is read.</param>
    /// <param name="result">What it says; null when there is a finding.</param>
    /// <param name="findings">Of <see cref="EarCodes"/>: until the signature holds the first one alone, then all.</param>
    /// <exception cref="ArgumentOutOfRangeException"><see cref="EarExpectation.Skew"/>.</exception>
    public static bool Verify(string token, EarVerificationKeys keys, EarExpectation expected, DateTimeOffset now,
        [NotNullWhen(true)] out EarResult? result, out IReadOnlyList<Finding> findings)
    {
        if (expected.Skew < TimeSpan.Zero || expected.Skew > s_maximumSkew)
            throw new ArgumentOutOfRangeException(nameof(expected), expected.Skew, $"skew is 0 to {s_maximumSkew}");
        result = null;
        List<Finding> found = [];
        findings = found;
        if (token.Length > MaximumSize)
        {
            found.Add(EarCodes.Size.Finds("token", $"at most {MaximumSize} characters", $"{token.Length}"));
            return false;
        }
        string[] parts = token.Split('.', 4);
        if (parts.Length != 3 || Decode(parts[0]) is not { } headerBytes || Decode(parts[1]) is not { } payloadBytes || Decode(parts[2]) is not { } signature)
        {
            found.Add(EarCodes.Malformed.Finds("token", "three parts of base64url without padding", $"{parts.Length} parts"));
            return false;
        }
        using JsonDocument? header = StrictJson.Object(headerBytes, MaximumSize);
        if (header is null)
        {
            found.Add(EarCodes.Malformed.Finds("header", "a JSON object with each key once", "something else"));
            return false;
        }
        if (Authenticated(header.RootElement, parts, signature, keys, out string keyId) is { } forged)
        {
            found.Add(forged);
            return false;
        }

        using JsonDocument? payload = StrictJson.Object(payloadBytes, MaximumSize);
        if (payload is null)
        {
            found.Add(EarCodes.Malformed.Finds("payload", "a JSON object with each key once", "something else"));
            return false;
        }
        result = Read(payload.RootElement, expected, now, keyId, found);
        if (found.Count > 0)
            result = null;
        return result is not null;
    }

    // The header chooses nothing: what it may say is fixed, and a key comes from the issuer's set only, never from jku, jwk or x5u.
    private static Finding? Authenticated(JsonElement header, string[] parts, byte[] signature, EarVerificationKeys keys, out string keyId)
    {
        keyId = StrictJson.Text(header, "kid") ?? "";
        if (StrictJson.Text(header, "alg") is not Algorithm || header.TryGetProperty("crit", out _) || header.TryGetProperty("b64", out _))
            return EarCodes.AlgorithmNotAllowed.Finds("alg", $"{Algorithm}, without crit or b64", Quote(StrictJson.Text(header, "alg")));
        if (StrictJson.Text(header, "typ") is not Type)
            return EarCodes.TypeNotAllowed.Finds("typ", Type, Quote(StrictJson.Text(header, "typ")));
        if (keys.Find(keyId) is not { } key)
            return EarCodes.KeyUnknown.Finds("kid", "a key of the issuer", Quote(keyId));
        using ECDsa publicKey = key.Create();
        byte[] signed = Encoding.ASCII.GetBytes($"{parts[0]}.{parts[1]}");
        return publicKey.VerifyData(signed, signature, HashAlgorithmName.SHA384, DSASignatureFormat.IeeeP1363FixedFieldConcatenation)
            ? null
            : EarCodes.SignatureMismatch.Finds("signature", $"made by {keyId}", "it does not verify");
    }

    private static EarResult? Read(JsonElement payload, EarExpectation expected, DateTimeOffset now, string keyId, List<Finding> found)
    {
        if (StrictJson.Text(payload, "eat_profile") is not EarClaims.Profile)
        {
            // What another profile's claims mean is not known here.
            found.Add(EarCodes.ProfileUnknown.Finds("eat_profile", EarClaims.Profile, Quote(StrictJson.Text(payload, "eat_profile"))));
            return null;
        }
        if (StrictJson.Text(payload, "iss") != expected.Issuer)
            found.Add(EarCodes.IssuerMismatch.Finds("iss", expected.Issuer, Quote(StrictJson.Text(payload, "iss"))));
        if (!IsFor(payload, expected.Audience))
            found.Add(EarCodes.AudienceMismatch.Finds("aud", expected.Audience ?? "none", "another"));
        (DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt)? times = Times(payload, expected.Skew, now, found);
        EarClaims? claims = EarPayload.Read(payload, out string? wrong);
        if (claims is null)
            found.Add(EarCodes.ClaimMalformed.Finds(wrong!, "as README.md has it", "missing, or of another form"));
        if (claims is null || times is not { } lifetime)
            return null;
        if (EarClaims.Worse(claims.Status, claims.Vector.Tier) != claims.Status)
            found.Add(EarCodes.StatusInconsistent.Finds("ear_status", "no better than the vector", claims.Status.ToString()));
        if (claims.Simulated && !expected.AcceptSimulated)
            found.Add(EarCodes.Simulated.Finds("simulated", "a result of hardware", "a simulated one"));
        return new(claims, expected.Issuer, expected.Audience, lifetime.IssuedAt, lifetime.ExpiresAt, keyId);
    }

    private static (DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt)? Times(JsonElement payload, TimeSpan skew, DateTimeOffset now, List<Finding> found)
    {
        DateTimeOffset? notBefore = EarPayload.Time(payload, "nbf");
        if (EarPayload.Time(payload, "iat") is not { } issuedAt || EarPayload.Time(payload, "exp") is not { } expiresAt
            || notBefore is null && payload.TryGetProperty("nbf", out _))
        {
            found.Add(EarCodes.ClaimMalformed.Finds("iat, nbf, exp", "whole seconds since 1970; iat and exp are needed", "missing, or of another form"));
            return null;
        }
        // RFC 7519: on or after exp it must not be accepted; before nbf neither.
        if (now - skew >= expiresAt)
            found.Add(EarCodes.Expired.Finds("exp", $"after {now:u}", $"{expiresAt:u}"));
        if (now + skew < issuedAt || now + skew < notBefore)
            found.Add(EarCodes.NotYetValid.Finds("iat, nbf", $"not after {now:u}", $"{(notBefore > issuedAt ? notBefore : issuedAt):u}"));
        if (expiresAt - issuedAt > MaximumLifetime || expiresAt <= issuedAt)
            found.Add(EarCodes.LifetimeTooLong.Finds("exp", $"at most {MaximumLifetime} after iat, and after it", $"{expiresAt - issuedAt}"));
        return (issuedAt, expiresAt);
    }

    private static bool IsFor(JsonElement payload, string? audience)
    {
        if (!payload.TryGetProperty("aud", out JsonElement value))
            return audience is null;
        if (audience is null)
            return false;
        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString() == audience,
            JsonValueKind.Array => value.EnumerateArray().Any(item => item.ValueKind == JsonValueKind.String && item.GetString() == audience),
            _ => false,
        };
    }

    // Only the one form that an encoder writes: a second text of the same bytes would be a second token.
    private static byte[]? Decode(string part)
    {
        if (part.Length == 0 || !Base64Url.IsValid(part))
            return null;
        byte[] bytes = Base64Url.DecodeFromChars(part);
        return Base64Url.EncodeToString(bytes) == part ? bytes : null;
    }

    private static string Quote(string? text) => text is null ? "none" : JsonReading.Quote(text);
}
