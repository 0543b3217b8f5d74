using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Api.Errors;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Gates;

/// <summary><c>/v1/gates</c>.</summary>
internal static class GateEndpoints
{
    private const int MostGates = 1000;

    public static async Task ListAsync(HttpContext context)
    {
        Caller caller = context.Caller();
        Policy policy = Of<Policy>(context);
        string? project = RequestQuery.Word(context, "project");
        if (!policy.Allows(caller, GatePolicies.ListAll, new PolicyTarget(project)))
        {
            policy.Require(caller, GatePolicies.List, new PolicyTarget(project ?? caller.ProjectId));
            project ??= caller.ProjectId;
        }

        GateStanding? standing = null;
        if (RequestQuery.Word(context, "standing") is { } word)
            standing = GateViews.Standings.TryGetValue(word, out GateStanding one) ? one : throw new ApiException(RequestErrors.Invalid, $"standing: must be one of {string.Join(", ", GateViews.Standings.Keys)}");
        int limit = RequestQuery.Number(context, "limit", 1, MostGates) ?? MostGates;
        IReadOnlyList<GateState> page = await Of<GateStates>(context).ListAsync(
            limit, RequestQuery.Uuid(context, "marker") ?? Guid.Empty, project, standing, context.RequestAborted);
        await context.AnswerAsync(new GateList([.. page.Select(GateViews.Of)], page.Count == limit ? page[^1].Instance : null), AttestationJson.Default.GateList);
    }

    private static T Of<T>(HttpContext context)
        where T : notnull => context.RequestServices.GetRequiredService<T>();
}
