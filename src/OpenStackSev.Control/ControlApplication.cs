using Microsoft.AspNetCore.Server.Kestrel.Core;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Gates;
using OpenStackSev.Control.Health;
using OpenStackSev.Control.Hosts;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Maintenance;
using OpenStackSev.Control.Notifications;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Quarantine;
using OpenStackSev.Control.Reattestation;
using OpenStackSev.Control.Reattestation.Policies;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.Control.Timeline;
using OpenStackSev.Control.Trust;
using OpenStackSev.Control.Validation;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Control;

/// <summary>The control plane as a web application: the one that the program runs is the one that tests run.</summary>
public static class ControlApplication
{
    /// <param name="configuration">Checked.</param>
    /// <param name="replace">Puts other things in the place of the application's own: a clock, a network.</param>
    /// <exception cref="OpenStackSev.Configuration.ConfigurationException">policy.yaml or a certificate cannot be used.</exception>
    public static WebApplication Create(
        ControlConfiguration configuration, Action<ILoggingBuilder> logging, Action<IServiceCollection>? replace = null)
    {
        // Empty: nothing but our own configuration decides what is served, and where.
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "openstack-sev-control" });
        logging(builder.Logging);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Listen(kestrel, configuration));
        builder.Services.AddRoutingCore();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = configuration.Api.GracefulShutdownTimeout);
        Add(builder.Services, configuration);
        replace?.Invoke(builder.Services);

        WebApplication app = builder.Build();
        app.UseMetrics(configuration.Metrics);
        // In this order: an id for everything, a record of every change, a body for every error, then what the request is, who sent it, and whether he sends too many.
        app.UseMiddleware<RequestIdMiddleware>();
        app.UseMiddleware<AuditMiddleware>();
        app.UseMiddleware<ErrorMiddleware>();
        app.UseRouting();
        app.UseMiddleware<MicroversionMiddleware>();
        app.UseMiddleware<HeadLimitMiddleware>();
        app.UseMiddleware<CallerMiddleware>();
        app.UseMiddleware<RateLimitMiddleware>();
        Map(app, configuration);
        return app;
    }

    /// <summary>Where the API listens; known once the application runs.</summary>
    public static Uri AddressOf(WebApplication app) => new(app.Urls.First());

    private static void Add(IServiceCollection services, ControlConfiguration configuration)
    {
        services.AddSingleton(configuration).AddSingleton(configuration.Api).AddSingleton(configuration.Keystone)
            .AddSingleton(configuration.Process).AddSingleton(configuration.Endorsements);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(Policy.Load(configuration.Policy, Policies.All));
        services.AddSingleton(provider => OpenStackConnection.Open(configuration.Keystone.Cloud(), new OpenStackConnectionOptions
        {
            LoggerFactory = provider.GetRequiredService<ILoggerFactory>(),
            AttemptTimeout = configuration.Keystone.HttpConnectTimeout,
            TotalTimeout = configuration.Keystone.HttpConnectTimeout * 2,
            // Once, soon: for a connection that Keystone's web server had closed meanwhile. A caller can wait no longer, and may try again himself.
            Retries = 1,
            RetryDelay = TimeSpan.FromMilliseconds(50),
            GlobalRequestIdOfCall = () => RequestIds.Current?.Onward,
        }));
        services.AddSingleton<KeystoneTokens>();
        services.AddSingleton<ICallerSource, TokenCaller>();
        services.AddPersistence(configuration.Database, configuration.Events, configuration.Process);
        services.AddHosts(configuration.Hosts);
        services.AddAppraisalPolicies();
        services.AddReattestation(configuration.Reattestation);
        services.AddSingleton<IHealthSource, DatabaseHealth>();
        services.AddValidation();
        services.AddSweep(configuration.Sweep);
        services.AddQuarantine();
        services.AddMaintenance();
        services.AddEnforcement(configuration.Enforcement, hasScheduler: configuration.Sweep.Enabled);
        services.AddTrust(configuration.Trust);
        services.AddGates(configuration.Heat, hasScheduler: configuration.Sweep.Enabled || configuration.Enforcement.Enabled);
        services.AddNotifications(configuration.Notifications);
        services.AddMetrics(configuration.Metrics);
    }

    private static void Map(WebApplication app, ControlConfiguration configuration)
    {
        app.MapVersions(configuration.Api);
        app.MapOpenApi();
        app.MapHealth(configuration.Health);
        app.MapHosts();
        app.MapAppraisalPolicies();
        app.MapReattestation();
        app.MapValidation();
        app.MapSweep();
        app.MapEnforcement();
        app.MapQuarantine();
        app.MapMaintenance();
        app.MapTrust();
        app.MapGates();
        app.MapIncidents();
    }

    private static void Listen(KestrelServerOptions kestrel, ControlConfiguration configuration)
    {
        ApiOptions api = configuration.Api;
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestBodySize = api.MaximumBodyBytes;
        kestrel.Limits.MaxConcurrentConnections = api.MaximumConnections;
        kestrel.Limits.MaxRequestHeadersTotalSize = HeadLimitMiddleware.ReadBytes;
        kestrel.Listen(api.Address, api.BindPort, listen => ServerCertificate.Use(listen, api));
        kestrel.ListenForMetrics(configuration.Metrics);
    }
}
