using Microsoft.Net.Http.Headers;
using OpenStackSev.Control.Identity;

namespace OpenStackSev.Control.Trust;

/// <summary><c>GET /v1/scheduling/snapshot</c>: what Nova's scheduler goes by.</summary>
internal static class SchedulingEndpoints
{
    public const string ContentType = "application/jose";

    public static async Task SnapshotAsync(HttpContext context)
    {
        context.Require(TrustPolicies.Snapshot);
        ServedSnapshot snapshot = await context.RequestServices.GetRequiredService<SnapshotDesk>().GetAsync(context.RequestAborted);
        context.Response.Headers.ETag = snapshot.Tag;
        context.Response.Headers.CacheControl = "no-cache, private";
        if (context.Request.Headers.IfNoneMatch.Any(value => value is not null && EntityTagHeaderValue.TryParseList([value], out IList<EntityTagHeaderValue>? tags)
            && tags.Any(tag => tag.Tag == "*" || tag.Compare(new EntityTagHeaderValue(snapshot.Tag), useStrongComparison: false))))
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        context.Response.ContentType = ContentType;
        await context.Response.BodyWriter.WriteAsync(snapshot.Jws, context.RequestAborted);
    }
}

/// <summary>Who may read the scheduler's snapshot.</summary>
internal static class TrustPolicies
{
    public const string Snapshot = "openstack-sev:scheduling:snapshot";

    public static IReadOnlyList<PolicyRule> All { get; } =
        [new(Snapshot, RolePolicies.AdminOrService, "Read the trust of all hosts, signed, for the scheduler", "GET /v1/scheduling/snapshot")];
}
