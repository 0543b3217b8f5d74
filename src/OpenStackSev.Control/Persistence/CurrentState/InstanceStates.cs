using Microsoft.EntityFrameworkCore;
using OpenStackSev.Attestation;

namespace OpenStackSev.Control.Persistence.CurrentState;

/// <summary>How many instances of one model on one host have one verdict.</summary>
public sealed record InstanceCount(string Model, string? HostName, Verdict? Verdict, int Count);

/// <summary>Reads current state of instances. Each question is answered from an index.</summary>
public sealed class InstanceStates(ControlDatabase database)
{
    private static readonly Func<ControlContext, Guid, Task<InstanceState?>> s_find = EF.CompileAsyncQuery(
        (ControlContext context, Guid instance) => context.Instances.AsNoTracking().FirstOrDefault(row => row.Instance == instance));

    /// <summary>One that is gone too.</summary>
    public Task<InstanceState?> FindAsync(Guid instance, CancellationToken ct = default)
    {
        ct.ThrowIfCancellationRequested();
        return database.UseAsync(context => s_find(context, instance));
    }

    public Task<InstanceEvidence?> EvidenceAsync(Guid instance, CancellationToken ct = default) =>
        database.UseAsync(context => context.Evidence.AsNoTracking().FirstOrDefaultAsync(row => row.Instance == instance, ct));

    /// <summary>At most <paramref name="limit"/> instances that Nova still knows, with the lowest UUIDs above <paramref name="after"/>.</summary>
    /// <param name="project">Null for those of all projects.</param>
    public Task<IReadOnlyList<InstanceState>> ListAsync(int limit, Guid? after = null, string? project = null, CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<InstanceState>>(async context =>
        {
            IQueryable<InstanceState> instances = context.Instances.AsNoTracking();
            if (project is not null)
                instances = instances.Where(row => row.Project == project);
            if (after is { } last)
                instances = instances.Where(row => row.Instance.CompareTo(last) > 0);
            return await instances.Where(row => row.GoneAt == null).OrderBy(row => row.Instance).Take(limit).ToListAsync(ct);
        });

    /// <summary>At most <paramref name="limit"/> instances that Nova says are on a node, by UUID.</summary>
    public Task<IReadOnlyList<InstanceState>> OnNodeAsync(Guid node, int limit, CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<InstanceState>>(async context => await context.Instances.AsNoTracking()
            .Where(row => row.Node == node && row.GoneAt == null).OrderBy(row => row.Instance).Take(limit).ToListAsync(ct));

    /// <summary>Instances that Nova still knows, counted.</summary>
    public Task<IReadOnlyList<InstanceCount>> CountAsync(CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<InstanceCount>>(async context => await context.Instances.AsNoTracking().Where(row => row.GoneAt == null)
            .GroupBy(row => new { row.Model, row.HostName, row.Verdict })
            .Select(group => new InstanceCount(group.Key.Model, group.Key.HostName, group.Key.Verdict, group.Count())).ToListAsync(ct));
}
