using Microsoft.AspNetCore.Http.Features;
using OpenStackSev.Api;
using OpenStackSev.Api.Errors;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Timeline;
using OpenStackSev.Control.Trust;

namespace OpenStackSev.Control.Hosts;

/// <summary><c>/v1/hosts</c>.</summary>
internal static class HostEndpoints
{
    private const int MostHosts = 1000;
    private const int UsualRecords = 100;

    public static void AddHosts(this IServiceCollection services, HostsOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<NodeTrustFiles>();
        services.AddSingleton<ICallerSource, NodeCaller>();
        services.AddSingleton<HostRegistry>();
        services.AddSingleton<NodeRenewals>();
        services.AddHostedService<SilenceWatch>();
        services.AddHostedService<HostMetrics>();
    }

    public static void MapHosts(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPut("/v1/hosts/{node:guid}", ReportAsync).WithMetadata(new NodeEndpoint());
        endpoints.MapPut("/v1/hosts/{node:guid}/endorsements", HostEndorsementsEndpoint.PutAsync).WithMetadata(new NodeEndpoint());
        endpoints.MapGet("/v1/hosts", ListAsync);
        endpoints.MapGet("/v1/hosts/{node:guid}", ShowAsync);
        endpoints.MapGet("/v1/hosts/{node:guid}/history", HistoryAsync);
        endpoints.MapPost("/v1/hosts/{node:guid}/approval", ApproveAsync);
        endpoints.MapPost("/v1/hosts/{node:guid}/withdrawal", WithdrawAsync);
        endpoints.MapPost("/v1/hosts/{node:guid}/certificate", RenewAsync).WithMetadata(new NodeEndpoint());
    }

    private static async Task ReportAsync(HttpContext context)
    {
        Guid node = NodeOf(context);
        NodeEndpoint.Require(context, node, Of<HostsOptions>(context));
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size)
            size.MaxRequestBodySize = HostReportBounds.MaximumBytes;
        HostReport report = await RequestBody.ReadAsync(context, AttestationJson.Default.HostReport);
        if (HostReportBounds.Problem(report) is { } problem)
            throw new ApiException(HostErrors.ReportInvalid, problem);
        Caller caller = context.Caller();
        ReportOutcome outcome = await Of<HostRegistry>(context).ReportAsync(node, report, caller.CertificateEnds, context.RequestAborted);
        if (caller.CertificateSerial is { } serial)
            await Of<NodeRenewals>(context).InUseAsync(node, serial, context.RequestAborted);
        if (outcome.IsNews)
            Of<TrustSignal>(context).Changed();
        else
            context.Features.Set(NothingChanged.Here);
        await context.AnswerAsync(outcome.Answer, AttestationJson.Default.HostReportAnswer);
    }

    private static async Task ListAsync(HttpContext context)
    {
        context.Require(HostPolicies.List);
        int limit = RequestQuery.Number(context, "limit", 1, MostHosts) ?? MostHosts;
        Guid? marker = RequestQuery.Uuid(context, "marker");
        HostStates states = Of<HostStates>(context);
        IReadOnlyList<HostState> hosts = await states.ListAsync(limit, marker, context.RequestAborted);
        ILookup<Guid, HostChip> chips = (await states.ChipsOfAsync([.. hosts.Select(host => host.Node)], context.RequestAborted)).ToLookup(chip => chip.Node);
        HostTrustStates judged = Of<HostTrustStates>(context);
        Dictionary<Guid, HostTrustState> trust = (await judged.OfAsync([.. hosts.Select(host => host.Node)], context.RequestAborted)).ToDictionary(row => row.Node);
        Dictionary<Guid, HostQuarantineState> quarantines = (await judged.QuarantinesAsync(context.RequestAborted)).ToDictionary(row => row.Node);
        var list = new HostList(
            [.. hosts.Select(host => HostViews.Summary(host, [.. chips[host.Node]], trust.GetValueOrDefault(host.Node), quarantines.GetValueOrDefault(host.Node)))],
            hosts.Count == limit ? hosts[^1].Node : null);
        await context.Response.WriteAsJsonAsync(list, AttestationJson.Default.HostList, cancellationToken: context.RequestAborted);
    }

    private static async Task ShowAsync(HttpContext context)
    {
        context.Require(HostPolicies.Show);
        await WriteDetailsAsync(context, NodeOf(context));
    }

    private static async Task HistoryAsync(HttpContext context)
    {
        context.Require(HostPolicies.History);
        Guid node = NodeOf(context);
        int limit = RequestQuery.Number(context, "limit", 1, HistoryReader.MaximumLimit) ?? UsualRecords;
        long? before = RequestQuery.Long(context, "before", 1, long.MaxValue);
        await Of<HostRegistry>(context).FindAsync(node, context.RequestAborted);
        IReadOnlyList<HistoryRow> rows = await Of<HistoryReader>(context).OfSubjectAsync(node, limit, before, context.RequestAborted);
        await context.Response.WriteAsJsonAsync(
            SubjectTimeline.OfHost(rows), AttestationJson.Default.HostHistory, cancellationToken: context.RequestAborted);
    }

    private static async Task ApproveAsync(HttpContext context)
    {
        context.Require(HostPolicies.Approve);
        Guid node = NodeOf(context);
        HostApproval approval = await RequestBody.ReadAsync(context, AttestationJson.Default.HostApproval);
        if (approval.Chips.Count is 0 or > 16 || !approval.Chips.All(HostReportBounds.IsChip))
            throw new ApiException(RequestErrors.Invalid, "chips: must be 1 to 16 ids of 128 lower-case hex digits");
        await Of<HostRegistry>(context).ApproveAsync(node, approval.Chips, context.Caller().Name, context.RequestAborted);
        Of<TrustSignal>(context).Changed();
        await WriteDetailsAsync(context, node);
    }

    private static async Task WithdrawAsync(HttpContext context)
    {
        context.Require(HostPolicies.Withdraw);
        Guid node = NodeOf(context);
        HostWithdrawal asked = await RequestBody.ReadAsync(context, AttestationJson.Default.HostWithdrawal);
        if (asked.Chips.Count is 0 or > HostWithdrawal.MostChips || !asked.Chips.All(HostReportBounds.IsChip))
            throw new ApiException(RequestErrors.Invalid, $"chips: must be 1 to {HostWithdrawal.MostChips} ids of 128 lower-case hex digits");
        if (asked.Reason.Trim() is not { Length: > 0 and <= HostWithdrawal.MaximumReasonLength } reason || reason.Any(char.IsControl))
            throw new ApiException(RequestErrors.Invalid, $"reason: must be a line of 1 to {HostWithdrawal.MaximumReasonLength} characters");
        await Of<HostRegistry>(context).WithdrawAsync(node, asked.Chips, context.Caller().Name, reason, context.RequestAborted);
        Of<TrustSignal>(context).Changed();
        await WriteDetailsAsync(context, node);
    }

    private static async Task RenewAsync(HttpContext context)
    {
        Guid node = NodeOf(context);
        NodeEndpoint.RequireCertificate(context, node);
        CertificateRenewal asked = await RequestBody.ReadAsync(context, AttestationJson.Default.CertificateRenewal);
        byte[] presented = (await context.Connection.GetClientCertificateAsync(context.RequestAborted))!.RawData;
        RenewedCertificate renewed = await Of<NodeRenewals>(context).RenewAsync(presented, asked.Request, context.RequestAborted);
        await context.Response.WriteAsJsonAsync(renewed, AttestationJson.Default.RenewedCertificate, cancellationToken: context.RequestAborted);
    }

    internal static async Task WriteDetailsAsync(HttpContext context, Guid node)
    {
        HostState host = await Of<HostRegistry>(context).FindAsync(node, context.RequestAborted);
        IReadOnlyList<HostChip> chips = await Of<HostStates>(context).ChipsOfAsync(node, context.RequestAborted);
        HostTrustStates judged = Of<HostTrustStates>(context);
        HostTrustState? trust = await judged.FindAsync(node, context.RequestAborted);
        HostQuarantineState? quarantine = await judged.FindQuarantineAsync(node, context.RequestAborted);
        await context.Response.WriteAsJsonAsync(HostViews.Details(host, chips, trust, quarantine), AttestationJson.Default.HostDetails, cancellationToken: context.RequestAborted);
    }

    private static T Of<T>(HttpContext context)
        where T : notnull => context.RequestServices.GetRequiredService<T>();

    /// <exception cref="ApiException">404: a UUID in another of its written forms.</exception>
    internal static Guid NodeOf(HttpContext context) => Guid.TryParseExact((string)context.Request.RouteValues["node"]!, "D", out Guid node)
        ? node : throw new ApiException(RequestErrors.NotFound, "a node is named by its UUID, with hyphens");
}
