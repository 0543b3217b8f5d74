using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;

namespace OpenStackSev.Control.Persistence.CurrentState;

/// <summary>Applies changes of current state to the rows of one transaction.</summary>
internal sealed class StateChanges
{
    private readonly ControlContext context;
    private readonly Dictionary<Guid, HostState> hosts;
    private readonly Dictionary<string, HostChip> chips;
    private readonly Dictionary<Guid, HostTrustState> trust;
    private readonly Dictionary<Guid, HostQuarantineState> quarantines;
    private readonly Dictionary<Guid, InstanceState> instances;
    private readonly Dictionary<Guid, InstanceEvidence> evidence;
    private readonly Dictionary<int, PolicyVersion> policies;
    private readonly Dictionary<string, ReferenceValue> referenceValues;
    private readonly Dictionary<Guid, EnforcementState> enforcement;
    private readonly Dictionary<int, BreakerState> breakers;
    private readonly Dictionary<Guid, GateState> gates;

    private StateChanges(ControlContext context, Rows rows) =>
        (this.context, hosts, chips, trust, quarantines, instances, evidence, policies, referenceValues, enforcement, breakers, gates) =
        (context, rows.Hosts, rows.Chips, rows.Trust, rows.Quarantines, rows.Instances, rows.Evidence, rows.Policies, rows.ReferenceValues, rows.Enforcement, rows.Breakers, rows.Gates);

    /// <summary>Reads the rows that <paramref name="changes"/> touch.</summary>
    public static async Task<StateChanges> LoadAsync(ControlContext context, IReadOnlyList<StateChange> changes) => new(context, new Rows(
        await HostsAsync(context, changes),
        await RowsAsync(context.Chips, TextKeysOf(changes, change => (change as HostChip)?.ChipId), chip => chip.ChipId, keys => chip => keys.Contains(chip.ChipId)),
        await RowsAsync(context.HostTrust, KeysOf(changes, change => (change as HostTrustState)?.Node), row => row.Node, keys => row => keys.Contains(row.Node)),
        await RowsAsync(context.HostQuarantine, KeysOf(changes, change => (change as HostQuarantineState)?.Node), row => row.Node, keys => row => keys.Contains(row.Node)),
        await RowsAsync(context.Instances, KeysOf(changes, change => (change as InstanceState)?.Instance), row => row.Instance, keys => row => keys.Contains(row.Instance)),
        await RowsAsync(context.Evidence, KeysOf(changes, change => (change as InstanceEvidence)?.Instance), row => row.Instance, keys => row => keys.Contains(row.Instance)),
        await RowsAsync(context.Policies, KeysOf(changes, change => (change as PolicyVersion)?.Number), row => row.Number, keys => row => keys.Contains(row.Number)),
        await RowsAsync(context.ReferenceValues, TextKeysOf(changes, change => (change as ReferenceValue)?.Digest), row => row.Digest, keys => row => keys.Contains(row.Digest)),
        await RowsAsync(context.Enforcement, KeysOf(changes, change => (change as EnforcementState)?.Instance), row => row.Instance, keys => row => keys.Contains(row.Instance)),
        await RowsAsync(context.Breakers, KeysOf(changes, change => (change as BreakerState)?.Id), row => row.Id, keys => row => keys.Contains(row.Id)),
        await RowsAsync(context.Gates, KeysOf(changes, change => (change as GateState)?.Instance), row => row.Instance, keys => row => keys.Contains(row.Instance))));

    /// <summary>Hosts that only gave a sign of life come without their reports: at a thousand heartbeats a second that is most of the reading.</summary>
    private static async Task<Dictionary<Guid, HostState>> HostsAsync(ControlContext context, IReadOnlyList<StateChange> changes)
    {
        Guid[] written = KeysOf(changes, change => (change as HostState)?.Node);
        Guid[] seen = [.. KeysOf(changes, change => (change as HostSeen)?.Node).Except(written)];
        Dictionary<Guid, HostState> rows = await RowsAsync(context.Hosts, written, host => host.Node, keys => host => keys.Contains(host.Node));
        if (seen.Length == 0)
            return rows;
        foreach (var known in await context.Hosts.Where(host => seen.Contains(host.Node)).Select(host => new { host.Node, host.LastSeenAt, host.Version }).ToListAsync())
        {
            // Only what a sign of life changes is ever written of these: EF writes the columns that differ from what was attached.
            rows[known.Node] = context.Attach(new HostState
            {
                Node = known.Node,
                Name = "",
                FirstSeenAt = default,
                LastSeenAt = known.LastSeenAt,
                FactsChangedAt = default,
                Facts = [],
                Version = known.Version,
            }).Entity;
        }

        return rows;
    }

    /// <summary>Applies all of <paramref name="changes"/>, or none.</summary>
    /// <returns>Null, or which change does not fit the rows as they are.</returns>
    public StorageException? Apply(IReadOnlyList<StateChange> changes)
    {
        foreach (StateChange change in changes)
        {
            if (Misfit(change) is { } misfit)
                return new StorageException(StorageCodes.Conflict, misfit);
        }

        foreach (StateChange change in changes)
            Apply(change);
        return null;
    }

    private string? Misfit(StateChange change) => change switch
    {
        HostState host => Misfit($"host {host.Node}", host.Version, hosts.GetValueOrDefault(host.Node)?.Version),
        HostChip chip => Misfit($"chip {chip.ChipId}", chip.Version, chips.GetValueOrDefault(chip.ChipId)?.Version),
        HostSeen seen => hosts.ContainsKey(seen.Node) ? null : $"host {seen.Node} is not known; write its whole state first",
        HostTrustState row => Misfit($"trust of host {row.Node}", row.Version, trust.GetValueOrDefault(row.Node)?.Version),
        HostQuarantineState row => Misfit($"quarantine of host {row.Node}", row.Version, quarantines.GetValueOrDefault(row.Node)?.Version),
        InstanceState instance => Misfit($"instance {instance.Instance}", instance.Version, instances.GetValueOrDefault(instance.Instance)?.Version),
        InstanceEvidence => null,
        PolicyVersion policy => Misfit($"policy {policy.Number}", policy.Version, policies.GetValueOrDefault(policy.Number)?.Version),
        ReferenceValue value => Misfit($"reference value {value.Digest}", value.Version, referenceValues.GetValueOrDefault(value.Digest)?.Version),
        EnforcementState row => Misfit($"enforcement of {row.Instance}", row.Version, enforcement.GetValueOrDefault(row.Instance)?.Version),
        BreakerState breaker => Misfit("enforcement's breaker", breaker.Version, breakers.GetValueOrDefault(breaker.Id)?.Version),
        GateState row => Misfit($"gate of {row.Instance}", row.Version, gates.GetValueOrDefault(row.Instance)?.Version),
        _ => throw new InvalidOperationException($"{change.GetType().Name} has no table"),
    };

    private static string? Misfit(string name, long version, long? stored) => version == (stored ?? 0)
        ? null
        : $"{name} is at version {stored ?? 0}, not {version}; read it again";

    private void Apply(StateChange change)
    {
        switch (change)
        {
            case HostState host:
                Put(hosts, host.Node, host with { Version = host.Version + 1 });
                break;
            case HostChip chip:
                Put(chips, chip.ChipId, chip with { Version = chip.Version + 1 });
                break;
            case HostSeen seen when hosts[seen.Node] is var host && (seen.At > host.LastSeenAt || host.LastSeenAt > seen.At + HostSeen.MostAhead):
                Put(hosts, seen.Node, host with { LastSeenAt = seen.At, Version = host.Version + 1 });
                break;
            case HostTrustState row:
                Put(trust, row.Node, row with { Version = row.Version + 1 });
                break;
            case HostQuarantineState row:
                Put(quarantines, row.Node, row with { Version = row.Version + 1 });
                break;
            case InstanceState instance:
                Put(instances, instance.Instance, instance with { Version = instance.Version + 1 });
                break;
            case InstanceEvidence row:
                Put(evidence, row.Instance, row);
                break;
            case PolicyVersion policy:
                Put(policies, policy.Number, policy with { Version = policy.Version + 1 });
                break;
            case ReferenceValue value:
                Put(referenceValues, value.Digest, value with { Version = value.Version + 1 });
                break;
            case EnforcementState row:
                Put(enforcement, row.Instance, row with { Version = row.Version + 1 });
                break;
            case BreakerState breaker:
                Put(breakers, breaker.Id, breaker with { Version = breaker.Version + 1 });
                break;
            case GateState row:
                Put(gates, row.Instance, row with { Version = row.Version + 1 });
                break;
        }
    }

    private void Put<TKey, TRow>(Dictionary<TKey, TRow> rows, TKey key, TRow row)
        where TKey : notnull
        where TRow : StateChange
    {
        if (rows.TryGetValue(key, out TRow? stored))
            context.Entry(stored).CurrentValues.SetValues(row);
        else
            rows[key] = context.Add(row).Entity;
    }

    private static T[] KeysOf<T>(IReadOnlyList<StateChange> changes, Func<StateChange, T?> key)
        where T : struct => [.. changes.Select(key).OfType<T>().Distinct()];

    private static string[] TextKeysOf(IReadOnlyList<StateChange> changes, Func<StateChange, string?> key) =>
        [.. changes.Select(key).OfType<string>().Distinct(StringComparer.Ordinal)];

    private static async Task<Dictionary<TKey, TRow>> RowsAsync<TKey, TRow>(
        IQueryable<TRow> table, TKey[] keys, Func<TRow, TKey> keyOf, Func<TKey[], Expression<Func<TRow, bool>>> among)
        where TKey : notnull => keys.Length == 0 ? [] : await table.Where(among(keys)).ToDictionaryAsync(keyOf);

    private sealed record Rows(
        Dictionary<Guid, HostState> Hosts, Dictionary<string, HostChip> Chips, Dictionary<Guid, HostTrustState> Trust,
        Dictionary<Guid, HostQuarantineState> Quarantines, Dictionary<Guid, InstanceState> Instances,
        Dictionary<Guid, InstanceEvidence> Evidence, Dictionary<int, PolicyVersion> Policies, Dictionary<string, ReferenceValue> ReferenceValues,
        Dictionary<Guid, EnforcementState> Enforcement, Dictionary<int, BreakerState> Breakers, Dictionary<Guid, GateState> Gates);
}
