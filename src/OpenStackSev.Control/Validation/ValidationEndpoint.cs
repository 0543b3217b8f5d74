using OpenStackSev.Api;
using OpenStackSev.Api.Validation;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Identity;
using OpenStackSev.Inspection;
using OpenStackSev.Validation;

namespace OpenStackSev.Control.Validation;

/// <summary><c>POST /v1/validations</c>: the findings about one flavor and one image, as <c>osev validate</c> has them.</summary>
internal static class ValidationEndpoint
{
    public static async Task AnswerAsync(HttpContext context)
    {
        context.Require(ValidationPolicies.Validate);
        ValidationRequest request = await RequestBody.ReadAsync(context, AttestationJson.Default.ValidationRequest);
        NamedThings things = context.NamedThings();
        CancellationToken ct = context.RequestAborted;
        FlavorSpec flavor = await things.FlavorAsync(request.Flavor, ct);
        ImageSpec image = await things.ImageAsync(request.Image, ct);
        ComputeRelease release = await things.ReleaseAsync(request.Release, ct);
        await context.AnswerAsync(ValidationDocument.Of(flavor, image, release, cloud: null), ValidationLineJson.Default.ValidationDocument);
    }

    public static NamedThings NamedThings(this HttpContext context) => new(
        context.RequestServices.GetRequiredService<ServiceCloud>().Connection, context.Caller(),
        context.RequestServices.GetRequiredService<Policy>().Allows(context.Caller(), ValidationPolicies.AllProjects, PolicyTarget.Cloud));
}
