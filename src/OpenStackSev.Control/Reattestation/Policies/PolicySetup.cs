namespace OpenStackSev.Control.Reattestation.Policies;

/// <summary>What of this folder runs in the application.</summary>
internal static class PolicySetup
{
    public static void AddAppraisalPolicies(this IServiceCollection services)
    {
        services.AddSingleton<ActivePolicy>();
    }
}
