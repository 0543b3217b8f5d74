using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Persistence.Sqlite;

namespace OpenStackSev.Control.Tests.Persistence;

/// <summary>A synced SQLite file of its own with a running writer, deleted afterwards.</summary>
public sealed class TemporaryDatabase : IAsyncDisposable
{
    public const string Writer = "control-1";

    private TemporaryDatabase(string folder)
    {
        Folder = folder;
        Database = SqliteDatabase.Open(File, TimeSpan.FromSeconds(1));
        History = NewWriter();
    }

    public string Folder { get; }
    public string File => Path.Join(Folder, "control.sqlite");
    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 25, 12, 0, 0, TimeSpan.Zero));
    public ControlDatabase Database { get; }
    public HistoryWriter History { get; private set; }
    public HistoryReader Reader => new(Database);
    public HostStates Hosts => new(Database);

    public static async Task<TemporaryDatabase> StartAsync(string? folder = null)
    {
        var database = new TemporaryDatabase(folder ?? Directory.CreateTempSubdirectory("osev-control-").FullName);
        await SqliteDatabase.SyncAsync(database.File);
        await database.History.StartAsync(default);
        return database;
    }

    public HistoryWriter NewWriter(string name = Writer) =>
        new(Database, new HistoryWriterOptions { Writer = name }, Time, NullLogger<HistoryWriter>.Instance);

    /// <summary>Stops the writer and starts another one on the same file, as a restart of the program does.</summary>
    public async Task RestartAsync()
    {
        await History.StopAsync(default);
        History = NewWriter();
        await History.StartAsync(default);
    }

    public async ValueTask DisposeAsync()
    {
        await History.StopAsync(default);
        Directory.Delete(Folder, recursive: true);
    }
}
