using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Design;

namespace OpenStackSev.Control.Persistence.Sqlite;

/// <summary>A database in a file.</summary>
public static class SqliteDatabase
{
    /// <summary>One writes; that more read at the same moment is rare.</summary>
    private const int MostKept = 16;

    /// <summary>Opens what <see cref="SyncAsync"/> made; a file that is missing is an error of the first use, not a new database.</summary>
    /// <param name="file">Absolute path.</param>
    /// <param name="lockTimeout">Longest wait for another program's lock, in whole seconds, at least one.</param>
    public static ControlDatabase Open(string file, TimeSpan lockTimeout)
    {
        DbContextOptions<SqliteControlContext> options = Options(file, SqliteOpenMode.ReadWrite, lockTimeout);
        return new ControlDatabase(() => new SqliteControlContext(options), MostKept);
    }

    /// <summary>Makes the file when it is missing, and brings its tables to this program's version.</summary>
    /// <returns>Names of the migrations that were applied.</returns>
    /// <exception cref="StorageException">The database failed.</exception>
    public static Task<IReadOnlyList<string>> SyncAsync(string file, CancellationToken ct = default)
    {
        CreatePrivately(file);
        return Once(file).UseAsync<IReadOnlyList<string>>(async context =>
        {
            string[] pending = [.. await context.Database.GetPendingMigrationsAsync(ct)];
            // kept in the file: readers do not wait for the writer, and a commit is one sync
            await context.Database.ExecuteSqlRawAsync("PRAGMA journal_mode = WAL;", ct);
            await context.Database.MigrateAsync(ct);
            return pending;
        });
    }

    /// <summary>Migrations that are in the file, and those of this program that are not.</summary>
    public static Task<(IReadOnlyList<string> Applied, IReadOnlyList<string> Pending)> VersionAsync(string file, CancellationToken ct = default) =>
        Once(file).UseAsync<(IReadOnlyList<string>, IReadOnlyList<string>)>(async context =>
            ([.. await context.Database.GetAppliedMigrationsAsync(ct)], [.. await context.Database.GetPendingMigrationsAsync(ct)]));

    private static ControlDatabase Once(string file) =>
        new(() => new SqliteControlContext(Options(file, SqliteOpenMode.ReadWrite, TimeSpan.FromSeconds(30))));

    /// <summary>Only its owner may read the database; SQLite gives the files beside it the same mode.</summary>
    private static void CreatePrivately(string file)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            using var _ = new FileStream(file, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.ReadWrite,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException(StorageCodes.Unavailable, $"the database file cannot be made: {e.Message}", e);
        }
    }

    private static DbContextOptions<SqliteControlContext> Options(string file, SqliteOpenMode mode, TimeSpan lockTimeout)
    {
        var connection = new SqliteConnectionStringBuilder
        {
            DataSource = file,
            Mode = mode,
            Pooling = true,
            DefaultTimeout = Math.Max(1, (int)lockTimeout.TotalSeconds),     // 0 would wait for ever
        };
        return new DbContextOptionsBuilder<SqliteControlContext>()
            .UseSqlite(connection.ConnectionString)
            .AddInterceptors(new SqlitePragmas())
            .Options;
    }

    /// <summary>For <c>dotnet ef migrations add</c>, which builds no application.</summary>
    internal sealed class DesignTime : IDesignTimeDbContextFactory<SqliteControlContext>
    {
        public SqliteControlContext CreateDbContext(string[] args) =>
            new(Options("/nonexistent/design-time.sqlite", SqliteOpenMode.ReadWrite, TimeSpan.FromSeconds(1)));
    }
}
