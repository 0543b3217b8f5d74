using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation.Hosts;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Hosts;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Reattestation.Policies;

namespace OpenStackSev.Control.Trust;

/// <summary>One look at all hosts: facts in, judgement as a pure value, rows and history last. What it wrote is told by others: traits, the snapshot.</summary>
/// <remarks>
/// Two processes may look at one database, while one takes the other's place. They read the same facts and the policy anew each time, and a proof or a silence that one of them
/// called over is over for all, so that their clocks cannot make a host's trust flap.
/// </remarks>
internal sealed partial class TrustRound(
    HostStates hosts, HostTrustStates states, HostProofs proofs, PolicyStates policies, EndorsementOptions endorsements, HistoryWriter history,
    HostsOptions hostOptions, TrustOptions options, TrustPulse pulse, TimeProvider time, ILogger<TrustRound> log)
{
    /// <summary>Hosts that are written at one time: they share commits.</summary>
    private const int Writers = 32;

    /// <summary>The longest time in which a host that is trusted by its word is not written again: a part of what it may be silent.</summary>
    private const int HeardParts = 4;

    /// <summary>Evidence may be written so long after it came.</summary>
    private static readonly TimeSpan s_late = TimeSpan.FromMinutes(2);

    private readonly TrustMemory memory = new();
    private DateTimeOffset? lookedAt;

    /// <returns>When the next end of trust is due; null for none. One that is past was seen to, or could not be: the next look at its interval tries again.</returns>
    /// <exception cref="StorageException">Something cannot be read; nothing was judged.</exception>
    public async Task<DateTimeOffset?> RunAsync(CancellationToken ct)
    {
        DateTimeOffset now = time.GetUtcNow();
        PolicyInForce policy = PolicyInForce.Of(await policies.ActiveAsync(ct), [], endorsements);
        var moment = new TrustMoment(now, policy.Policy, options.Lifetime, hostOptions.ProofLifetime, hostOptions.HeartbeatInterval);
        // Rows before what they are compared with: one that is written meanwhile is met again at the next look.
        Dictionary<Guid, HostTrustState> rows = (await states.AllAsync(ct)).ToDictionary(row => row.Node);
        Dictionary<Guid, HostQuarantineState> quarantines = (await states.QuarantinesAsync(ct)).ToDictionary(row => row.Node);
        IReadOnlyList<HostOutline> outlines = await states.OutlinesAsync(ct);
        ILookup<Guid, HostChip> chips = (await hosts.AllChipsAsync(ct)).ToLookup(chip => chip.Node);
        memory.Came(await proofs.NewestAsync(lookedAt is { } last ? last - s_late : now - options.Lifetime, ct));
        memory.Keep(outlines.Select(host => host.Node).ToHashSet());
        DateTimeOffset? next = null;
        await Parallel.ForEachAsync(outlines, new ParallelOptions { MaxDegreeOfParallelism = Writers, CancellationToken = ct }, async (host, stop) =>
        {
            HostTrustState? row = await JudgeAsync(
                host, rows.GetValueOrDefault(host.Node), quarantines.GetValueOrDefault(host.Node), [.. chips[host.Node]], policy, moment, stop);
            lock (memory)
                next = Sooner(next, row?.ExpiresAt > now ? row.ExpiresAt : null);
        });
        lookedAt = now;
        pulse.Judged();
        return next;
    }

    /// <returns>The row as it is now; null where it could not be judged.</returns>
    private async Task<HostTrustState?> JudgeAsync(
        HostOutline host, HostTrustState? row, HostQuarantineState? quarantine, IReadOnlyList<HostChip> chips,
        PolicyInForce policy, TrustMoment moment, CancellationToken ct)
    {
        TrustInput input;
        lock (memory)
        {
            input = Input(host, row, quarantine, chips, memory.NewestEvidence(host.Node), policy, moment);
            if (memory.IsSettled(host.Node, input, row))
                return row;
        }

        try
        {
            if (await hosts.FindAsync(host.Node, ct) is not { } state)
                return null;
            StoredReport stored = StoredReport.Of(state);
            HashSet<string> approved = [.. chips.Where(chip => chip.Status == ChipStatus.Approved).Select(chip => chip.ChipId)];
            FoundProofs proven = await proofs.FindAsync(host, row is null ? null : TrustRecord.Of(row).Proof, approved, moment, ct);
            var facts = new TrustFacts(host, stored.Report, EnrolmentRules.Of(stored, chips), proven.Newest, quarantine, row, proven.Witness);
            if (TrustRules.Decide(facts, moment) is { } step)
                row = await WriteAsync(step, ct);
            lock (memory)
                memory.Settled(host.Node, input, row!.Version);
            return row;
        }
        // Somebody else wrote it: it is judged anew at the next look, by what is there then.
        catch (StorageException e) when (e.Code == StorageCodes.Conflict)
        {
        }
        catch (StorageException e)
        {
            LogNotWritten(log, host.Name, e.Message);
        }
        // A defect met at one host must not end the look at the others.
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogUnexpected(log, host.Name, e);
        }

        return row;
    }

    private async Task<HostTrustState> WriteAsync(TrustStep step, CancellationToken ct)
    {
        if (step.Record is { } record)
        {
            await history.AppendAsync(record, ct);
            LogChanged(log, step.State.Name, step.State.Level, string.Join(' ', TrustRecord.Of(step.State).Findings.Select(finding => finding.Code)));
        }
        else
        {
            await history.ApplyAsync(step.State, ct);
        }

        return step.State with { Version = step.State.Version + 1 };
    }

    private static TrustInput Input(
        HostOutline host, HostTrustState? row, HostQuarantineState? quarantine, IReadOnlyList<HostChip> chips, DateTimeOffset? newest, PolicyInForce policy, TrustMoment moment) => new(
        policy.Digest + string.Concat(policy.Policy.SimulatedRoots), host.FactsChangedAt,
        string.Join(' ', chips.Select(chip => $"{chip.ChipId}{chip.Status}").Order(StringComparer.Ordinal)),
        newest,
        moment.Now >= host.LastSeenAt + moment.Silence || moment.IsAhead(host.LastSeenAt),
        row?.ExpiresAt is { } end && moment.Now >= end,
        // Once for each proof: only then can the host's word be held against it.
        row?.ProvenAt is { } proven && host.LastSeenAt > proven + moment.Heartbeat,
        quarantine?.Since,
        policy.Policy.Hosts.EarnedBy == HostEvidenceKind.Platform ? Rounded(host.LastSeenAt, moment.Silence / HeardParts) : null);

    private static DateTimeOffset Rounded(DateTimeOffset time, TimeSpan to) => new(time.UtcTicks - (time.UtcTicks % to.Ticks), TimeSpan.Zero);

    private static DateTimeOffset? Sooner(DateTimeOffset? one, DateTimeOffset? other) => one is null || other < one ? other ?? one : one;

    [LoggerMessage(4701, LogLevel.Information, "host {Name} is {Level} {Codes}")]
    private static partial void LogChanged(ILogger logger, string name, TrustLevel level, string codes);

    [LoggerMessage(4702, LogLevel.Error, "host {Name} could not be judged, it is tried again: {Reason}")]
    private static partial void LogNotWritten(ILogger logger, string name, string reason);

    [LoggerMessage(4703, LogLevel.Error, "the judgement of host {Name} failed")]
    private static partial void LogUnexpected(ILogger logger, string name, Exception reason);
}
