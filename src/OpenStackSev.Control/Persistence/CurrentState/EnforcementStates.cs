using Microsoft.EntityFrameworkCore;
using OpenStackSev.Attestation;

namespace OpenStackSev.Control.Persistence.CurrentState;

/// <summary>An instance with what enforcement knows of it; either may be missing.</summary>
public sealed record EnforcedInstance(InstanceState? Instance, EnforcementState? Row);

/// <summary>Instances of one project on one host that turned bad.</summary>
/// <param name="BlamingHost">Of those: what speaks against them speaks against the host.</param>
public sealed record TurnedBad(string Project, Guid? Node, string? HostName, int Count, int BlamingHost);

/// <summary>How many instances stand so.</summary>
public sealed record StandingCount(EnforcementStanding Standing, string? Reason, int Count);

/// <summary>What the share of the bad ones is taken of.</summary>
/// <param name="Instances">That run, were judged by evidence or by silence, and are still there.</param>
public sealed record JudgedFleet(int Instances, int Projects, int Hosts);

/// <summary>Reads what enforcement decides about, a bounded number of rows at a time.</summary>
public sealed class EnforcementStates(ControlDatabase database)
{
    /// <summary>Rows that one question answers.</summary>
    public const int Page = 500;

    /// <summary>What a guest that runs can be in, in Nova's words.</summary>
    private static readonly string[] s_running = ["ACTIVE", "VERIFY_RESIZE", "PASSWORD", "REBOOT", "HARD_REBOOT"];

    public Task<EnforcementState?> FindAsync(Guid instance, CancellationToken ct = default) =>
        database.UseAsync(context => context.Enforcement.AsNoTracking().FirstOrDefaultAsync(row => row.Instance == instance, ct));

    /// <summary>Both as they are now, of one moment.</summary>
    public Task<EnforcedInstance> BothAsync(Guid instance, CancellationToken ct = default) => database.UseAsync(async context => new EnforcedInstance(
        await context.Instances.AsNoTracking().FirstOrDefaultAsync(row => row.Instance == instance, ct),
        await context.Enforcement.AsNoTracking().FirstOrDefaultAsync(row => row.Instance == instance, ct)));

    /// <summary>At most <see cref="Page"/> instances of this verdict that Nova still knows, with the lowest UUIDs above <paramref name="after"/>.</summary>
    public Task<IReadOnlyList<EnforcedInstance>> OfVerdictAsync(Verdict verdict, Guid after, CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<EnforcedInstance>>(async context =>
        {
            List<InstanceState> page = await context.Instances.AsNoTracking()
                .Where(row => row.Verdict == verdict && row.GoneAt == null && row.Instance.CompareTo(after) > 0).OrderBy(row => row.Instance).Take(Page).ToListAsync(ct);
            if (page.Count == 0)
                return [];
            Guid[] ids = [.. page.Select(row => row.Instance)];
            Dictionary<Guid, EnforcementState> rows = await context.Enforcement.AsNoTracking().Where(row => ids.Contains(row.Instance)).ToDictionaryAsync(row => row.Instance, ct);
            return [.. page.Select(row => new EnforcedInstance(row, rows.GetValueOrDefault(row.Instance)))];
        });

    /// <summary>At most <see cref="Page"/> instances that enforcement looks after, with the lowest UUIDs above <paramref name="after"/>.</summary>
    public Task<IReadOnlyList<EnforcedInstance>> LookedAfterAsync(Guid after, CancellationToken ct = default) => ListAsync(Page, after, null, null, ct);

    /// <summary>The same for those who ask.</summary>
    /// <param name="project">Null for those of all projects.</param>
    /// <param name="standing">Null for all but <see cref="EnforcementStanding.Clear"/>.</param>
    public Task<IReadOnlyList<EnforcedInstance>> ListAsync(int limit, Guid after, string? project, EnforcementStanding? standing, CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<EnforcedInstance>>(async context =>
        {
            IQueryable<EnforcementState> rows = context.Enforcement.AsNoTracking().Where(row => row.Instance.CompareTo(after) > 0);
            rows = standing is { } one ? rows.Where(row => row.Standing == one) : rows.Where(row => row.Standing != EnforcementStanding.Clear);
            if (project is not null)
                rows = rows.Where(row => row.Project == project);
            List<EnforcementState> page = await rows.OrderBy(row => row.Instance).Take(limit).ToListAsync(ct);
            if (page.Count == 0)
                return [];
            Guid[] ids = [.. page.Select(row => row.Instance)];
            Dictionary<Guid, InstanceState> instances = await context.Instances.AsNoTracking().Where(row => ids.Contains(row.Instance)).ToDictionaryAsync(row => row.Instance, ct);
            return [.. page.Select(row => new EnforcedInstance(instances.GetValueOrDefault(row.Instance), row))];
        });

    public Task<BreakerState?> BreakerAsync(CancellationToken ct = default) =>
        database.UseAsync(context => context.Breakers.AsNoTracking().FirstOrDefaultAsync(breaker => breaker.Id == BreakerState.TheOnly, ct));

    /// <summary>What the breaker takes its share of.</summary>
    public Task<JudgedFleet> FleetAsync(CancellationToken ct = default) => database.UseAsync(async context =>
    {
        IQueryable<InstanceState> judged = context.Instances.Where(row =>
            row.GoneAt == null && row.Verdict != null && row.Verdict != Verdict.None && s_running.Contains(row.Status));
        return new JudgedFleet(
            await judged.CountAsync(ct), await judged.Select(row => row.Project).Distinct().CountAsync(ct), await judged.Select(row => row.HostName).Distinct().CountAsync(ct));
    });

    /// <summary>Instances that turned bad at <paramref name="since"/> or later and still are, by project and host.</summary>
    public Task<IReadOnlyList<TurnedBad>> TurnedBadAsync(DateTimeOffset since, CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<TurnedBad>>(async context => await context.Enforcement
            .Where(row => row.Standing != EnforcementStanding.Clear && row.Since >= since)
            .Join(context.Instances.Where(row => row.GoneAt == null), row => row.Instance, row => row.Instance, (row, instance) => new { row.Project, instance.Node, instance.HostName, row.BlamesHost })
            .GroupBy(row => new { row.Project, row.Node, row.HostName })
            .Select(group => new TurnedBad(group.Key.Project, group.Key.Node, group.Key.HostName, group.Count(), group.Count(row => row.BlamesHost))).ToListAsync(ct));

    /// <summary>Instances on a host whose host is to blame, no more than <paramref name="limit"/>.</summary>
    public Task<IReadOnlyList<EnforcedInstance>> BlamingAsync(Guid node, int limit, CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<EnforcedInstance>>(async context => await context.Instances.AsNoTracking().Where(row => row.Node == node && row.GoneAt == null)
            .Join(context.Enforcement.AsNoTracking().Where(row => row.Standing != EnforcementStanding.Clear && row.BlamesHost), row => row.Instance, row => row.Instance,
                (instance, row) => new EnforcedInstance(instance, row))
            .Take(limit).ToListAsync(ct));

    /// <summary>Instances for which Nova did something after <paramref name="time"/>.</summary>
    public Task<int> ActedSinceAsync(DateTimeOffset time, CancellationToken ct = default) =>
        database.UseAsync(context => context.Enforcement.CountAsync(row => row.LastActionAt > time, ct));

    public Task<IReadOnlyList<StandingCount>> CountAsync(CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<StandingCount>>(async context => await context.Enforcement.Where(row => row.Standing != EnforcementStanding.Clear)
            .GroupBy(row => new { row.Standing, row.Reason }).Select(group => new StandingCount(group.Key.Standing, group.Key.Reason, group.Count())).ToListAsync(ct));
}
