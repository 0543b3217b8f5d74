using OpenStackSev.Api;
using OpenStackSev.Api.Errors;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Hosts;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Quarantine;

/// <summary><c>/v1/hosts/{node}/quarantine</c>.</summary>
internal static class QuarantineEndpoints
{
    public static async Task SetAsync(HttpContext context)
    {
        context.Require(QuarantinePolicies.Quarantine);
        Guid node = HostEndpoints.NodeOf(context);
        QuarantineRequest asked = await RequestBody.ReadAsync(context, AttestationJson.Default.QuarantineRequest);
        if (asked.Reason.Trim() is not { Length: > 0 and <= HostQuarantineState.MaximumReasonLength } reason || reason.Any(char.IsControl))
            throw new ApiException(RequestErrors.Invalid, $"reason: must be a line of 1 to {HostQuarantineState.MaximumReasonLength} characters");
        await Of(context).SetAsync(node, reason, asked.DisableService, context.Caller(), context.RequestAborted);
        await HostEndpoints.WriteDetailsAsync(context, node);
    }

    public static async Task ReleaseAsync(HttpContext context)
    {
        context.Require(QuarantinePolicies.Quarantine);
        Guid node = HostEndpoints.NodeOf(context);
        await Of(context).ReleaseAsync(node, context.Caller(), context.RequestAborted);
        await HostEndpoints.WriteDetailsAsync(context, node);
    }

    private static Quarantines Of(HttpContext context) => context.RequestServices.GetRequiredService<Quarantines>();
}
