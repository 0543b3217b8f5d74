using OpenStackSev.Api.Errors;

namespace OpenStackSev.Api.Policies;

/// <summary>What can be wrong with requests that concern appraisal policies and reference values.</summary>
public static class PolicyErrors
{
    public static readonly ErrorCode DocumentInvalid = new("attestation.policy.document_invalid", 400, "Bad Request",
        "the document is no appraisal policy: one error for each problem, with its place and what to write there");

    public static readonly ErrorCode NotFound = new("attestation.policy.not_found", 404, "Not Found",
        "there is no version of this number");

    public static readonly ErrorCode Unfit = new("attestation.policy.unfit", 409, "Conflict",
        "the version is for other purposes than judging now: it ignores dates, wants what nobody should, or trusts a simulated root that the configuration does not name");

    public static readonly ErrorCode ActiveChanged = new("attestation.policy.active_changed", 409, "Conflict",
        "another version judges by now than `replaces` says: look at it, then activate again");

    public static readonly ErrorCode ReferenceNotFound = new("attestation.reference.not_found", 404, "Not Found",
        "the digest is no reference value, or was removed");

    public static readonly ErrorCode ReferenceExists = new("attestation.reference.exists", 409, "Conflict",
        "the digest is there and stands for something else; remove it first");

    public static readonly ErrorCode ReferenceLast = new("attestation.reference.last", 409, "Conflict",
        "without the last launch digest every measurement would pass: add others first, or say `allow_unchecked=true`");

    /// <summary>In the order of their status.</summary>
    public static IReadOnlyList<ErrorCode> All { get; } =
    [
        DocumentInvalid, NotFound, Unfit, ActiveChanged, ReferenceNotFound, ReferenceExists, ReferenceLast,
    ];
}
