using Microsoft.EntityFrameworkCore;

namespace OpenStackSev.Control.Persistence.CurrentState;

/// <summary>Reads current state of hosts. Each question is answered from an index.</summary>
public sealed class HostStates(ControlDatabase database)
{
    public Task<HostState?> FindAsync(Guid node, CancellationToken ct = default) =>
        database.UseAsync(context => context.Hosts.AsNoTracking().FirstOrDefaultAsync(host => host.Node == node, ct));

    /// <summary>The host that Nova calls <paramref name="name"/>; null when none reports under it, or several do.</summary>
    public Task<HostState?> FindAsync(string name, CancellationToken ct = default) => database.UseAsync(async context =>
        await context.Hosts.AsNoTracking().Where(host => host.Name == name).Take(2).ToListAsync(ct) is [var one] ? one : null);

    /// <summary>At most <paramref name="limit"/> hosts with the lowest UUIDs above <paramref name="after"/>.</summary>
    public Task<IReadOnlyList<HostState>> ListAsync(int limit, Guid? after = null, CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<HostState>>(async context =>
        {
            IQueryable<HostState> hosts = context.Hosts.AsNoTracking();
            if (after is { } node)
                hosts = hosts.Where(host => host.Node.CompareTo(node) > 0);
            return await hosts.OrderBy(host => host.Node).Take(limit).ToListAsync(ct);
        });

    /// <summary>Hosts that were last seen before <paramref name="time"/> and are not yet marked silent, the longest silent first.</summary>
    public Task<IReadOnlyList<HostState>> SeenBeforeAsync(DateTimeOffset time, int limit, CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<HostState>>(async context =>
            await context.Hosts.AsNoTracking().Where(host => host.SilentSince == null && host.LastSeenAt < time)
                .OrderBy(host => host.LastSeenAt).Take(limit).ToListAsync(ct));

    public Task<HostChip?> FindChipAsync(string chipId, CancellationToken ct = default) =>
        database.UseAsync(context => context.Chips.AsNoTracking().FirstOrDefaultAsync(chip => chip.ChipId == chipId, ct));

    /// <summary>The chips that a node has or had.</summary>
    public Task<IReadOnlyList<HostChip>> ChipsOfAsync(Guid node, CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<HostChip>>(async context =>
            [.. (await context.Chips.AsNoTracking().Where(chip => chip.Node == node).ToListAsync(ct)).OrderBy(chip => chip.ChipId, StringComparer.Ordinal)]);

    /// <summary>The chips of several nodes, in no order.</summary>
    public Task<IReadOnlyList<HostChip>> ChipsOfAsync(IReadOnlyList<Guid> nodes, CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<HostChip>>(async context =>
            await context.Chips.AsNoTracking().Where(chip => nodes.Contains(chip.Node)).ToListAsync(ct));

    /// <summary>The chips of all nodes, in no order.</summary>
    public Task<IReadOnlyList<HostChip>> AllChipsAsync(CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<HostChip>>(async context => await context.Chips.AsNoTracking().ToListAsync(ct));
}
