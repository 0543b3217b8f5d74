namespace OpenStackSev.Control.Quarantine;

/// <summary>Quarantines in the application: their parts and paths. Enforcement's job looks after them.</summary>
internal static class QuarantineSetup
{
    public static void AddQuarantine(this IServiceCollection services) => services
        .AddSingleton<QuarantineChanges>()
        .AddSingleton<Quarantines>()
        .AddSingleton<RuleQuarantines>()
        .AddSingleton<NovaServices>()
        .AddSingleton<ServiceActs>();

    public static void MapQuarantine(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/v1/hosts/{node:guid}/quarantine", QuarantineEndpoints.SetAsync);
        endpoints.MapDelete("/v1/hosts/{node:guid}/quarantine", QuarantineEndpoints.ReleaseAsync);
    }
}
