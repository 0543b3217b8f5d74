using OpenStackSev.Api.Attestation;
using OpenStackSev.Api.Enforcement;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Api.Policies;
using OpenStackSev.Api.Validation;

namespace OpenStackSev.Api.Errors;

/// <summary>Every code of the API. A folder's own codes stand beside its bodies and are listed here.</summary>
public static class ErrorCodes
{
    public static IReadOnlyList<ErrorCode> All { get; } =
        [.. RequestErrors.All, .. ValidationErrors.All, .. HostErrors.All, .. AttestationErrors.All, .. SweepErrors.All, .. EnforcementErrors.All, .. PolicyErrors.All];
}
