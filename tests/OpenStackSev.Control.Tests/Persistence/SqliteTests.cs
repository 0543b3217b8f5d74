using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.Sqlite;

namespace OpenStackSev.Control.Tests.Persistence;

public sealed class SqliteTests
{
    [Fact]
    public async Task Every_change_of_the_model_has_a_migration()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        Assert.False(await database.Database.UseAsync(context => Task.FromResult(context.Database.HasPendingModelChanges())),
            "the model has changes without a migration; see Persistence/README.md for the command that makes it");
    }

    [Fact]
    public async Task A_commit_waits_for_the_disk()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        Assert.Equal(("wal", 2L), (await PragmaAsync<string>(database, "journal_mode"), await PragmaAsync<long>(database, "synchronous")));
    }

    [Fact]
    public async Task A_second_sync_changes_nothing()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        Assert.Empty(await SqliteDatabase.SyncAsync(database.File));
        (IReadOnlyList<string> applied, IReadOnlyList<string> pending) = await SqliteDatabase.VersionAsync(database.File);
        Assert.NotEmpty(applied);
        Assert.Empty(pending);
    }

    [Fact]
    public async Task Only_its_owner_may_read_the_database_and_the_files_beside_it()
    {
        await using TemporaryDatabase database = await TemporaryDatabase.StartAsync();
        await database.History.AppendAsync(HistoryWriterTests.Record("host.reported", "{}"));
        string[] files = Directory.GetFiles(database.Folder, "control.sqlite*");
        Assert.Contains(files, file => file.EndsWith("-wal", StringComparison.Ordinal));
        Assert.All(files, file => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
    }

    [Fact]
    public async Task A_database_that_was_never_made_is_said_to_be_missing()
    {
        ControlDatabase missing = SqliteDatabase.Open("/nonexistent/control.sqlite", TimeSpan.FromSeconds(1));
        StorageException e = await Assert.ThrowsAsync<StorageException>(() => missing.UseAsync(context => context.Hosts.CountAsync()));
        Assert.Equal(StorageCodes.Unavailable, e.Code);
        Assert.Contains("manage db sync", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_without_tables_is_said_to_need_a_sync()
    {
        string file = Path.GetTempFileName();
        StorageException e = await Assert.ThrowsAsync<StorageException>(
            () => SqliteDatabase.Open(file, TimeSpan.FromSeconds(1)).UseAsync(context => context.Hosts.CountAsync()));
        Assert.Equal(StorageCodes.Schema, e.Code);
        Assert.False(e.IsTransient);
        File.Delete(file);
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_said_to_be_corrupt()
    {
        string file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, new string('x', 4096));
        StorageException e = await Assert.ThrowsAsync<StorageException>(() => SqliteDatabase.SyncAsync(file));
        Assert.Equal(StorageCodes.Corrupt, e.Code);
        File.Delete(file);
    }

    private static Task<T> PragmaAsync<T>(TemporaryDatabase database, string name) => database.Database.UseAsync(async context =>
    {
        await context.Database.OpenConnectionAsync();
        var connection = (SqliteConnection)context.Database.GetDbConnection();
        using SqliteCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // a constant of this file
        command.CommandText = $"PRAGMA {name}";
#pragma warning restore CA2100
        return (T)(await command.ExecuteScalarAsync())!;
    });
}
