using System.Text.Json;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Hosts;

/// <summary>What is known when a report comes: the host, its chips, and the rows of reported chips that are other hosts'.</summary>
internal sealed record KnownHost(HostState? Host, IReadOnlyList<HostChip> Chips, IReadOnlyList<HostChip> Elsewhere);

/// <summary>What is to be written for a report. One step is whole in itself; after one with a record, the rest is decided anew.</summary>
/// <param name="Record">Null when history has nothing to add.</param>
/// <param name="Change">Of current state, without a record; null when the record has it.</param>
internal sealed record EnrolmentStep(HistoryRecord? Record, StateChange? Change);

/// <summary>Enrolment of hosts and their chips, and silence. Pure.</summary>
internal static class EnrolmentRules
{
    public const string FirstUse = "first use";

    /// <summary>Missed reports after which a host counts as silent.</summary>
    public const int MissedReports = 3;

    /// <summary>The next step towards what the report says, the most important first: conflict, return, chips, facts, a sign of life.</summary>
    /// <param name="firstUse">The first chips of a host are approved by its first report.</param>
    /// <param name="certificateEnds">Of the certificate that the report came with.</param>
    public static EnrolmentStep Decide(KnownHost known, Guid node, HostReport report, bool firstUse, DateTimeOffset now, DateTimeOffset? certificateEnds = null)
    {
        HostChip[] taken = [.. known.Elsewhere.Where(chip => chip.Status != ChipStatus.Withdrawn)];
        var stored = new StoredReport(report, [.. taken.Select(chip => chip.ChipId).Order(StringComparer.Ordinal)], certificateEnds);
        StoredReport? before = known.Host is null ? null : StoredReport.Of(known.Host);
        HostState host = Seen(known.Host, node, stored, before, now);
        if (taken.Length > 0)
            return Conflict(host, stored, before, taken);
        if (known.Host is { SilentSince: not null } silent)
            return new(Record(HostEvents.Returned, node, new SilenceRecord(silent.LastSeenAt, silent.SilentSince), silent with { SilentSince = null, LastSeenAt = now }), null);
        if (Chips(known, node, report, firstUse, now) is { } chips)
            return chips;
        return before is null || !stored.SaysTheSameAs(before)
            ? new(new HistoryRecord(HostEvents.Reported, node, null, JsonSerializer.SerializeToUtf8Bytes(report, HostRecordJson.Default.HostReport)) { Changes = [host] }, null)
            : new(null, stored.Bytes().AsSpan().SequenceEqual(known.Host!.Facts) ? new HostSeen(node, now) : host);
    }

    /// <summary>How far the enrolment of a host is.</summary>
    public static EnrolmentState Of(StoredReport stored, IReadOnlyList<HostChip> chips)
    {
        if (stored.Conflicts.Count > 0)
            return EnrolmentState.Conflict;
        HostChip[] present = [.. chips.Where(chip => chip.Status != ChipStatus.Withdrawn)];
        if (present.Length == 0)
            return EnrolmentState.NoChips;
        if (present.All(chip => chip.Status == ChipStatus.Approved))
            return EnrolmentState.Enrolled;
        return chips.Any(chip => chip.ApprovedBy is not null) ? EnrolmentState.Changed : EnrolmentState.Pending;
    }

    /// <summary>What an administrator's approval writes; null when all of it is approved already.</summary>
    public static HistoryRecord? Approve(Guid node, IReadOnlyList<HostChip> approved, string by, DateTimeOffset now)
    {
        HostChip[] pending = [.. approved.Where(chip => chip.Status == ChipStatus.Pending)
            .Select(chip => chip with { Status = ChipStatus.Approved, ApprovedBy = by, ApprovedAt = now })];
        return pending.Length == 0 ? null : ChipsRecord(HostEvents.ChipApproved, node, pending, by);
    }

    /// <summary>What an administrator's withdrawal writes; null when all of it is withdrawn already. Evidence of these chips counts for nobody then.</summary>
    public static HistoryRecord? Withdraw(Guid node, IReadOnlyList<HostChip> chosen, string by, string reason)
    {
        HostChip[] taken = [.. chosen.Where(chip => chip.Status != ChipStatus.Withdrawn).Select(chip => chip with { Status = ChipStatus.Withdrawn })];
        return taken.Length == 0 ? null : ChipsRecord(HostEvents.ChipWithdrawn, node, taken, by, reason);
    }

    /// <summary>What is written of a host that has missed its reports.</summary>
    public static HistoryRecord Silence(HostState host, DateTimeOffset now) =>
        Record(HostEvents.Silent, host.Node, new SilenceRecord(host.LastSeenAt, now), host with { SilentSince = now });

    /// <summary>Hosts that were last seen before this are silent; null while the control plane itself has not listened long enough to know.</summary>
    public static DateTimeOffset? SilentBefore(DateTimeOffset listeningSince, TimeSpan interval, DateTimeOffset now) =>
        now - listeningSince < interval * MissedReports ? null : now - (interval * MissedReports);

    private static HostState Seen(HostState? host, Guid node, StoredReport stored, StoredReport? before, DateTimeOffset now) => host is null
        ? new HostState { Node = node, Name = stored.Report.Name, FirstSeenAt = now, LastSeenAt = now, FactsChangedAt = now, Facts = stored.Bytes() }
        : host with
        {
            Name = stored.Report.Name,
            LastSeenAt = now > host.LastSeenAt || host.LastSeenAt > now + HostSeen.MostAhead ? now : host.LastSeenAt,
            FactsChangedAt = stored.SaysTheSameAs(before!) ? host.FactsChangedAt : now,
            Facts = stored.Bytes(),
        };

    /// <summary>Told once, as long as it is the same conflict; the host is alive all the same.</summary>
    private static EnrolmentStep Conflict(HostState host, StoredReport stored, StoredReport? before, HostChip[] taken) =>
        before is not null && before.Conflicts.SequenceEqual(stored.Conflicts, StringComparer.Ordinal)
            ? new(null, new HostSeen(host.Node, host.LastSeenAt))
            : new(Record(HostEvents.ChipConflict, host.Node,
                new ChipRecord([.. taken.Select(chip => new ChipRecordItem(chip.ChipId, "conflict"))], Holders: [.. taken.Select(chip => chip.Node).Distinct()]), host), null);

    /// <summary>Chips that came and went. A report without chips says nothing about them: it may be that they cannot be read now.</summary>
    private static EnrolmentStep? Chips(KnownHost known, Guid node, HostReport report, bool firstUse, DateTimeOffset now)
    {
        if (report.Chips.Count == 0)
            return null;
        HostChip[] gone = [.. known.Chips.Where(chip => chip.Status != ChipStatus.Withdrawn && !report.Chips.Contains(chip.ChipId, StringComparer.Ordinal))
            .Select(chip => chip with { Status = ChipStatus.Withdrawn })];
        HostChip[] came = [.. report.Chips.Select(id => Came(known, node, id, now)).OfType<HostChip>()];
        if (gone.Length + came.Length == 0)
            return null;
        bool first = known.Chips.Count == 0;
        // A chip that was another host's before is never new to this cloud.
        bool approved = firstUse && first && known.Elsewhere.Count == 0;
        if (approved)
            came = [.. came.Select(chip => chip with { Status = ChipStatus.Approved, ApprovedBy = FirstUse, ApprovedAt = now })];
        return new(ChipsRecord(first ? HostEvents.ChipRegistered : HostEvents.ChipChanged, node, [.. came, .. gone], approved ? FirstUse : null), null);
    }

    /// <summary>Null for a chip that the host has already. One that was withdrawn begins anew.</summary>
    private static HostChip? Came(KnownHost known, Guid node, string id, DateTimeOffset now)
    {
        HostChip? row = known.Chips.Concat(known.Elsewhere).FirstOrDefault(chip => chip.ChipId == id);
        return row is null ? new HostChip { ChipId = id, Node = node, Status = ChipStatus.Pending, FirstSeenAt = now }
            : row.Status != ChipStatus.Withdrawn ? null
            : row with { Node = node, Status = ChipStatus.Pending, FirstSeenAt = now, ApprovedBy = null, ApprovedAt = null };
    }

    private static HistoryRecord ChipsRecord(string kind, Guid node, IReadOnlyList<HostChip> chips, string? by, string? reason = null) => new(kind, node, null,
        JsonSerializer.SerializeToUtf8Bytes(
            new ChipRecord([.. chips.Select(chip => new ChipRecordItem(chip.ChipId, Word(chip.Status)))], by, Reason: reason), HostRecordJson.Default.ChipRecord))
    { Changes = [.. chips] };

    private static HistoryRecord Record(string kind, Guid node, ChipRecord body, HostState host) =>
        new(kind, node, null, JsonSerializer.SerializeToUtf8Bytes(body, HostRecordJson.Default.ChipRecord)) { Changes = [host] };

    private static HistoryRecord Record(string kind, Guid node, SilenceRecord body, HostState host) =>
        new(kind, node, null, JsonSerializer.SerializeToUtf8Bytes(body, HostRecordJson.Default.SilenceRecord)) { Changes = [host] };

    public static string Word(ChipStatus status) => status.ToString().ToLowerInvariant();
}
