using Quartz;

namespace OpenStackSev.Control.Gates;

/// <summary>Gates in the application: their parts, their job, their path.</summary>
internal static class GateSetup
{
    /// <param name="hasScheduler">Somebody else has a job, and so a scheduler.</param>
    public static void AddGates(this IServiceCollection services, HeatOptions options, bool hasScheduler)
    {
        services.AddSingleton(options);
        services.AddSingleton<GateJournal>();
        services.AddSingleton<GateReading>();
        services.AddSingleton<GateWatch>();
        services.AddSingleton<GateRound>();
        services.AddSingleton<GateWake>();
        services.AddHostedService(provider => provider.GetRequiredService<GateWake>());
        if (options.Enabled)
            AddJob(services, options, hasScheduler);
    }

    public static void MapGates(this IEndpointRouteBuilder endpoints) => endpoints.MapGet("/v1/gates", GateEndpoints.ListAsync);

    private static void AddJob(IServiceCollection services, HeatOptions options, bool hasScheduler)
    {
        services.AddQuartz(quartz =>
        {
            quartz.AddJob<GateJob>(job => job.WithIdentity(GateJob.Key).StoreDurably().WithDescription("tells stacks which of their servers proved themselves"));
            quartz.AddTrigger<GateJob>(trigger => trigger.WithIdentity(GateJob.Trigger).ForJob(GateJob.Key).StartNow().WithSimpleSchedule(schedule => schedule
                .WithInterval(options.Interval).RepeatForever().WithMisfireInstruction(SimpleTriggerMisfireInstruction.NextWithExistingCount)));
        });
        if (!hasScheduler)
            services.AddQuartzHostedService(host => host.WaitForJobsToComplete = true);
    }
}
