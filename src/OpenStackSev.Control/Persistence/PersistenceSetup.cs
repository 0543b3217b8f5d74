using OpenStackSev.Configuration;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Persistence.Sqlite;

namespace OpenStackSev.Control.Persistence;

/// <summary>The database of the application: its one writer, those who read, and what watches over the history.</summary>
internal static partial class PersistenceSetup
{
    private static readonly TimeSpan s_retentionInterval = TimeSpan.FromHours(1);

    /// <exception cref="ConfigurationException">The history's key cannot be used.</exception>
    public static void AddPersistence(this IServiceCollection services, DatabaseOptions options, EventOptions events, ProcessOptions process)
    {
        services.AddSingleton(_ => SqliteDatabase.Open(options.FileIn(process), options.LockTimeout));
        services.AddSingleton(provider => events.Open(process, provider.GetRequiredService<ILogger<EventLog>>()));
        services.AddSingleton(new HistoryWriterOptions { Writer = options.WriterName });
        services.AddSingleton<ControlMeter>();
        services.AddSingleton<HistoryWriter>();
        services.AddSingleton<HistoryReader>();
        services.AddSingleton<HostStates>();
        services.AddSingleton<HostTrustStates>();
        services.AddSingleton<InstanceStates>();
        services.AddSingleton<PolicyStates>();
        services.AddSingleton<EnforcementStates>();
        services.AddSingleton<GateStates>();

        // services stop in the reverse order: retention, then the writer, then the last head of what it has written
        HistoryKey? key = KeyOf(options, process);
        if (key is not null)
        {
            services.AddSingleton<IHostedService>(provider => new HeadSigner(
                provider.GetRequiredService<HistoryWriter>(), key, provider.GetRequiredService<EventLog>(),
                provider.GetRequiredService<TimeProvider>(), options.HistoryHeadInterval));
        }
        else
        {
            services.AddSingleton<IHostedService>(provider =>
                new UnsignedHistory(options.KeyIn(process), provider.GetRequiredService<ILogger<UnsignedHistory>>()));
        }

        services.AddHostedService(provider => provider.GetRequiredService<HistoryWriter>());
        if (key is not null && options.Limits is { } limits)
        {
            services.AddSingleton(provider => new HistoryRetention(
                provider.GetRequiredService<ControlDatabase>(), key, limits, provider.GetRequiredService<TimeProvider>()));
            services.AddSingleton<IHostedService>(provider => new RetentionLoop(
                provider.GetRequiredService<HistoryRetention>(), provider.GetRequiredService<HistoryWriter>(),
                provider.GetRequiredService<TimeProvider>(), s_retentionInterval, provider.GetRequiredService<ILogger<RetentionLoop>>()));
        }
    }

    /// <summary>Null where there is none and nothing that was configured needs it.</summary>
    private static HistoryKey? KeyOf(DatabaseOptions options, ProcessOptions process)
    {
        string file = options.KeyIn(process);
        if (!File.Exists(file) && options.HistoryKey is null && options.Limits is null)
            return null;
        try
        {
            return HistoryKey.Load(file);
        }
        catch (HistoryKeyException e)
        {
            throw new ConfigurationException([$"[database] history_key: {e.Message}"]);
        }
    }

    /// <summary>Says at the start that nobody will notice rows that are cut off at the end.</summary>
    private sealed partial class UnsignedHistory(string file, ILogger<UnsignedHistory> logger) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            LogUnsigned(file);
            return Task.CompletedTask;
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        [LoggerMessage(5005, LogLevel.Warning, "no key at {File}: heads of the history are not signed; make it with 'openstack-sev-control manage db sync'")]
        private partial void LogUnsigned(string file);
    }
}
