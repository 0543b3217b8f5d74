using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Reattestation.Rounds;

namespace OpenStackSev.Control.Quarantine;

/// <summary>Looks at the hosts that a rule may be about, and writes what follows.</summary>
internal sealed partial class RuleQuarantines(
    EnforcementStates instances, HostTrustStates hosts, HistoryWriter history, QuarantineChanges changes, TimeProvider time, ILogger<RuleQuarantines> log)
{
    private const int MostHosts = 500;

    /// <summary>Instances of one host that are looked at.</summary>
    private const int MostBlaming = 100;

    /// <exception cref="StorageException">Not all of it could be read or kept.</exception>
    public async Task RunAsync(EnforcementMoment moment, CancellationToken ct)
    {
        QuarantineSettings settings = moment.Rules.Quarantine;
        Dictionary<Guid, HostQuarantineState> known = (await hosts.QuarantinesAsync(ct)).ToDictionary(row => row.Node);
        IReadOnlyList<HostCase> cases = await CasesAsync(moment, known, ct);
        if (cases.Count == 0)
            return;
        bool acts = moment.Rules.Mode == EnforcementMode.Enforce && !moment.IsBreakerOpen;
        int left = acts ? await LeftAsync(moment.Rules.Breaker, known.Values, ct) : 0;
        foreach (HostCase one in cases)
        {
            HostQuarantineState? row = known.GetValueOrDefault(one.Node);
            if (QuarantineRules.Decide(row, one, settings, acts, time.GetUtcNow()) is { } record)
            {
                bool begins = row is not { Since: not null };
                if (begins && left-- <= 0)
                    LogTooMany(log, one.Name ?? one.Node.ToString());
                else
                    await WriteAsync(record, ct);
            }
            else if (row is { Since: null, RuleWaits: true } && QuarantineRules.IsOver(one))
            {
                await ForgetAsync(row, ct);
            }
        }
    }

    /// <summary>Hosts that something speaks against, and those that a rule set aside or a person let go.</summary>
    private async Task<IReadOnlyList<HostCase>> CasesAsync(EnforcementMoment moment, Dictionary<Guid, HostQuarantineState> known, CancellationToken ct)
    {
        QuarantineSettings settings = moment.Rules.Quarantine;
        ILookup<Guid, TurnedBad> blamed = (await instances.TurnedBadAsync(DateTimeOffset.MinValue, ct)).Where(one => one is { Node: not null, BlamingHost: > 0 }).ToLookup(one => one.Node!.Value);
        IReadOnlyList<HostTrustState> untrusted = settings.UntrustedAfter is { } after ? await hosts.UntrustedSinceAsync(moment.Now - after, MostHosts, ct) : [];
        Guid[] nodes = [.. blamed.Select(host => host.Key).Concat(untrusted.Select(row => row.Node))
            .Concat(known.Values.Where(row => row is { Since: not null, ByRule: true } or { Since: null, RuleWaits: true }).Select(row => row.Node)).Distinct().Order().Take(MostHosts)];
        if (nodes.Length == 0)
            return [];
        Dictionary<Guid, HostTrustState> trust = (await hosts.OfAsync(nodes, ct)).ToDictionary(row => row.Node);
        var cases = new List<HostCase>(nodes.Length);
        foreach (Guid node in nodes)
            cases.Add(await CaseAsync(node, trust.GetValueOrDefault(node), [.. blamed[node]], moment, ct));
        return cases;
    }

    private async Task<HostCase> CaseAsync(Guid node, HostTrustState? trust, IReadOnlyList<TurnedBad> blamed, EnforcementMoment moment, CancellationToken ct)
    {
        if (blamed.Count == 0)
            return new HostCase(node, trust?.Name, trust);
        IReadOnlyList<EnforcedInstance> blaming = await instances.BlamingAsync(node, MostBlaming, ct);
        return new HostCase(node, trust?.Name ?? blamed[0].HostName, trust, blamed.Sum(one => one.BlamingHost), blamed.Select(one => one.Project).Distinct(StringComparer.Ordinal).Count(),
            blaming.Any(one => SignedByItsChip(one.Instance!, node)), [.. blaming.SelectMany(one => InstanceHealth.Of(one.Instance!, moment.Rules).Codes).Distinct(StringComparer.Ordinal)]);
    }

    /// <summary>What the chip signed of firmware and settings cannot be made up by a guest. That an answer came from another chip can.</summary>
    private static bool SignedByItsChip(InstanceState instance, Guid node) =>
        StoredResult.Of(instance)?.Judgement is { BoundToChip: true, Host: { Chip: not null } host } judgement && host.Node == node
        && HostBlame.Is(judgement.Findings.Where(finding => finding.Tier == judgement.Verdict).Select(finding => finding.Code), noAnswer: null);

    /// <summary>A wrong policy must not set the whole cloud aside: the same share as the breaker's.</summary>
    private async Task<int> LeftAsync(BreakerSettings breaker, IEnumerable<HostQuarantineState> known, CancellationToken ct)
    {
        int judged = (await hosts.CountAsync(ct)).Values.Sum();
        return Math.Max(breaker.Minimum, (int)Math.Ceiling(breaker.Share * judged)) - known.Count(row => row is { Since: not null, ByRule: true });
    }

    private async Task WriteAsync(HistoryRecord record, CancellationToken ct)
    {
        try
        {
            await history.AppendAsync(record, ct);
            changes.Tell();
        }
        catch (StorageException e) when (e.Code == StorageCodes.Conflict)
        {
            // Somebody else wrote it just now: decided anew at the next look.
        }
    }

    private async Task ForgetAsync(HostQuarantineState row, CancellationToken ct)
    {
        try
        {
            await history.ApplyAsync(row with { RuleWaits = false }, ct);
        }
        catch (StorageException e) when (e.Code == StorageCodes.Conflict)
        {
            // As above.
        }
    }

    [LoggerMessage(4531, LogLevel.Error, "host {Name} is not quarantined by rule: as many hosts as the breaker's share are already")]
    private static partial void LogTooMany(ILogger logger, string name);
}
