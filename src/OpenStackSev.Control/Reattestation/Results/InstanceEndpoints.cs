using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Api.Errors;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.Control.Timeline;

namespace OpenStackSev.Control.Reattestation.Results;

/// <summary><c>/v1/instances</c>, and the keys that results are verified with.</summary>
internal static class InstanceEndpoints
{
    private const int MostInstances = 1000;
    private const int UsualRecords = 100;

    public static void MapResults(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/v1/instances", ListAsync);
        endpoints.MapGet("/v1/instances/{instance:guid}/attestation", ShowAsync);
        endpoints.MapGet("/v1/instances/{instance:guid}/history", HistoryAsync);
        endpoints.MapGet("/v1/instances/{instance:guid}/evidence", EvidenceAsync);
        endpoints.MapGet("/.well-known/jwks.json", KeysAsync).AllowUnauthenticated();
    }

    private static async Task ListAsync(HttpContext context)
    {
        Caller caller = context.Caller();
        Policy policy = Of<Policy>(context);
        string? project = Query(context, "project");
        if (!policy.Allows(caller, InstancePolicies.ListAll, new PolicyTarget(project)))
        {
            // Whoever may look at nothing of his own project's hears so, instead of an empty list.
            policy.Require(caller, InstancePolicies.List, new PolicyTarget(project ?? caller.ProjectId));
            project ??= caller.ProjectId;
        }

        int limit = RequestQuery.Number(context, "limit", 1, MostInstances) ?? MostInstances;
        Guid? marker = RequestQuery.Uuid(context, "marker");
        IReadOnlyList<InstanceState> page = await Of<InstanceStates>(context).ListAsync(limit, marker, project, context.RequestAborted);
        var list = new InstanceList(
            [.. page.Select(state => InstanceViews.Summary(state, MaySeeHost(context, state)))], page.Count == limit ? page[^1].Instance : null);
        await context.AnswerAsync(list, AttestationJson.Default.InstanceList);
    }

    private static async Task ShowAsync(HttpContext context)
    {
        InstanceState state = await VisibleAsync(context);
        EnforcementState? enforced = await Of<EnforcementStates>(context).FindAsync(state.Instance, context.RequestAborted);
        GateState? gate = await Of<GateStates>(context).FindAsync(state.Instance, context.RequestAborted);
        await context.AnswerAsync(
            InstanceViews.Attestation(state, enforced, gate, MaySeeHost(context, state), Of<TimeProvider>(context).GetUtcNow()), AttestationJson.Default.InstanceAttestation);
    }

    private static async Task HistoryAsync(HttpContext context)
    {
        int limit = RequestQuery.Number(context, "limit", 1, HistoryReader.MaximumLimit) ?? UsualRecords;
        long? before = RequestQuery.Long(context, "before", 1, long.MaxValue);
        InstanceState state = await VisibleAsync(context);
        IReadOnlyList<HistoryRow> rows = await Of<HistoryReader>(context).OfSubjectAsync(state.Instance, limit, before, context.RequestAborted);
        await context.AnswerAsync(SubjectTimeline.OfInstance(rows, MaySeeHost(context, state)), AttestationJson.Default.InstanceHistory);
    }

    private static async Task EvidenceAsync(HttpContext context)
    {
        InstanceState state = await VisibleAsync(context);
        InstanceEvidence evidence = await Of<InstanceStates>(context).EvidenceAsync(state.Instance, context.RequestAborted)
            ?? throw new ApiException(AttestationErrors.EvidenceNotFound, "no evidence of this instance was judged yet");
        (string certificates, string? revocations) = await Of<RoundEndorsements>(context).BundleAsync(evidence.Vek, context.RequestAborted);
        await context.AnswerAsync(
            new InstanceEvidenceBundle(
                evidence.Instance, evidence.Report, ReportData.Of(evidence.Nonce, evidence.Instance, evidence.PublicKey), evidence.Nonce, certificates,
                evidence.ReceivedAt, evidence.PublicKey, revocations),
            AttestationJson.Default.InstanceEvidenceBundle);
    }

    private static async Task KeysAsync(HttpContext context)
    {
        byte[] keys = Of<ResultSigner>(context).Keys.Published;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = keys.Length;
        context.Response.Headers.CacheControl = "public, max-age=300";
        await context.Response.Body.WriteAsync(keys, context.RequestAborted);
    }

    /// <summary>The instance of the path. Another project's is not there.</summary>
    internal static async Task<InstanceState> VisibleAsync(HttpContext context)
    {
        Guid instance = Guid.TryParseExact((string)context.Request.RouteValues["instance"]!, "D", out Guid id)
            ? id : throw new ApiException(RequestErrors.NotFound, "an instance is named by its UUID, with hyphens");
        InstanceState? state = await Of<InstanceStates>(context).FindAsync(instance, context.RequestAborted);
        return state is not null && Of<Policy>(context).Allows(context.Caller(), InstancePolicies.Show, new PolicyTarget(state.Project))
            ? state
            : throw new ApiException(AttestationErrors.InstanceNotFound, "there is no such instance with memory encryption in this project");
    }

    internal static bool MaySeeHost(HttpContext context, InstanceState state) =>
        Of<Policy>(context).Allows(context.Caller(), InstancePolicies.ShowHost, new PolicyTarget(state.Project));

    private static T Of<T>(HttpContext context)
        where T : notnull => context.RequestServices.GetRequiredService<T>();

    private static string? Query(HttpContext context, string name) =>
        context.Request.Query.TryGetValue(name, out Microsoft.Extensions.Primitives.StringValues values) && values.ToString() is { Length: > 0 } text ? text : null;
}
