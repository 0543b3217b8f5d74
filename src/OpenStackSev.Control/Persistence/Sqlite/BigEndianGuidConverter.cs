using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace OpenStackSev.Control.Persistence.Sqlite;

/// <summary>UUIDs in the order in which they are written: SQLite's <c>hex(node)</c> shows what the log shows.</summary>
internal sealed class BigEndianGuidConverter()
    : ValueConverter<Guid, byte[]>(id => id.ToByteArray(true), bytes => new Guid(bytes, true));
