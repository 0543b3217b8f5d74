using Microsoft.EntityFrameworkCore;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Persistence;

/// <summary>The tables, in words that every database understands. Each database has a class below, with its migrations.</summary>
public abstract class ControlContext(DbContextOptions options) : DbContext(options)
{
    /// <summary>Hexadecimal digits of a CHIP_ID.</summary>
    private const int ChipIdLength = 128;

    private const int NameLength = 255;

    public DbSet<HistoryRow> History => Set<HistoryRow>();
    public DbSet<HistoryAnchor> Anchors => Set<HistoryAnchor>();
    public DbSet<HostState> Hosts => Set<HostState>();
    public DbSet<HostChip> Chips => Set<HostChip>();

    /// <summary>What <paramref name="failure"/> means in terms of <see cref="StorageCodes"/>; null when it is no failure of the database.</summary>
    public virtual StorageException? Explain(Exception failure) => failure is DbUpdateConcurrencyException
        ? new StorageException(StorageCodes.Conflict, "a row was changed by someone else since it was read", failure)
        : null;

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<MicrosecondsConverter>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<HistoryRow>(row =>
        {
            row.ToTable("history");
            row.HasKey(r => r.Id);
            row.Property(r => r.Writer).HasMaxLength(HistoryWriterOptions.MaximumNameLength);
            row.Property(r => r.Kind).HasMaxLength(HistoryRecord.MaximumKindLength);
            row.Property(r => r.Project).HasMaxLength(HistoryRecord.MaximumProjectLength);
            row.Property(r => r.Body).HasMaxLength(HistoryRecord.MaximumBodyBytes);
            row.Property(r => r.Hash).HasMaxLength(HistoryEncoding.HashLength);
            row.HasIndex(r => new { r.Writer, r.Sequence }).IsUnique();
            row.HasIndex(r => new { r.Subject, r.Id });
        });
        modelBuilder.Entity<HistoryAnchor>(anchor =>
        {
            anchor.ToTable("history_anchors");
            anchor.HasKey(a => a.Writer);
            anchor.Property(a => a.Writer).HasMaxLength(HistoryWriterOptions.MaximumNameLength);
            anchor.Property(a => a.Hash).HasMaxLength(HistoryEncoding.HashLength);
        });
        modelBuilder.Entity<HostState>(host =>
        {
            host.ToTable("hosts");
            host.HasKey(h => h.Node);
            host.Property(h => h.Name).HasMaxLength(NameLength);
            host.Property(h => h.Facts).HasMaxLength(HistoryRecord.MaximumBodyBytes);
            host.Property(h => h.Version).IsConcurrencyToken();
            host.HasIndex(h => h.Name);
            host.HasIndex(h => new { h.SilentSince, h.LastSeenAt });
        });
        modelBuilder.Entity<HostChip>(chip =>
        {
            chip.ToTable("host_chips");
            chip.HasKey(c => c.ChipId);
            chip.Property(c => c.ChipId).HasMaxLength(ChipIdLength);
            chip.Property(c => c.Status).HasConversion<string>().HasMaxLength(16);
            chip.Property(c => c.ApprovedBy).HasMaxLength(NameLength);
            chip.Property(c => c.Version).IsConcurrencyToken();
            chip.HasIndex(c => c.Node);
        });
    }
}
