using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Placement;

namespace OpenStackSev.Control.Trust;

/// <summary>Trust of hosts in the application: its parts, its loop, its path.</summary>
internal static class TrustSetup
{
    public static void AddTrust(this IServiceCollection services, TrustOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<TrustSignal>();
        services.AddSingleton<TrustPulse>();
        services.AddSingleton<HostProofs>();
        services.AddSingleton<TrustRound>();
        services.AddSingleton<Func<IPlacementApi>>(provider => () => provider.GetRequiredService<OpenStackConnection>().Placement);
        services.AddSingleton<TraitPublisher>();
        services.AddSingleton<SnapshotDesk>();
        services.AddHostedService<TrustLoop>();
        services.AddHostedService<TrustMetrics>();
    }

    public static void MapTrust(this IEndpointRouteBuilder endpoints) => endpoints.MapGet("/v1/scheduling/snapshot", SchedulingEndpoints.SnapshotAsync);
}
