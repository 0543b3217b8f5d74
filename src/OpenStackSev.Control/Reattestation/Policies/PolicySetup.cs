using OpenStackSev.Control.Events;

namespace OpenStackSev.Control.Reattestation.Policies;

/// <summary>What of this folder runs in the application.</summary>
internal static class PolicySetup
{
    public static void AddAppraisalPolicies(this IServiceCollection services)
    {
        services.AddSingleton<ActivePolicy>();
        services.AddSingleton<PolicyStore>();
        services.AddSingleton<ReferenceStore>();
        services.AddSingleton<DryRuns>();
    }

    public static void MapAppraisalPolicies(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/v1/policies", PolicyEndpoints.ListAsync);
        endpoints.MapPost("/v1/policies", PolicyEndpoints.StoreAsync);
        endpoints.MapPost("/v1/policies/dry-runs", PolicyEndpoints.DryRunAsync).WithMetadata(new ReadsOnly());
        endpoints.MapGet("/v1/policies/{number}", PolicyEndpoints.ShowAsync);
        endpoints.MapPost("/v1/policies/{number}/activation", PolicyEndpoints.ActivateAsync);
        endpoints.MapGet("/v1/reference-values", ReferenceEndpoints.ListAsync);
        endpoints.MapPost("/v1/reference-values", ReferenceEndpoints.AddAsync);
        endpoints.MapDelete("/v1/reference-values/{digest}", ReferenceEndpoints.RemoveAsync);
    }
}
