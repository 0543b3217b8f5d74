using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using OpenStackSev.Control.Configuration;
using OpenTelemetry.Metrics;

namespace OpenStackSev.Control.Health;

/// <summary>Metrics for Prometheus on an address of their own, where nothing else is answered.</summary>
internal static class MetricsEndpoint
{
    private static readonly object s_mark = new();

    public static void AddMetrics(this IServiceCollection services, MetricsOptions options)
    {
        if (!options.Enabled)
            return;
        services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddAspNetCoreInstrumentation()
            .AddMeter("System.Runtime", "OpenStackSev.Control")
            .AddPrometheusExporter());
    }

    public static void ListenForMetrics(this KestrelServerOptions kestrel, MetricsOptions options)
    {
        if (!options.Enabled)
            return;
        kestrel.Listen(options.Address, options.BindPort, listen => listen.Use(next => connection =>
        {
            connection.Items[s_mark] = true;
            return next(connection);
        }));
    }

    /// <summary>What comes over the metrics' own address gets metrics or nothing; over the API's there are none.</summary>
    public static void UseMetrics(this WebApplication app, MetricsOptions options)
    {
        if (!options.Enabled)
            return;
        app.MapWhen(IsForMetrics, branch =>
        {
            branch.UseOpenTelemetryPrometheusScrapingEndpoint();
            branch.Run(context =>
            {
                context.Response.StatusCode = StatusCodes.Status404NotFound;
                return Task.CompletedTask;
            });
        });
    }

    private static bool IsForMetrics(HttpContext context) =>
        context.Features.Get<IConnectionItemsFeature>()?.Items.ContainsKey(s_mark) == true;
}
