using OpenStackSev.Api.Errors;

namespace OpenStackSev.Api.Validation;

/// <summary>Error codes of validations, audits and explanations. What is wrong with a flavor or an image is no error but a finding.</summary>
public static class ValidationErrors
{
    public static readonly ErrorCode Unreadable = new("attestation.validation.unreadable", 400, "Bad Request",
        "a flavor, an image or a server has no body that can be judged: the detail says why");

    public static readonly ErrorCode NotInCloud = new("attestation.validation.not_in_cloud", 404, "Not Found",
        "the cloud has no flavor, image, server or compute node of this name or id that the caller may see");

    public static readonly ErrorCode Ambiguous = new("attestation.validation.ambiguous", 409, "Conflict",
        "several images or servers have this name: take the id");

    public static readonly ErrorCode AuditNotFound = new("attestation.audit.not_found", 404, "Not Found",
        "there is no such audit, or it is another project's");

    public static readonly ErrorCode AuditsFull = new("attestation.audit.too_many", 429, "Too Many Requests",
        "as many audits wait as may: try again when one is done");

    /// <summary>In the order of the paths.</summary>
    public static IReadOnlyList<ErrorCode> All { get; } = [Unreadable, NotInCloud, Ambiguous, AuditNotFound, AuditsFull];
}
