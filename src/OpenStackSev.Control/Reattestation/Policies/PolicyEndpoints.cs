using System.Text.Json;
using OpenStackSev.Api;
using OpenStackSev.Api.Errors;
using OpenStackSev.Api.Policies;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Reattestation.Policies;

/// <summary><c>/v1/policies</c>.</summary>
internal static class PolicyEndpoints
{
    private const int MostPolicies = 1000;
    private const int UsualInstances = 200;

    public static async Task ListAsync(HttpContext context)
    {
        context.Require(AppraisalPolicies.List);
        int limit = RequestQuery.Number(context, "limit", 1, MostPolicies) ?? MostPolicies;
        PolicyStates states = Of<PolicyStates>(context);
        IReadOnlyList<PolicyVersion> page = await states.ListAsync(limit, RequestQuery.Number(context, "marker", 1, int.MaxValue), context.RequestAborted);
        bool isLast = page.Count < limit;
        PolicySummary[] policies = [.. page.Select(PolicyViews.Summary)];
        if (isLast)
            policies = [.. policies, PolicyViews.BuiltIn(await states.ActiveAsync(context.RequestAborted) is null)];
        await context.AnswerAsync(new PolicyList(policies, isLast ? null : page[^1].Number), AttestationJson.Default.PolicyList);
    }

    public static async Task ShowAsync(HttpContext context)
    {
        context.Require(AppraisalPolicies.Show);
        await AnswerAsync(context, NumberOf(context));
    }

    public static async Task StoreAsync(HttpContext context)
    {
        context.Require(AppraisalPolicies.Store);
        byte[] document = await RequestBody.ReadBytesAsync(context, PolicyVersion.MaximumDocumentBytes);
        (PolicyVersion version, bool isNew) = await Of<PolicyStore>(context).StoreAsync(document, context.Caller(), context.RequestAborted);
        if (isNew)
            context.Response.Headers.Location = $"/v1/policies/{version.Number}";
        else
            context.Features.Set(NothingChanged.Here);
        await context.AnswerAsync(PolicyViews.Details(version), AttestationJson.Default.PolicyDetails, isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    public static async Task ActivateAsync(HttpContext context)
    {
        context.Require(AppraisalPolicies.Activate);
        int number = NumberOf(context);
        PolicyActivation activation = await RequestBody.ReadAsync(context, AttestationJson.Default.PolicyActivation);
        if (!await Of<PolicyStore>(context).ActivateAsync(number, activation.Replaces, context.Caller(), context.RequestAborted))
            context.Features.Set(NothingChanged.Here);
        await AnswerAsync(context, number);
    }

    public static async Task DryRunAsync(HttpContext context)
    {
        context.Require(AppraisalPolicies.DryRun);
        int limit = RequestQuery.Number(context, "limit", 1, DryRuns.MostInstances) ?? UsualInstances;
        Guid? marker = RequestQuery.Uuid(context, "marker");
        DryRunRequest request = await RequestBody.ReadAsync(context, AttestationJson.Default.DryRunRequest);
        AppraisalPolicy policy = await PolicyOf(context, request);
        await context.AnswerAsync(await Of<DryRuns>(context).RunAsync(policy, limit, marker, context.RequestAborted), AttestationJson.Default.DryRunPage);
    }

    /// <summary>What would judge, as this service would.</summary>
    private static async Task<AppraisalPolicy> PolicyOf(HttpContext context, DryRunRequest request)
    {
        if (request is { Policy: not null, Document: not null })
            throw new ApiException(RequestErrors.Invalid, "policy and document: give one of them, or neither for the policy that judges now");
        CancellationToken ct = context.RequestAborted;
        PolicyStates states = Of<PolicyStates>(context);
        AppraisalPolicy asked = request.Document is { } document ? Read(JsonSerializer.SerializeToUtf8Bytes(document, AttestationJson.Default.JsonElement))
            : request.Policy == PolicyInForce.BuiltIn ? AppraisalPolicy.Default
            : request.Policy is { } number ? Read((await Of<PolicyStore>(context).FindAsync(number, ct)).Document)
            : await states.ActiveAsync(ct) is { } version ? Read(version.Document) : AppraisalPolicy.Default;
        HashSet<string> removed = [.. (request.Remove ?? []).Take(NewReferenceValues.MostAtOnce).Select(digest => ReferenceBounds.Digest(digest, "remove"))];
        IReadOnlyList<NewReferenceValue> added = request.Add is { Count: > 0 } add ? ReferenceBounds.Checked(add, "add") : [];
        IEnumerable<ReferenceValue> values = (await states.ReferenceValuesAsync(ct)).Where(value => !removed.Contains(value.Digest)).Concat(added.Select(value => new ReferenceValue
        {
            Digest = value.Digest,
            Name = value.Name,
            CoversExecutables = value.CoversExecutables,
            AddedAt = default,
            AddedBy = context.Caller().Name,
        }));
        return PolicyInForce.Merged(asked, values, Of<EndorsementOptions>(context));
    }

    private static AppraisalPolicy Read(ReadOnlySpan<byte> document) =>
        PolicyDocument.TryParse(document, out AppraisalPolicy? policy, out IReadOnlyList<PolicyProblem> problems) ? policy : throw PolicyStore.Invalid(problems);

    private static async Task AnswerAsync(HttpContext context, int number)
    {
        PolicyDetails details = number == PolicyInForce.BuiltIn
            ? PolicyViews.BuiltInDetails(await Of<PolicyStates>(context).ActiveAsync(context.RequestAborted) is null)
            : PolicyViews.Details(await Of<PolicyStore>(context).FindAsync(number, context.RequestAborted));
        await context.AnswerAsync(details, AttestationJson.Default.PolicyDetails);
    }

    private static T Of<T>(HttpContext context)
        where T : notnull => context.RequestServices.GetRequiredService<T>();

    /// <exception cref="ApiException">404: a number in another of its written forms, or too large.</exception>
    private static int NumberOf(HttpContext context) =>
        int.TryParse((string)context.Request.RouteValues["number"]!, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int number)
            ? number : throw new ApiException(PolicyErrors.NotFound, "a policy is named by its number");
}
