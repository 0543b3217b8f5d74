using Microsoft.EntityFrameworkCore;

namespace OpenStackSev.Control.Persistence.Sqlite;

/// <summary>The tables in SQLite: one file, one machine.</summary>
public sealed class SqliteControlContext(DbContextOptions<SqliteControlContext> options) : ControlContext(options)
{
    public override StorageException? Explain(Exception failure) => base.Explain(failure) ?? SqliteFailures.Explain(failure);

    /// <summary>UUIDs as 16 bytes instead of 36 characters: half the size of the index that finds a subject.</summary>
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        base.ConfigureConventions(configurationBuilder);
        configurationBuilder.Properties<Guid>().HaveConversion<BigEndianGuidConverter>();
    }
}
