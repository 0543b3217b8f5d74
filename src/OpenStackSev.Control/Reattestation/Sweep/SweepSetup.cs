using Quartz;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>The sweep in the application: its parts, its job, its paths.</summary>
internal static class SweepSetup
{
    public static void AddSweep(this IServiceCollection services, SweepOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<SweptInstances>();
        services.AddSingleton<ImageProperties>();
        services.AddSingleton<FleetListing>();
        services.AddSingleton<InstanceSteps>();
        services.AddSingleton<GuestMetadata>();
        services.AddSingleton<TicketDelivery>();
        services.AddSingleton<SweepJournal>();
        services.AddSingleton<RoundRequests>();
        services.AddSingleton<FleetSweep>();
        if (options.Enabled)
            AddJob(services, options);
    }

    public static void MapSweep(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/v1/sweep", SweepEndpoints.ShowAsync);
        endpoints.MapPost("/v1/instances/{instance:guid}/attestation", SweepEndpoints.OpenAsync);
    }

    /// <summary>Job and trigger have names and no data: a clustered store can hold them as they are.</summary>
    private static void AddJob(IServiceCollection services, SweepOptions options)
    {
        services.AddQuartz(quartz =>
        {
            quartz.AddJob<SweepJob>(job => job.WithIdentity(SweepJob.Key).StoreDurably().WithDescription("looks after the cloud's instances"));
            quartz.AddTrigger<SweepJob>(trigger => trigger.WithIdentity(SweepJob.Trigger).ForJob(SweepJob.Key).StartNow().WithSimpleSchedule(schedule => schedule
                .WithInterval(options.Interval).RepeatForever()
                // One that was missed is not caught up on: the next one does its work too.
                .WithMisfireInstruction(SimpleTriggerMisfireInstruction.NextWithExistingCount)));
        });
        services.AddQuartzHostedService(host => host.WaitForJobsToComplete = true);
    }
}
