using OpenStackSev.Control.Events;

namespace OpenStackSev.Control.Validation;

/// <summary>Validation over HTTP: the same library as the command line, the same findings.</summary>
public static class ValidationRoutes
{
    public static void AddValidation(this IServiceCollection services) => services
        .AddSingleton<ServiceCloud>()
        .AddSingleton<CachedFacts>()
        .AddSingleton<ValidationEndpoint>()
        .AddSingleton<FilterView>()
        .AddSingleton<ExplanationEndpoint>()
        .AddSingleton<AuditFolder>()
        .AddSingleton<AuditJobs>()
        .AddHostedService(provider => provider.GetRequiredService<AuditJobs>());

    public static void MapValidation(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/v1/validations", endpoints.ServiceProvider.GetRequiredService<ValidationEndpoint>().AnswerAsync).WithMetadata(new ReadsOnly());
        endpoints.MapPost("/v1/audits", AuditEndpoints.CreateAsync);
        endpoints.MapGet("/v1/audits", AuditEndpoints.ListAsync);
        endpoints.MapGet("/v1/audits/{id}", AuditEndpoints.ShowAsync);
        endpoints.MapDelete("/v1/audits/{id}", AuditEndpoints.CancelAsync);
        endpoints.MapPost("/v1/explanations", endpoints.ServiceProvider.GetRequiredService<ExplanationEndpoint>().AnswerAsync).WithMetadata(new ReadsOnly());
    }
}
