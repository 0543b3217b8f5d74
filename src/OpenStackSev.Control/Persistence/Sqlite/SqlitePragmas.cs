using System.Data.Common;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace OpenStackSev.Control.Persistence.Sqlite;

/// <summary>What each connection must be told, since SQLite forgets it with the connection.</summary>
internal sealed class SqlitePragmas : DbConnectionInterceptor
{
    /// <summary>FULL: a commit in the write-ahead log is on the disk before it is answered. NORMAL would lose the last ones with the power.</summary>
    private const string EachConnection = "PRAGMA synchronous = FULL;";

    public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
    {
        using DbCommand command = connection.CreateCommand();
        command.CommandText = EachConnection;
        command.ExecuteNonQuery();
    }

    public override Task ConnectionOpenedAsync(
        DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        ConnectionOpened(connection, eventData);
        return Task.CompletedTask;
    }
}
