using OpenStackSev.Api.Errors;

namespace OpenStackSev.Api.Attestation;

/// <summary>What can be wrong with a wish for a round.</summary>
public static class SweepErrors
{
    public static readonly ErrorCode CannotAnswer = new("attestation.instance.cannot_answer", 409, "Conflict",
        "the instance does not run, or is gone; a round opens by itself when it runs again");

    /// <summary>In the order of their status.</summary>
    public static IReadOnlyList<ErrorCode> All { get; } = [CannotAnswer];
}
