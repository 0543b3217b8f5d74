using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;

namespace OpenStackSev.Control.Persistence.Sqlite;

/// <summary>SQLite's result codes in the words of <see cref="StorageCodes"/>.</summary>
internal static class SqliteFailures
{
    public static StorageException? Explain(Exception failure) => failure switch
    {
        SqliteException sqlite => Explain(sqlite),
        DbUpdateException { InnerException: SqliteException sqlite } => Explain(sqlite),
        _ => null,
    };

    /// <remarks>Source: sqlite.org, "Result and Error Codes", primary codes.</remarks>
    private static StorageException Explain(SqliteException e)
    {
        (string code, string detail) = e.SqliteErrorCode switch
        {
            1 => (StorageCodes.Schema, "a table or column is missing; run 'openstack-sev-control manage db sync'"),
            5 or 6 => (StorageCodes.Locked, "the database is locked by another program; find it with 'fuser' on the database file"),
            8 => (StorageCodes.ReadOnly, "the database cannot be written; look at its file's owner and at the mount"),
            10 => (StorageCodes.Unavailable, "the disk below the database failed or is full; look at the kernel's log and at the room left"),
            11 or 26 => (StorageCodes.Corrupt, "the file is damaged or no database; restore it, then run 'manage history verify'"),
            13 => (StorageCodes.Full, "no room is left for the database; free some, or let retention keep less"),
            14 => (StorageCodes.Unavailable, "the database file cannot be opened; make it with 'openstack-sev-control manage db sync'"),
            19 => (StorageCodes.Conflict, "a row of this key was written by someone else meanwhile"),
            _ => (StorageCodes.Unavailable, $"SQLite answered {e.SqliteErrorCode} ({e.SqliteExtendedErrorCode})"),
        };
        return new StorageException(code, detail, e);
    }
}
