namespace OpenStackSev.Api.Errors;

/// <summary>What can be wrong with any request, whatever it asks for.</summary>
public static class RequestErrors
{
    public static readonly ErrorCode Invalid = new("attestation.request.invalid", 400, "Bad Request",
        "the body, the query or the path is not what the OpenAPI document says; the detail names the place");

    public static readonly ErrorCode VersionMalformed = new("attestation.request.version_malformed", 400, "Bad Request",
        "`OpenStack-API-Version` is not `attestation 1.N` or `attestation latest`");

    public static readonly ErrorCode TokenMissing = new("attestation.token.missing", 401, "Unauthorized",
        "no `X-Auth-Token`; `WWW-Authenticate` names the Keystone to get one from");

    public static readonly ErrorCode TokenInvalid = new("attestation.token.invalid", 401, "Unauthorized",
        "Keystone does not know the token, or it is expired or revoked: get a new one");

    public static readonly ErrorCode Forbidden = new("attestation.forbidden", 403, "Forbidden",
        "the token is good, and policy.yaml does not let its roles and project do this");

    public static readonly ErrorCode NotFound = new("attestation.request.not_found", 404, "Not Found",
        "there is no such path");

    public static readonly ErrorCode MethodNotAllowed = new("attestation.request.method_not_allowed", 405, "Method Not Allowed",
        "the path exists, for other methods: see `Allow`");

    public static readonly ErrorCode VersionUnsupported = new("attestation.request.version_unsupported", 406, "Not Acceptable",
        "a microversion that is not spoken here; the error names `min_version` and `max_version`");

    public static readonly ErrorCode BodyTooLarge = new("attestation.request.body_too_large", 413, "Content Too Large",
        "the body is larger than `[api] maximum_body_bytes`, or than this request takes");

    public static readonly ErrorCode UnsupportedMediaType = new("attestation.request.unsupported_media_type", 415, "Unsupported Media Type",
        "bodies are `application/json` in UTF-8, not compressed");

    public static readonly ErrorCode TooManyRequests = new("attestation.request.too_many", 429, "Too Many Requests",
        "more than `[api] requests_per_second`; wait for `Retry-After`");

    public static readonly ErrorCode HeadTooLarge = new("attestation.request.head_too_large", 431, "Request Header Fields Too Large",
        "the headers have more than 32 KiB; a token has under 2");

    public static readonly ErrorCode Internal = new("attestation.internal", 500, "Internal Server Error",
        "a defect: report it with the request id, by which the log has the rest");

    public static readonly ErrorCode IdentityUnavailable = new("attestation.identity.unavailable", 503, "Service Unavailable",
        "Keystone did not say whether the token is good: it is away, or refuses the service's own credentials");

    public static readonly ErrorCode CloudUnavailable = new("attestation.cloud.unavailable", 503, "Service Unavailable",
        "Nova, Placement or Glance did not answer what this request needs; the detail names it");

    public static readonly ErrorCode StorageUnavailable = new("attestation.storage.unavailable", 503, "Service Unavailable",
        "the database is full, locked, read-only or away; nothing was recorded");

    /// <summary>In the order of their status.</summary>
    public static IReadOnlyList<ErrorCode> All { get; } =
    [
        Invalid, VersionMalformed, TokenMissing, TokenInvalid, Forbidden, NotFound, MethodNotAllowed, VersionUnsupported, BodyTooLarge,
        UnsupportedMediaType, TooManyRequests, HeadTooLarge, Internal, IdentityUnavailable,
        CloudUnavailable, StorageUnavailable,
    ];
}
