namespace OpenStackSev.Attestation.Results;

/// <summary>A check of a signed result, by its stable code.</summary>
/// <param name="Code">Once shipped, never changed.</param>
/// <param name="Meaning">One line, as in README.md.</param>
public sealed record EarCheck(string Code, string Meaning)
{
    /// <summary>The finding of this check. A result that does not verify is never half believed, so each is contraindicated.</summary>
    public Finding Finds(string subject, string expected, string actual) => new(Code, Verdict.Contraindicated, subject, expected, actual);
}

/// <summary>Every check of a signed result. README.md of this project has a line for each.</summary>
public static class EarCodes
{
    public static EarCheck KeysMalformed { get; } = new("ear.keys.malformed", "the issuer's keys are a JWK Set of public keys, each with a kid of its own");
    public static EarCheck Size { get; } = new("ear.token.size", "the token has at most 16384 characters");
    public static EarCheck Malformed { get; } = new("ear.token.malformed", "it is three parts of base64url, header and payload JSON objects without a key twice");
    public static EarCheck AlgorithmNotAllowed { get; } = new("ear.algorithm.not_allowed", "alg is ES384, and nothing critical is asked for");
    public static EarCheck TypeNotAllowed { get; } = new("ear.type.not_allowed", "typ is eat+jwt: no other kind of token of the same issuer is taken for a result");
    public static EarCheck KeyUnknown { get; } = new("ear.key.unknown", "kid is a key of the issuer");
    public static EarCheck SignatureMismatch { get; } = new("ear.signature.mismatch", "the key signed header and payload as they were received");
    public static EarCheck ProfileUnknown { get; } = new("ear.profile.unknown", "eat_profile is the one that this release reads");
    public static EarCheck IssuerMismatch { get; } = new("ear.issuer.mismatch", "iss is the issuer that was expected");
    public static EarCheck AudienceMismatch { get; } = new("ear.audience.mismatch", "aud holds who was expected, and is absent when nobody was");
    public static EarCheck Expired { get; } = new("ear.time.expired", "exp has not come");
    public static EarCheck NotYetValid { get; } = new("ear.time.not_yet_valid", "nbf and iat have passed");
    public static EarCheck LifetimeTooLong { get; } = new("ear.time.lifetime", "from iat to exp it is at most an hour");
    public static EarCheck ClaimMalformed { get; } = new("ear.claim.malformed", "every claim that is needed is there, of its type and in its range");
    public static EarCheck StatusInconsistent { get; } = new("ear.status.inconsistent", "ear_status is no better than the worst claim of the vector");
    public static EarCheck Simulated { get; } = new("ear.simulated", "the result is of hardware, unless simulated ones are expected");

    /// <summary>All of them, in the order in which they are made.</summary>
    public static IReadOnlyList<EarCheck> All { get; } =
    [
        KeysMalformed, Size, Malformed, AlgorithmNotAllowed, TypeNotAllowed, KeyUnknown, SignatureMismatch, ProfileUnknown, IssuerMismatch,
        AudienceMismatch, Expired, NotYetValid, LifetimeTooLong, ClaimMalformed, StatusInconsistent, Simulated,
    ];
}
