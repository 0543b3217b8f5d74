namespace OpenStackSev.Control.Persistence;

/// <summary>The database did not do what was asked. Nothing of the request was kept.</summary>
/// <param name="code">One of <see cref="StorageCodes"/>.</param>
/// <param name="detail">What failed and what helps, without row contents.</param>
public sealed class StorageException(string code, string detail, Exception? inner = null) : Exception($"{code}: {detail}", inner)
{
    /// <summary>Stable code. Branch on this, never on the message.</summary>
    public string Code { get; } = code;

    /// <summary>What failed and what helps, without the code.</summary>
    public string Detail { get; } = detail;

    /// <summary>True when the same request may succeed later without anybody restarting this program.</summary>
    public bool IsTransient => Code is not (StorageCodes.Corrupt or StorageCodes.Schema or StorageCodes.RolledBack);
}

/// <summary>Codes of <see cref="StorageException"/>.</summary>
public static class StorageCodes
{
    /// <summary>No room on the file system or in the database's own limit.</summary>
    public const string Full = "storage.full";

    /// <summary>The database or its file system may be read but not written.</summary>
    public const string ReadOnly = "storage.read_only";

    /// <summary>Someone else held the database longer than the time-out.</summary>
    public const string Locked = "storage.locked";

    /// <summary>The database cannot be reached or opened, or its disk failed.</summary>
    public const string Unavailable = "storage.unavailable";

    /// <summary>What lies there is no database, or a damaged one.</summary>
    public const string Corrupt = "storage.corrupt";

    /// <summary>The tables are missing or of another version.</summary>
    public const string Schema = "storage.schema";

    /// <summary>A row was changed by someone else since it was read; read, judge and write again.</summary>
    public const string Conflict = "storage.conflict";

    /// <summary>The history ends before rows that this program has committed: the database was exchanged under it.</summary>
    public const string RolledBack = "storage.rolled_back";

    /// <summary>This program is shutting down and takes no more writes.</summary>
    public const string Stopping = "storage.stopping";
}
