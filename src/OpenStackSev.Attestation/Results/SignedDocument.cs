using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace OpenStackSev.Attestation.Results;

/// <summary>JSON that is signed as a whole: a JWS in compact form (RFC 7515), ES384, with a type of its own so that no one is taken for another.</summary>
public static class SignedDocument
{
    public const string Algorithm = SecurityAlgorithms.EcdsaSha384;

    /// <param name="json">It may not hold what must stay secret: the form hides nothing.</param>
    /// <param name="type">Of the document, in the header's <c>typ</c>.</param>
    public static string Sign(string json, string type, EarSigningKey key) => key.Use(ecdsa =>
    {
        // Its cache would keep the key, and sign with it, after it was disposed.
        ECDsaSecurityKey securityKey = new(ecdsa)
        {
            KeyId = key.KeyId,
            CryptoProviderFactory = new() { CacheSignatureProviders = false },
        };
        Dictionary<string, object> header = new(StringComparer.Ordinal) { [JwtHeaderParameterNames.Typ] = type };
        return new JsonWebTokenHandler().CreateToken(json, new SigningCredentials(securityKey, Algorithm), header);
    });
}
