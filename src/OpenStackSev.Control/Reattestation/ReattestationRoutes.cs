using OpenStackSev.Control.Events;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Reattestation.Instances;
using OpenStackSev.Control.Reattestation.Results;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.Control.Reattestation.Tickets;

namespace OpenStackSev.Control.Reattestation;

/// <summary>Rounds over HTTP: what instances, Nova, tenants and relying parties ask.</summary>
internal static class ReattestationRoutes
{
    public static void AddReattestation(this IServiceCollection services, ReattestationOptions options) => services
        .AddSingleton(options)
        .AddSingleton<GuestLimits>()
        .AddSingleton<TicketDesk>()
        .AddSingleton<ICallerSource, TicketCaller>()
        .AddSingleton<NovaInstance>()
        .AddSingleton<KnownInstances>()
        .AddSingleton<ChipLookup>()
        .AddSingleton<RoundEndorsements>()
        .AddSingleton<EvidenceAppraisal>()
        .AddSingleton<ResultSigner>()
        .AddSingleton<GuestRounds>()
        .AddHostedService<InstanceMetrics>();

    public static void MapReattestation(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapPost("/v1/vendordata", VendordataEndpoint.AnswerAsync).WithMetadata(new ReadsOnly());
        endpoints.MapPost("/v1/challenges", GuestEndpoints.ChallengeAsync).WithMetadata(new GuestEndpoint(), new ReadsOnly());
        endpoints.MapPost("/v1/evidence", GuestEndpoints.EvidenceAsync).WithMetadata(new GuestEndpoint(), new ReadsOnly());
        endpoints.MapResults();
    }
}
