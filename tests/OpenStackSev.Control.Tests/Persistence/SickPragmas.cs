using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.Sqlite;

namespace OpenStackSev.Control.Tests.Persistence;

/// <summary>Gives SQLite itself an illness, so that its own errors come: no root is needed for it.</summary>
public sealed class SickPragmas : DbConnectionInterceptor
{
    private const string Well = "PRAGMA max_page_count = 1073741823; PRAGMA query_only = 0;";

    private string pragmas = Well;

    public void Full() => pragmas = "PRAGMA max_page_count = 1;";      // SQLite takes the present size where that is more

    public void ReadOnly() => pragmas = "PRAGMA query_only = 1;";

    public void Cure() => pragmas = Well;

    public ControlDatabase Open(string file)
    {
        DbContextOptions<SqliteControlContext> options = new DbContextOptionsBuilder<SqliteControlContext>()
            .UseSqlite($"Data Source={file};Mode=ReadWrite;Default Timeout=1").AddInterceptors(this).Options;
        return new ControlDatabase(() => new SqliteControlContext(options));
    }

    public override Task ConnectionOpenedAsync(
        DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        using DbCommand command = connection.CreateCommand();
#pragma warning disable CA2100 // constants of this class
        command.CommandText = pragmas;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
        return Task.CompletedTask;
    }
}
