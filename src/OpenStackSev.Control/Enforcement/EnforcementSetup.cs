using Quartz;

namespace OpenStackSev.Control.Enforcement;

/// <summary>Enforcement in the application: its parts, its job, its paths.</summary>
internal static class EnforcementSetup
{
    /// <param name="hasScheduler">Somebody else has a job, and so a scheduler.</param>
    /// <exception cref="OpenStackSev.Configuration.ConfigurationException">The rules file cannot be used.</exception>
    public static void AddEnforcement(this IServiceCollection services, EnforcementOptions options, bool hasScheduler)
    {
        services.AddSingleton(options);
        // Read before anything is served: a wrong file ends the start.
        Ruleset first = options.RulesFile is { } file ? RulesetFile.Read(file) : RulesetSample.Default;
        services.AddSingleton(provider => new RulesInForce(options, first, provider.GetRequiredService<ILogger<RulesInForce>>()));
        services.AddSingleton<NovaMeasures>();
        services.AddSingleton<EnforcementWriter>();
        services.AddSingleton<InstanceActs>();
        services.AddSingleton<FleetBreaker>();
        services.AddSingleton<EnforcementJournal>();
        services.AddSingleton<EnforcementRound>();
        services.AddSingleton<Releases>();
        services.AddSingleton<EnforcementSignal>();
        services.AddHostedService(provider => provider.GetRequiredService<EnforcementSignal>());
        if (options.Enabled)
            AddJob(services, options, hasScheduler);
    }

    public static void MapEnforcement(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapGet("/v1/enforcement", EnforcementEndpoints.ShowAsync);
        endpoints.MapPost("/v1/enforcement/resume", EnforcementEndpoints.ResumeAsync);
        endpoints.MapGet("/v1/enforcement/instances", EnforcementEndpoints.ListAsync);
        endpoints.MapPost("/v1/instances/{instance:guid}/release", EnforcementEndpoints.ReleaseAsync);
    }

    private static void AddJob(IServiceCollection services, EnforcementOptions options, bool hasScheduler)
    {
        services.AddQuartz(quartz =>
        {
            quartz.AddJob<EnforcementJob>(job => job.WithIdentity(EnforcementJob.Key).StoreDurably().WithDescription("does what follows from verdicts"));
            quartz.AddTrigger<EnforcementJob>(trigger => trigger.WithIdentity(EnforcementJob.Trigger).ForJob(EnforcementJob.Key).StartNow().WithSimpleSchedule(schedule => schedule
                .WithInterval(options.Interval).RepeatForever().WithMisfireInstruction(SimpleTriggerMisfireInstruction.NextWithExistingCount)));
        });
        if (!hasScheduler)
            services.AddQuartzHostedService(host => host.WaitForJobsToComplete = true);
    }
}
