using Microsoft.EntityFrameworkCore;

namespace OpenStackSev.Control.Persistence.CurrentState;

/// <summary>A gate with what is known of its instance; null for one that asks for no encryption.</summary>
public sealed record GatedInstance(GateState Gate, InstanceState? Instance);

/// <summary>How many gates stand so.</summary>
public sealed record GateCount(GateStanding Standing, int Count);

/// <summary>Reads gates, a bounded number of rows at a time.</summary>
public sealed class GateStates(ControlDatabase database)
{
    /// <summary>Rows that one question answers.</summary>
    public const int Page = 500;

    public Task<GateState?> FindAsync(Guid instance, CancellationToken ct = default) =>
        database.UseAsync(context => context.Gates.AsNoTracking().FirstOrDefaultAsync(row => row.Instance == instance, ct));

    /// <summary>Both as they are now, of one moment; null where there is no gate.</summary>
    public Task<GatedInstance?> BothAsync(Guid instance, CancellationToken ct = default) => database.UseAsync(async context =>
        await context.Gates.AsNoTracking().FirstOrDefaultAsync(row => row.Instance == instance, ct) is { } gate
            ? new GatedInstance(gate, await context.Instances.AsNoTracking().FirstOrDefaultAsync(row => row.Instance == instance, ct)) : null);

    /// <summary>Those of <paramref name="instances"/> that have one.</summary>
    public Task<Dictionary<Guid, GateState>> OfAsync(IReadOnlyList<Guid> instances, CancellationToken ct = default) =>
        database.UseAsync(context => context.Gates.AsNoTracking().Where(row => instances.Contains(row.Instance)).ToDictionaryAsync(row => row.Instance, ct));

    /// <summary>At most <see cref="Page"/> gates that are not over and may be looked at, with the lowest UUIDs above <paramref name="after"/>.</summary>
    public Task<IReadOnlyList<GatedInstance>> OpenAsync(Guid after, DateTimeOffset now, CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<GatedInstance>>(async context =>
        {
            List<GateState> page = await context.Gates.AsNoTracking()
                .Where(row => row.EndedAt == null && row.NextLookAt <= now && row.Instance.CompareTo(after) > 0).OrderBy(row => row.Instance).Take(Page).ToListAsync(ct);
            return await WithInstancesAsync(context, page, ct);
        });

    /// <summary>The same for those who ask, those that are over too.</summary>
    /// <param name="project">Null for those of all projects.</param>
    /// <param name="standing">Null for all.</param>
    public Task<IReadOnlyList<GateState>> ListAsync(int limit, Guid after, string? project, GateStanding? standing, CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<GateState>>(async context =>
        {
            IQueryable<GateState> rows = context.Gates.AsNoTracking().Where(row => row.Instance.CompareTo(after) > 0);
            if (standing is { } one)
                rows = rows.Where(row => row.Standing == one);
            if (project is not null)
                rows = rows.Where(row => row.Project == project);
            return await rows.OrderBy(row => row.Instance).Take(limit).ToListAsync(ct);
        });

    public Task<IReadOnlyList<GateCount>> CountAsync(CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<GateCount>>(async context =>
            await context.Gates.GroupBy(row => row.Standing).Select(group => new GateCount(group.Key, group.Count())).ToListAsync(ct));

    private static async Task<IReadOnlyList<GatedInstance>> WithInstancesAsync(ControlContext context, List<GateState> page, CancellationToken ct)
    {
        if (page.Count == 0)
            return [];
        Guid[] ids = [.. page.Select(row => row.Instance)];
        Dictionary<Guid, InstanceState> instances = await context.Instances.AsNoTracking().Where(row => ids.Contains(row.Instance)).ToDictionaryAsync(row => row.Instance, ct);
        return [.. page.Select(row => new GatedInstance(row, instances.GetValueOrDefault(row.Instance)))];
    }
}
