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
    private const int WordLength = 32;
    private const int NonceLength = 32;

    /// <summary>Of a launch digest, 96, and of <c>sha256:</c> with its digits, 71.</summary>
    private const int DigestLength = 96;

    public DbSet<HistoryRow> History => Set<HistoryRow>();
    public DbSet<HistoryAnchor> Anchors => Set<HistoryAnchor>();
    public DbSet<HostState> Hosts => Set<HostState>();
    public DbSet<HostChip> Chips => Set<HostChip>();
    public DbSet<HostTrustState> HostTrust => Set<HostTrustState>();
    public DbSet<HostQuarantineState> HostQuarantine => Set<HostQuarantineState>();
    public DbSet<InstanceState> Instances => Set<InstanceState>();
    public DbSet<InstanceEvidence> Evidence => Set<InstanceEvidence>();
    public DbSet<PolicyVersion> Policies => Set<PolicyVersion>();
    public DbSet<ReferenceValue> ReferenceValues => Set<ReferenceValue>();
    public DbSet<EnforcementState> Enforcement => Set<EnforcementState>();
    public DbSet<BreakerState> Breakers => Set<BreakerState>();
    public DbSet<GateState> Gates => Set<GateState>();

    /// <summary>What <paramref name="failure"/> means in terms of <see cref="StorageCodes"/>; null when it is no failure of the database.</summary>
    public virtual StorageException? Explain(Exception failure) => failure is DbUpdateConcurrencyException
        ? new StorageException(StorageCodes.Conflict, "a row was changed by someone else since it was read", failure)
        : null;

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder) =>
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<MicrosecondsConverter>();

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        HistoryTables(modelBuilder);
        HostTables(modelBuilder);
        TrustTables(modelBuilder);
        InstanceTables(modelBuilder);
        PolicyTables(modelBuilder);
        EnforcementTables(modelBuilder);
        GateTable(modelBuilder);
    }

    private static void HistoryTables(ModelBuilder modelBuilder)
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
    }

    private static void HostTables(ModelBuilder modelBuilder)
    {
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

    private static void TrustTables(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<HostTrustState>(row =>
        {
            row.ToTable("host_trust");
            row.HasKey(r => r.Node);
            row.Property(r => r.Name).HasMaxLength(NameLength);
            row.Property(r => r.Level).HasConversion<string>().HasMaxLength(16);
            row.Property(r => r.Result).HasMaxLength(HostTrustState.MaximumResultBytes);
            row.Property(r => r.IssuedTraits).HasMaxLength(HostTrustState.MaximumTraitsLength);
            row.Property(r => r.Version).IsConcurrencyToken();
        });
        modelBuilder.Entity<HostQuarantineState>(row =>
        {
            row.ToTable("host_quarantine");
            row.HasKey(r => r.Node);
            row.Property(r => r.Reason).HasMaxLength(HostQuarantineState.MaximumReasonLength);
            row.Property(r => r.By).HasMaxLength(NameLength);
            row.Property(r => r.DisabledService).HasMaxLength(NameLength);
            row.Property(r => r.DisabledReason).HasMaxLength(HostQuarantineState.MaximumReasonLength);
            row.Property(r => r.Pending).HasConversion<string>().HasMaxLength(16);
            row.Property(r => r.ServiceProblem).HasMaxLength(64);
            row.Property(r => r.Version).IsConcurrencyToken();
        });
    }

    private static void InstanceTables(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<InstanceState>(instance =>
        {
            instance.ToTable("instances");
            instance.HasKey(i => i.Instance);
            instance.Property(i => i.Project).HasMaxLength(HistoryRecord.MaximumProjectLength);
            instance.Property(i => i.Name).HasMaxLength(NameLength);
            instance.Property(i => i.Model).HasMaxLength(WordLength);
            instance.Property(i => i.Status).HasMaxLength(WordLength);
            instance.Property(i => i.HostName).HasMaxLength(NameLength);
            instance.Property(i => i.Flavor).HasMaxLength(NameLength);
            instance.Property(i => i.Verdict).HasConversion<string>().HasMaxLength(WordLength);
            instance.Property(i => i.Result).HasMaxLength(InstanceState.MaximumResultBytes);
            instance.Property(i => i.Nonce).HasMaxLength(NonceLength);
            instance.Property(i => i.NoAnswerCode).HasMaxLength(HistoryRecord.MaximumKindLength);
            instance.Property(i => i.Version).IsConcurrencyToken();
            instance.HasIndex(i => new { i.Project, i.Instance });
            instance.HasIndex(i => new { i.GoneAt, i.NextRoundAt });
            instance.HasIndex(i => i.RoundOpenedAt);
            instance.HasIndex(i => i.Node);
            instance.HasIndex(i => new { i.Verdict, i.Instance });
        });
        modelBuilder.Entity<InstanceEvidence>(evidence =>
        {
            evidence.ToTable("instance_evidence");
            evidence.HasKey(e => e.Instance);
            evidence.HasIndex(e => e.ReceivedAt);
            evidence.Property(e => e.Report).HasMaxLength(OpenStackSev.Api.Attestation.Evidence.MaximumReportBytes);
            evidence.Property(e => e.Nonce).HasMaxLength(NonceLength);
            evidence.Property(e => e.PublicKey).HasMaxLength(OpenStackSev.Api.Attestation.Evidence.MaximumKeyBytes);
        });
    }

    private static void PolicyTables(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<PolicyVersion>(policy =>
        {
            policy.ToTable("policies");
            policy.HasKey(p => p.Number);
            policy.Property(p => p.Number).ValueGeneratedNever();
            policy.Property(p => p.Name).HasMaxLength(NameLength);
            policy.Property(p => p.Digest).HasMaxLength(DigestLength);
            policy.Property(p => p.Document).HasMaxLength(PolicyVersion.MaximumDocumentBytes);
            policy.Property(p => p.StoredBy).HasMaxLength(NameLength);
            policy.Property(p => p.ActivatedBy).HasMaxLength(NameLength);
            policy.Property(p => p.Version).IsConcurrencyToken();
        });
        modelBuilder.Entity<ReferenceValue>(value =>
        {
            value.ToTable("reference_values");
            value.HasKey(v => v.Digest);
            value.Property(v => v.Digest).HasMaxLength(DigestLength);
            value.Property(v => v.Name).HasMaxLength(NameLength);
            value.Property(v => v.AddedBy).HasMaxLength(NameLength);
            value.Property(v => v.RemovedBy).HasMaxLength(NameLength);
            value.Property(v => v.Version).IsConcurrencyToken();
        });
    }

    private static void GateTable(ModelBuilder modelBuilder) => modelBuilder.Entity<GateState>(row =>
    {
        row.ToTable("instance_gates");
        row.HasKey(r => r.Instance);
        row.Property(r => r.Project).HasMaxLength(HistoryRecord.MaximumProjectLength);
        row.Property(r => r.Stack).HasMaxLength(GateState.MaximumNameLength);
        row.Property(r => r.Resource).HasMaxLength(GateState.MaximumNameLength);
        row.Property(r => r.Standing).HasConversion<string>().HasMaxLength(16);
        row.Property(r => r.Code).HasMaxLength(HistoryRecord.MaximumKindLength);
        row.Property(r => r.Detail).HasMaxLength(GateState.MaximumDetailLength);
        row.Property(r => r.Reason).HasMaxLength(GateState.MaximumReasonLength);
        row.Property(r => r.Data).HasMaxLength(GateState.MaximumDataLength);
        row.Property(r => r.FailureCode).HasMaxLength(HistoryRecord.MaximumKindLength);
        row.Property(r => r.FailureDetail).HasMaxLength(GateState.MaximumDetailLength);
        row.Property(r => r.Version).IsConcurrencyToken();
        row.HasIndex(r => new { r.EndedAt, r.Instance });
        row.HasIndex(r => new { r.Project, r.Instance });
    });

    private static void EnforcementTables(ModelBuilder modelBuilder)
    {
        modelBuilder.Entity<EnforcementState>(row =>
        {
            row.ToTable("instance_enforcement");
            row.HasKey(r => r.Instance);
            row.Property(r => r.Project).HasMaxLength(HistoryRecord.MaximumProjectLength);
            row.Property(r => r.Standing).HasConversion<string>().HasMaxLength(16);
            row.Property(r => r.Reason).HasMaxLength(HistoryRecord.MaximumKindLength);
            row.Property(r => r.FailureCode).HasMaxLength(HistoryRecord.MaximumKindLength);
            row.Property(r => r.Version).IsConcurrencyToken();
            row.HasIndex(r => r.LastActionAt);
        });
        modelBuilder.Entity<BreakerState>(breaker =>
        {
            breaker.ToTable("enforcement_breaker");
            breaker.HasKey(b => b.Id);
            breaker.Property(b => b.Id).ValueGeneratedNever();
            breaker.Property(b => b.Reason).HasMaxLength(NameLength);
            breaker.Property(b => b.ResumedBy).HasMaxLength(NameLength);
            breaker.Property(b => b.Rules).HasMaxLength(DigestLength);
            breaker.Property(b => b.Version).IsConcurrencyToken();
        });
    }
}
