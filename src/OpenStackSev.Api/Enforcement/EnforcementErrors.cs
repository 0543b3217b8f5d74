using OpenStackSev.Api.Errors;

namespace OpenStackSev.Api.Enforcement;

/// <summary>What can be wrong with requests about enforcement.</summary>
public static class EnforcementErrors
{
    public static readonly ErrorCode NotOpen = new("attestation.enforcement.not_open", 409, "Conflict",
        "the breaker is closed: enforcement goes on already");

    public static readonly ErrorCode NothingToRelease = new("attestation.enforcement.nothing_to_release", 409, "Conflict",
        "nothing speaks against the instance, and nothing was done about it");

    /// <summary>In the order of their status.</summary>
    public static IReadOnlyList<ErrorCode> All { get; } = [NotOpen, NothingToRelease];
}
