using System.CommandLine;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.Sqlite;

namespace OpenStackSev.Control.Commands;

/// <summary><c>manage db sync|version</c>: the tables of this version, before it serves.</summary>
internal static class DatabaseCommands
{
    public static Command Create(TextWriter output) => new("db", "The database.") { Sync(output), Version(output) };

    private static Command Sync(TextWriter output)
    {
        var command = new Command("sync", "Make the database when it is missing, and bring its tables to this version.");
        command.SetAction(async (parsed, ct) =>
        {
            ControlConfiguration configuration = parsed.Configuration();
            string file = configuration.Database.FileIn(configuration.Process);
            IReadOnlyList<string> applied = await Guarded(() => SqliteDatabase.SyncAsync(file, ct));
            output.WriteLine(applied.Count == 0 ? $"{file} is up to date" : $"{file}: applied {string.Join(", ", applied)}");
            string key = configuration.Database.KeyIn(configuration.Process);
            if (!File.Exists(key))
                HistoryCommands.MakeKey(key, output);
            KeyCommands.MakeMissing(configuration, output);
            return ExitCodes.Done;
        });
        return command;
    }

    private static Command Version(TextWriter output)
    {
        var command = new Command("version", "Print the migrations that the database has, and those that it lacks.");
        command.SetAction(async (parsed, ct) =>
        {
            ControlConfiguration configuration = parsed.Configuration();
            string file = configuration.Database.FileIn(configuration.Process);
            (IReadOnlyList<string> applied, IReadOnlyList<string> pending) = await Guarded(() => SqliteDatabase.VersionAsync(file, ct));
            foreach (string migration in applied)
                output.WriteLine(migration);
            foreach (string migration in pending)
                output.WriteLine($"{migration} (pending: manage db sync)");
            return ExitCodes.Done;
        });
        return command;
    }

    private static async Task<T> Guarded<T>(Func<Task<T>> work)
    {
        try
        {
            return await work();
        }
        catch (StorageException e)
        {
            throw new StartException(e.Message, "[database] connection or [DEFAULT] state_dir says where the database is; the service's user must be able to write there",
                e.IsTransient ? ExitCodes.TryLater : ExitCodes.Failed, e);
        }
    }
}
