using Microsoft.EntityFrameworkCore;

namespace OpenStackSev.Control.Persistence.CurrentState;

/// <summary>Reads versions of the appraisal policy and reference values. There are few of either: what has no index is looked for among all.</summary>
public sealed class PolicyStates(ControlDatabase database)
{
    /// <summary>The version that judges; null while the built-in default does.</summary>
    public Task<PolicyVersion?> ActiveAsync(CancellationToken ct = default) =>
        database.UseAsync(context => context.Policies.AsNoTracking().Where(policy => policy.IsActive)
            .OrderByDescending(policy => policy.Number).FirstOrDefaultAsync(ct));

    public Task<PolicyVersion?> FindAsync(int number, CancellationToken ct = default) =>
        database.UseAsync(context => context.Policies.AsNoTracking().FirstOrDefaultAsync(policy => policy.Number == number, ct));

    /// <summary>0 when there is none.</summary>
    public Task<int> LastNumberAsync(CancellationToken ct = default) =>
        database.UseAsync(context => context.Policies.OrderByDescending(policy => policy.Number).Select(policy => policy.Number).FirstOrDefaultAsync(ct));

    /// <summary>The first version that asks for what this digest names.</summary>
    public Task<PolicyVersion?> FindAsync(string digest, CancellationToken ct = default) =>
        database.UseAsync(context => context.Policies.AsNoTracking().Where(policy => policy.Digest == digest)
            .OrderBy(policy => policy.Number).FirstOrDefaultAsync(ct));

    /// <summary>At most <paramref name="limit"/> versions below <paramref name="before"/>, the newest first. Without their documents: those are empty.</summary>
    public Task<IReadOnlyList<PolicyVersion>> ListAsync(int limit, int? before = null, CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<PolicyVersion>>(async context =>
        {
            IQueryable<PolicyVersion> policies = context.Policies.AsNoTracking();
            if (before is { } number)
                policies = policies.Where(policy => policy.Number < number);
            return await policies.OrderByDescending(policy => policy.Number).Take(limit).Select(policy => new PolicyVersion
            {
                Number = policy.Number,
                Name = policy.Name,
                Digest = policy.Digest,
                Document = Array.Empty<byte>(),
                StoredAt = policy.StoredAt,
                StoredBy = policy.StoredBy,
                ActivatedAt = policy.ActivatedAt,
                ActivatedBy = policy.ActivatedBy,
                IsActive = policy.IsActive,
                Version = policy.Version,
            }).ToListAsync(ct);
        });

    /// <summary>All reference values by digest, removed ones too.</summary>
    public Task<IReadOnlyList<ReferenceValue>> ReferenceValuesAsync(CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<ReferenceValue>>(async context =>
            await context.ReferenceValues.AsNoTracking().OrderBy(value => value.Digest).ToListAsync(ct));

    public Task<ReferenceValue?> ReferenceValueAsync(string digest, CancellationToken ct = default) =>
        database.UseAsync(context => context.ReferenceValues.AsNoTracking().FirstOrDefaultAsync(value => value.Digest == digest, ct));

    /// <summary>
    /// The last evidence of at most <paramref name="limit"/> instances that Nova still knows, with the lowest UUIDs above <paramref name="after"/>.
    /// </summary>
    public Task<IReadOnlyList<(InstanceState State, InstanceEvidence Evidence)>> EvidenceAsync(int limit, Guid? after = null, CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<(InstanceState, InstanceEvidence)>>(async context =>
        {
            IQueryable<InstanceEvidence> evidence = context.Evidence.AsNoTracking();
            if (after is { } last)
                evidence = evidence.Where(row => row.Instance.CompareTo(last) > 0);
            var rows = await evidence.OrderBy(row => row.Instance)
                .Join(context.Instances.AsNoTracking().Where(state => state.GoneAt == null), row => row.Instance, state => state.Instance, (row, state) => new { state, row })
                .OrderBy(pair => pair.row.Instance).Take(limit).ToListAsync(ct);
            return [.. rows.Select(pair => (pair.state, pair.row))];
        });
}
