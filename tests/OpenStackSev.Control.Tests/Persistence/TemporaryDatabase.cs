using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Persistence.Sqlite;

namespace OpenStackSev.Control.Tests.Persistence;

/// <summary>A synced SQLite file of its own with a running writer, deleted afterwards.</summary>
public sealed class TemporaryDatabase : IAsyncDisposable
{
    public const string Writer = "control-1";

    private static readonly Lazy<Task<byte[]>> s_synced = new(SyncedAsync);

    private bool stays;

    private TemporaryDatabase(string folder, SickPragmas? sickness)
    {
        Folder = folder;
        Database = sickness?.Open(File) ?? SqliteDatabase.Open(File, TimeSpan.FromSeconds(1));
        Events = new EventLog(Lines, AuditLines, NullLogger<EventLog>.Instance);
        History = NewWriter();
    }

    public string Folder { get; }
    public string File => Path.Join(Folder, "control.sqlite");
    public FakeTimeProvider Time { get; } = new(new DateTimeOffset(2026, 11, 25, 12, 0, 0, TimeSpan.Zero));
    public ControlDatabase Database { get; }
    public MemorySink Lines { get; } = new();
    public MemorySink AuditLines { get; } = new();
    public EventLog Events { get; }
    public HistoryWriter History { get; private set; }
    public HistoryReader Reader => new(Database);
    public HostStates Hosts => new(Database);

    public static async Task<TemporaryDatabase> StartAsync(string? folder = null, SickPragmas? sickness = null)
    {
        var database = new TemporaryDatabase(folder ?? Directory.CreateTempSubdirectory("osev-control-").FullName, sickness);
        await System.IO.File.WriteAllBytesAsync(database.File, await s_synced.Value);
        System.IO.File.SetUnixFileMode(database.File, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        await database.History.StartAsync(default);
        return database;
    }

    /// <summary>A running writer on a synced database that stays when this is disposed.</summary>
    public static TemporaryDatabase Over(string file)
    {
        var database = new TemporaryDatabase(Path.GetDirectoryName(file)!, sickness: null) { stays = true };
        database.History.StartAsync(default).GetAwaiter().GetResult();
        return database;
    }

    public HistoryWriter NewWriter(string name = Writer) =>
        new(Database, new HistoryWriterOptions { Writer = name }, Time, NullLogger<HistoryWriter>.Instance, Events);

    /// <summary>Does to the tables what somebody with access to the file can do.</summary>
    public void Tamper(string sql) => Tamper(File, sql);

    public static void Tamper(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // a constant of a test
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

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
        if (stays)
            return;
        foreach (string entry in Directory.GetFiles(Folder))
            System.IO.File.Delete(entry);
        Directory.Delete(Folder);
    }

    /// <summary>Migrations run once; each test gets a copy of the file.</summary>
    private static async Task<byte[]> SyncedAsync()
    {
        string folder = Directory.CreateTempSubdirectory("osev-synced-").FullName;
        string file = Path.Join(folder, "control.sqlite");
        await SqliteDatabase.SyncAsync(file);
        using (var connection = new SqliteConnection($"Data Source={file};Pooling=False"))
        {
            connection.Open();
            using SqliteCommand command = connection.CreateCommand();
            command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
            command.ExecuteNonQuery();
        }

        byte[] synced = await System.IO.File.ReadAllBytesAsync(file);
        Directory.Delete(folder, recursive: true);
        return synced;
    }
}

/// <summary>Keeps the lines that a file would get.</summary>
public sealed class MemorySink : LineSink
{
    private readonly List<string> lines = [];

    public override string Name => "memory";

    /// <summary>Makes each write fail as a full disk does.</summary>
    public bool IsFull { get; set; }

    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (lines)
                return [.. lines];
        }
    }

    public override void Append(ReadOnlySpan<byte> line)
    {
        if (IsFull)
            throw new IOException("no space left on device");
        lock (lines)
            lines.Add(Encoding.UTF8.GetString(line));
    }
}
