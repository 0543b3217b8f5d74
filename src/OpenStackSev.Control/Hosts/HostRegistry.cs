using System.Collections.Concurrent;
using System.Security.Cryptography;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Trust;

namespace OpenStackSev.Control.Hosts;

/// <summary>Hosts as they report: read what is known, decide, write; again when somebody else wrote meanwhile.</summary>
internal sealed class HostRegistry(HostStates states, HistoryWriter history, HostsOptions options, TrustPulse pulse, TimeProvider time)
{
    /// <summary>Steps of one report, and repetitions after others' writes, before it is given up.</summary>
    private const int MostSteps = 12;

    /// <summary>So long a report that repeats itself is only noted; another control plane may have approved or marked something meanwhile.</summary>
    private static readonly TimeSpan RepeatTime = TimeSpan.FromMinutes(2);

    private const int MostRepeats = 50_000;
    private const int MostSilentAtOnce = 500;

    private readonly ConcurrentDictionary<Guid, Repeat> repeats = new();

    /// <exception cref="ApiException">409: a chip is another host's.</exception>
    /// <exception cref="StorageException">It was not kept.</exception>
    /// <param name="certificateEnds">Of the certificate that the report came with; null for a service user's.</param>
    public async Task<ReportOutcome> ReportAsync(Guid node, HostReport report, DateTimeOffset? certificateEnds, CancellationToken ct)
    {
        DateTimeOffset now = time.GetUtcNow();
        byte[] hash = SHA256.HashData(new StoredReport(report, [], certificateEnds).Bytes());
        if (repeats.TryGetValue(node, out Repeat? repeat) && now < repeat.Until && hash.AsSpan().SequenceEqual(repeat.Hash) && await SeenAsync(node, now, ct))
            return new ReportOutcome(repeat.Answer with { ReceivedAt = now, Judges = pulse.IsTelling(node) }, IsNews: false);
        repeats.TryRemove(node, out _);

        KnownHost known = await WriteAsync(node, report, certificateEnds, now, ct);
        StoredReport stored = StoredReport.Of(known.Host!);
        if (stored.Conflicts is [string conflict, ..])
            throw new ApiException(HostErrors.ChipConflict, $"chip {conflict[..16]}… belongs to another host; nothing of this report's chips was taken");
        var answer = new HostReportAnswer(EnrolmentRules.Of(stored, known.Chips), HostViews.Chips(stored, known.Chips),
            (int)options.ProofLifetime.TotalSeconds, (int)options.HeartbeatInterval.TotalSeconds, now, pulse.IsTelling(node));
        if (repeats.Count >= MostRepeats)
            repeats.Clear();
        repeats[node] = new Repeat(hash, answer, now + RepeatTime);
        return new ReportOutcome(answer, IsNews: true);
    }

    /// <summary>Approves chips that the host reports now.</summary>
    /// <exception cref="ApiException">404 or 409.</exception>
    public Task ApproveAsync(Guid node, IReadOnlyList<string> ids, string by, CancellationToken ct) => DecideAsync(node, ids, (host, chips) =>
    {
        StoredReport stored = StoredReport.Of(host);
        HostChip[] chosen = [.. chips.Where(chip => chip.Status != ChipStatus.Withdrawn && stored.Report.Chips.Contains(chip.ChipId, StringComparer.Ordinal))];
        return (chosen, EnrolmentRules.Approve(node, chosen, by, time.GetUtcNow()));
    }, ct);

    /// <summary>Takes chips from a host that is silent: another host may have them now.</summary>
    /// <exception cref="ApiException">404 or 409.</exception>
    public Task WithdrawAsync(Guid node, IReadOnlyList<string> ids, string by, string reason, CancellationToken ct) => DecideAsync(node, ids, (host, chips) =>
    {
        if (host.SilentSince is null)
            throw new ApiException(HostErrors.StillReports, $"host {node} reported last at {host.LastSeenAt.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}");
        return (chips, EnrolmentRules.Withdraw(node, chips, by, reason));
    }, ct);

    /// <summary>An administrator's word about chips: of what is there when it is written.</summary>
    private async Task DecideAsync(Guid node, IReadOnlyList<string> ids, Func<HostState, HostChip[], (HostChip[] Chosen, HistoryRecord? Record)> decide, CancellationToken ct)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                HostState host = await FindAsync(node, ct);
                HostChip[] named = [.. (await states.ChipsOfAsync(node, ct)).Where(chip => ids.Contains(chip.ChipId, StringComparer.Ordinal))];
                (HostChip[] chosen, HistoryRecord? record) = decide(host, named);
                if (ids.FirstOrDefault(id => chosen.All(chip => chip.ChipId != id)) is { } absent)
                    throw new ApiException(HostErrors.ChipNotReported, $"host {node} does not report chip {absent[..Math.Min(16, absent.Length)]}… now");
                if (record is not null)
                    await history.AppendAsync(record, ct);
                repeats.TryRemove(node, out _);
                return;
            }
            catch (StorageException e) when (e.Code == StorageCodes.Conflict && attempt < MostSteps)
            {
                // Somebody else wrote: what is decided must be about what is there now.
            }
        }
    }

    /// <summary>Marks the hosts that have missed their reports; each once.</summary>
    public async Task<IReadOnlyList<HostState>> MarkSilentAsync(DateTimeOffset listeningSince, CancellationToken ct)
    {
        DateTimeOffset now = time.GetUtcNow();
        if (EnrolmentRules.SilentBefore(listeningSince, options.HeartbeatInterval, now) is not { } before)
            return [];
        var marked = new List<HostState>();
        foreach (HostState host in await states.SeenBeforeAsync(before, MostSilentAtOnce, ct))
        {
            try
            {
                await history.AppendAsync(EnrolmentRules.Silence(host, now), ct);
                repeats.TryRemove(host.Node, out _);
                marked.Add(host);
            }
            catch (StorageException e) when (e.Code == StorageCodes.Conflict)
            {
                // It reported just now, or another control plane marked it.
            }
        }

        return marked;
    }

    /// <exception cref="ApiException">404.</exception>
    public async Task<HostState> FindAsync(Guid node, CancellationToken ct) =>
        await states.FindAsync(node, ct) ?? throw new ApiException(HostErrors.NotFound, $"no host {node} has reported");

    private async Task<KnownHost> WriteAsync(Guid node, HostReport report, DateTimeOffset? certificateEnds, DateTimeOffset now, CancellationToken ct)
    {
        for (int steps = 1; ; steps++)
        {
            KnownHost known = await ReadAsync(node, report, ct);
            EnrolmentStep step = EnrolmentRules.Decide(known, node, report, options.ApprovesFirstUse, now, certificateEnds);
            try
            {
                if (step.Record is { } record)
                {
                    await history.AppendAsync(record, ct);
                    continue;
                }

                await history.ApplyAsync(step.Change!, ct);
                return known;
            }
            catch (StorageException e) when (e.Code == StorageCodes.Conflict && steps < MostSteps)
            {
                // Somebody else wrote meanwhile, perhaps the same chip: it is looked at again.
            }
        }
    }

    private async Task<KnownHost> ReadAsync(Guid node, HostReport report, CancellationToken ct)
    {
        HostState? host = await states.FindAsync(node, ct);
        IReadOnlyList<HostChip> own = await states.ChipsOfAsync(node, ct);
        var elsewhere = new List<HostChip>();
        foreach (string id in report.Chips.Where(id => own.All(chip => chip.ChipId != id)))
        {
            if (await states.FindChipAsync(id, ct) is { } chip && chip.Node != node)
                elsewhere.Add(chip);
        }

        return new KnownHost(host, own, elsewhere);
    }

    private async Task<bool> SeenAsync(Guid node, DateTimeOffset now, CancellationToken ct)
    {
        try
        {
            await history.ApplyAsync(new HostSeen(node, now), ct);
            return true;
        }
        catch (StorageException e) when (e.Code == StorageCodes.Conflict)
        {
            return false;
        }
    }

    private sealed record Repeat(byte[] Hash, HostReportAnswer Answer, DateTimeOffset Until);
}

/// <summary>A report that was taken.</summary>
/// <param name="IsNews">False: it repeated the last one, and only the time of the last report moved.</param>
internal sealed record ReportOutcome(HostReportAnswer Answer, bool IsNews);
