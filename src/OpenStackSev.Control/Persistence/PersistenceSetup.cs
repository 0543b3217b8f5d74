using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Persistence.Sqlite;

namespace OpenStackSev.Control.Persistence;

/// <summary>The database of the application: its one writer, and those who read.</summary>
internal static class PersistenceSetup
{
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(5);

    public static string FileOf(ProcessOptions options) => Path.Join(options.StateDir, "control.sqlite");

    public static void AddPersistence(this IServiceCollection services, ProcessOptions options)
    {
        services.AddSingleton(SqliteDatabase.Open(FileOf(options), LockTimeout));
        services.AddSingleton(new HistoryWriterOptions { Writer = "control" });
        services.AddSingleton<HistoryWriter>();
        services.AddHostedService(provider => provider.GetRequiredService<HistoryWriter>());
        services.AddSingleton<HistoryReader>();
        services.AddSingleton<HostStates>();
    }
}
