using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Hosts;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Reattestation;
using OpenStackSev.Control.Reattestation.Results;

namespace OpenStackSev.Control.Timeline;

/// <summary>Incidents of an instance, of a host, and by their number.</summary>
internal static class IncidentEndpoints
{
    /// <summary>Records of one subject that are looked through, the latest ones.</summary>
    private const int MostRecords = 5 * HistoryReader.MaximumLimit;

    public static void MapIncidents(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/v1/instances/{instance:guid}/incidents", OfInstanceAsync);
        endpoints.MapGet("/v1/hosts/{node:guid}/incidents", OfHostAsync);
        endpoints.MapGet("/v1/incidents/{number}", ShowAsync);
    }

    private static async Task OfInstanceAsync(HttpContext context)
    {
        InstanceState state = await InstanceEndpoints.VisibleAsync(context);
        await context.AnswerAsync(await ListAsync(context, state.Instance, InstanceEndpoints.MaySeeHost(context, state)), AttestationJson.Default.IncidentList);
    }

    private static async Task OfHostAsync(HttpContext context)
    {
        context.Require(HostPolicies.History);
        Guid node = HostEndpoints.NodeOf(context);
        await Of<HostRegistry>(context).FindAsync(node, context.RequestAborted);
        await context.AnswerAsync(await ListAsync(context, node, withHost: true), AttestationJson.Default.IncidentList);
    }

    /// <summary>One that the caller may not see is not there.</summary>
    private static async Task ShowAsync(HttpContext context)
    {
        if (!long.TryParse(context.Request.RouteValues["number"] as string, out long number) || number < 1
            || await Of<HistoryReader>(context).FindAsync(number, context.RequestAborted) is not { } row || await MaySeeAsync(context, row) is not { } withHost)
        {
            throw NotFound();
        }

        IncidentList list = await ListAsync(context, row.Subject, withHost);
        await context.AnswerAsync(list.Incidents.FirstOrDefault(incident => incident.Number == number) ?? throw NotFound(), AttestationJson.Default.IncidentRecord);
    }

    private static async Task<IncidentList> ListAsync(HttpContext context, Guid subject, bool withHost)
    {
        HistoryReader reader = Of<HistoryReader>(context);
        var rows = new List<HistoryRow>();
        IReadOnlyList<HistoryRow> page;
        do
        {
            page = await reader.OfSubjectAsync(subject, HistoryReader.MaximumLimit, rows.Count > 0 ? rows[^1].Id : null, context.RequestAborted);
            rows.AddRange(page);
        }
        while (page.Count == HistoryReader.MaximumLimit && rows.Count < MostRecords);
        return new IncidentList(SubjectTimeline.Incidents(rows, withHost), page.Count < HistoryReader.MaximumLimit);
    }

    /// <returns>Whether with hosts; null when not at all.</returns>
    private static async Task<bool?> MaySeeAsync(HttpContext context, HistoryRow row)
    {
        if (row.Kind.StartsWith("host.", StringComparison.Ordinal))
            return Of<Policy>(context).Allows(context.Caller(), HostPolicies.History, new PolicyTarget()) ? true : null;
        return await Of<InstanceStates>(context).FindAsync(row.Subject, context.RequestAborted) is { } state
            && Of<Policy>(context).Allows(context.Caller(), InstancePolicies.Show, new PolicyTarget(state.Project))
            ? InstanceEndpoints.MaySeeHost(context, state) : null;
    }

    private static ApiException NotFound() => new(AttestationErrors.IncidentNotFound, "there is no incident of this number that you may see");

    private static T Of<T>(HttpContext context)
        where T : notnull => context.RequestServices.GetRequiredService<T>();
}
