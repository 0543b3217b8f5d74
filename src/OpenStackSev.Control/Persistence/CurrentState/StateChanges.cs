using Microsoft.EntityFrameworkCore;

namespace OpenStackSev.Control.Persistence.CurrentState;

/// <summary>Applies changes of current state to the rows of one transaction.</summary>
internal sealed class StateChanges
{
    private readonly ControlContext context;
    private readonly Dictionary<Guid, HostState> hosts;
    private readonly Dictionary<string, HostChip> chips;

    private StateChanges(ControlContext context, Dictionary<Guid, HostState> hosts, Dictionary<string, HostChip> chips)
    {
        this.context = context;
        this.hosts = hosts;
        this.chips = chips;
    }

    /// <summary>Reads the rows that <paramref name="changes"/> touch.</summary>
    public static async Task<StateChanges> LoadAsync(ControlContext context, IReadOnlyList<StateChange> changes)
    {
        Guid[] nodes = [.. changes.Select(change => change switch
        {
            HostState host => host.Node,
            HostSeen seen => seen.Node,
            _ => (Guid?)null,
        }).OfType<Guid>().Distinct()];
        string[] chipIds = [.. changes.OfType<HostChip>().Select(chip => chip.ChipId).Distinct(StringComparer.Ordinal)];
        return new StateChanges(
            context,
            nodes.Length == 0 ? [] : await context.Hosts.Where(host => nodes.Contains(host.Node)).ToDictionaryAsync(host => host.Node),
            chipIds.Length == 0
                ? new(StringComparer.Ordinal)
                : await context.Chips.Where(chip => chipIds.Contains(chip.ChipId)).ToDictionaryAsync(chip => chip.ChipId, StringComparer.Ordinal));
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
            case HostSeen seen when hosts[seen.Node] is var host && seen.At > host.LastSeenAt:
                Put(hosts, seen.Node, host with { LastSeenAt = seen.At, Version = host.Version + 1 });
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
}
