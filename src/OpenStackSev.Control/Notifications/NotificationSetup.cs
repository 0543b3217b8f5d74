namespace OpenStackSev.Control.Notifications;

/// <summary>Notifications in the application: their parts, and what listens. Without a broker's URL nothing listens.</summary>
internal static class NotificationSetup
{
    public static void AddNotifications(this IServiceCollection services, NotificationOptions options)
    {
        services.AddSingleton(options);
        services.AddSingleton<NotificationJournal>();
        services.AddSingleton<NovaBudget>();
        services.AddSingleton<SweepRequest>();
        services.AddSingleton<InstanceFollowUp>();
        services.AddSingleton<ServiceFollowUp>();
        services.AddSingleton<FlavorFollowUp>();
        services.AddSingleton<NotificationIntake>();
        if (options.Broker is not { } broker)
            return;
        // The intake first: it is stopped last, so that whoever waits for it is let go.
        services.AddHostedService(provider => provider.GetRequiredService<NotificationIntake>());
        services.AddSingleton(broker);
        services.AddHostedService<NotificationQueue>();
    }
}
