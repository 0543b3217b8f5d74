using OpenStackSev.Api;
using OpenStackSev.Api.Policies;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Reattestation.Policies;

/// <summary><c>/v1/reference-values</c>.</summary>
internal static class ReferenceEndpoints
{
    public static async Task ListAsync(HttpContext context)
    {
        context.Require(AppraisalPolicies.ListReferences);
        bool removed = RequestQuery.Flag(context, "removed");
        IReadOnlyList<ReferenceValue> values = await context.RequestServices.GetRequiredService<PolicyStates>().ReferenceValuesAsync(context.RequestAborted);
        await context.AnswerAsync(
            new ReferenceValueList([.. values.Where(value => removed || value.RemovedAt is null).Select(PolicyViews.Body)]), AttestationJson.Default.ReferenceValueList);
    }

    public static async Task AddAsync(HttpContext context)
    {
        context.Require(AppraisalPolicies.AddReferences);
        NewReferenceValues asked = await RequestBody.ReadAsync(context, AttestationJson.Default.NewReferenceValues);
        (IReadOnlyList<ReferenceValue> values, bool isNew) = await Store(context)
            .AddAsync(ReferenceBounds.Checked(asked.ReferenceValues, "reference_values"), context.Caller(), context.RequestAborted);
        if (!isNew)
            context.Features.Set(NothingChanged.Here);
        await context.AnswerAsync(new ReferenceValueList([.. values.Select(PolicyViews.Body)]), AttestationJson.Default.ReferenceValueList,
            isNew ? StatusCodes.Status201Created : StatusCodes.Status200OK);
    }

    public static async Task RemoveAsync(HttpContext context)
    {
        context.Require(AppraisalPolicies.RemoveReference);
        bool allowUnchecked = RequestQuery.Flag(context, "allow_unchecked");
        string digest = ((string)context.Request.RouteValues["digest"]!).ToLowerInvariant();
        ReferenceValue removed = await Store(context).RemoveAsync(digest, allowUnchecked, context.Caller(), context.RequestAborted);
        await context.AnswerAsync(PolicyViews.Body(removed), AttestationJson.Default.ReferenceValueBody);
    }

    private static ReferenceStore Store(HttpContext context) => context.RequestServices.GetRequiredService<ReferenceStore>();
}
