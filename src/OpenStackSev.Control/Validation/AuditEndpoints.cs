using OpenStackSev.Api;
using OpenStackSev.Api.Validation;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Identity;

namespace OpenStackSev.Control.Validation;

/// <summary><c>/v1/audits</c>: ask for one, look at it, cancel it.</summary>
internal static class AuditEndpoints
{
    public static async Task CreateAsync(HttpContext context)
    {
        context.Require(ValidationPolicies.CreateAudit);
        AuditRequest request = await RequestBody.ReadAsync(context, AttestationJson.Default.AuditRequest);
        if (request.Release is { } release)
            NamedThings.Release(release);
        AuditJob job = Jobs(context).Accept(request, context.Caller(), context.Features.Get<RequestIds>()!);
        context.Response.Headers.Location = $"/v1/audits/{job.Id}";
        await context.AnswerAsync(new AuditEnvelope(AuditBody.Of(job, withResult: false)), AuditJobJson.Default.AuditEnvelope, StatusCodes.Status202Accepted);
    }

    /// <summary>Those that the caller may look at, without their results.</summary>
    public static Task ListAsync(HttpContext context)
    {
        Policy policy = context.RequestServices.GetRequiredService<Policy>();
        Caller caller = context.Caller();
        // Whoever may look at nothing of his own project's hears so, instead of an empty list.
        policy.Require(caller, ValidationPolicies.GetAudit, new PolicyTarget(caller.ProjectId));
        AuditBody[] audits = [.. Jobs(context).All
            .Where(job => policy.Allows(caller, ValidationPolicies.GetAudit, new PolicyTarget(job.ProjectId, job.UserId)))
            .Select(job => AuditBody.Of(job, withResult: false))];
        return context.AnswerAsync(new AuditList(audits), AuditJobJson.Default.AuditList);
    }

    public static Task ShowAsync(HttpContext context) =>
        context.AnswerAsync(new AuditEnvelope(AuditBody.Of(Visible(context), withResult: true)), AuditJobJson.Default.AuditEnvelope);

    public static Task CancelAsync(HttpContext context)
    {
        AuditJob job = Visible(context);
        context.Require(ValidationPolicies.CancelAudit, new PolicyTarget(job.ProjectId, job.UserId));
        Jobs(context).Cancel(job.Id);
        context.Response.StatusCode = StatusCodes.Status204NoContent;
        return Task.CompletedTask;
    }

    /// <summary>The audit of the path. Another project's is not there.</summary>
    private static AuditJob Visible(HttpContext context)
    {
        AuditJob? job = Guid.TryParseExact(context.Request.RouteValues["id"] as string, "D", out Guid id) ? Jobs(context).Find(id) : null;
        bool isVisible = job is not null && context.RequestServices.GetRequiredService<Policy>()
            .Allows(context.Caller(), ValidationPolicies.GetAudit, new PolicyTarget(job.ProjectId, job.UserId));
        return isVisible ? job! : throw new ApiException(ValidationErrors.AuditNotFound, "there is no such audit");
    }

    private static AuditJobs Jobs(HttpContext context) => context.RequestServices.GetRequiredService<AuditJobs>();
}
