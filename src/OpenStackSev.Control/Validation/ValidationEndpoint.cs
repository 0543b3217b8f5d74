using OpenStackSev.Api;
using OpenStackSev.Api.Validation;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Identity;
using OpenStackSev.Inspection;
using OpenStackSev.Validation;

namespace OpenStackSev.Control.Validation;

/// <summary><c>POST /v1/validations</c>: the findings about one flavor and one image, as <c>osev validate</c> has them.</summary>
internal sealed class ValidationEndpoint(Policy policy, ServiceCloud cloud)
{
    public async Task AnswerAsync(HttpContext context)
    {
        Caller caller = context.Caller();
        policy.Require(caller, ValidationPolicies.Validate, PolicyTarget.Cloud);
        ValidationRequest request = await RequestBody.ReadAsync(context, AttestationJson.Default.ValidationRequest);
        var things = new NamedThings(cloud, policy, caller);
        CancellationToken ct = context.RequestAborted;
        FlavorSpec flavor = await things.FlavorAsync(request.Flavor, ct);
        ImageSpec image = await things.ImageAsync(request.Image, ct);
        ComputeRelease release = await things.ReleaseAsync(request.Release, ct);
        await context.AnswerAsync(ValidationDocument.Of(flavor, image, release, cloud: null), ValidationLineJson.Default.ValidationDocument);
    }
}
