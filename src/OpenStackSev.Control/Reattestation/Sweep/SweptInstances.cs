using Microsoft.EntityFrameworkCore;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Rounds;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>Reads the rows that a sweep decides about, a bounded number at a time.</summary>
internal sealed class SweptInstances(ControlDatabase database)
{
    /// <summary>Rows that one question answers.</summary>
    public const int Page = 500;

    public Task<InstanceState?> FindAsync(Guid instance, CancellationToken ct) =>
        database.UseAsync(context => context.Instances.AsNoTracking().FirstOrDefaultAsync(row => row.Instance == instance, ct));

    /// <summary>Those of <paramref name="instances"/>, at most <see cref="Page"/>, that are known.</summary>
    public Task<Dictionary<Guid, InstanceState>> OfAsync(IReadOnlyList<Guid> instances, CancellationToken ct) =>
        database.UseAsync(context => context.Instances.AsNoTracking().Where(row => instances.Contains(row.Instance)).ToDictionaryAsync(row => row.Instance, ct));

    /// <summary>At most <see cref="Page"/> instances with the lowest UUIDs above <paramref name="after"/>, also those that are gone.</summary>
    public Task<IReadOnlyList<KnownInstance>> ListAsync(Guid after, CancellationToken ct) =>
        database.UseAsync<IReadOnlyList<KnownInstance>>(async context => await context.Instances
            .Where(row => row.Instance.CompareTo(after) > 0).OrderBy(row => row.Instance).Take(Page)
            .Select(row => new KnownInstance(row.Instance, row.FirstSeenAt, row.GoneAt)).ToListAsync(ct));

    /// <summary>Instances whose next round is due and not open, the longest due first.</summary>
    public Task<IReadOnlyList<InstanceState>> DueAsync(DateTimeOffset now, CancellationToken ct) =>
        database.UseAsync<IReadOnlyList<InstanceState>>(async context => await context.Instances.AsNoTracking()
            .Where(row => row.GoneAt == null && row.NextRoundAt <= now && row.RoundOpenedAt == null).OrderBy(row => row.NextRoundAt).Take(Page).ToListAsync(ct));

    /// <summary>Instances whose round was opened by <paramref name="openedBy"/>, and that were not judged in it, or were excused and sent nothing since then; the longest open first.</summary>
    public Task<IReadOnlyList<InstanceState>> UnansweredAsync(DateTimeOffset openedBy, CancellationToken ct) =>
        database.UseAsync<IReadOnlyList<InstanceState>>(async context => await context.Instances.AsNoTracking()
            .Where(row => row.RoundOpenedAt <= openedBy && row.Status == ListedServer.Active && (row.JudgedAt == null || row.JudgedAt < row.RoundOpenedAt
                || (row.Verdict == Verdict.None && (row.NoAnswerAt <= openedBy || !RoundRules.UnjudgedCodes.Contains(row.NoAnswerCode!)))))
            .OrderBy(row => row.RoundOpenedAt).Take(Page).ToListAsync(ct));

    /// <summary>Instances that may be nudged: those that still have grace before those whose silence was judged, the longest untouched first.</summary>
    public Task<IReadOnlyList<InstanceState>> ToNudgeAsync(DateTimeOffset overdue, DateTimeOffset silent, int most, CancellationToken ct) =>
        database.UseAsync<IReadOnlyList<InstanceState>>(async context => await context.Instances.AsNoTracking()
            .Where(row => row.RoundOpenedAt <= overdue && row.Status == ListedServer.Active
                && (row.NudgedAt == null || row.NudgedAt <= (row.JudgedAt == null || row.JudgedAt < row.RoundOpenedAt ? overdue : silent)))
            .OrderBy(row => row.JudgedAt != null && row.JudgedAt >= row.RoundOpenedAt).ThenBy(row => row.NudgedAt).ThenBy(row => row.RoundOpenedAt)
            .Take(most).ToListAsync(ct));

    /// <summary>How many there are of each kind.</summary>
    public Task<InstanceNumbers> CountAsync(DateTimeOffset now, DateTimeOffset overdue, CancellationToken ct) => database.UseAsync(async context =>
    {
        IQueryable<InstanceState> present = context.Instances.Where(row => row.GoneAt == null);
        return new InstanceNumbers(
            await present.CountAsync(ct),
            await present.CountAsync(row => row.NextRoundAt <= now && row.RoundOpenedAt == null, ct),
            await context.Instances.CountAsync(row => row.RoundOpenedAt != null, ct),
            await context.Instances.CountAsync(row => row.RoundOpenedAt <= overdue, ct),
            await context.Instances.CountAsync(row => row.RoundOpenedAt != null && row.JudgedAt >= row.RoundOpenedAt, ct));
    });

    /// <summary>As <see cref="NodesAsync"/>, of one name; null for one that has not reported.</summary>
    public Task<Guid?> NodeAsync(string name, CancellationToken ct) => database.UseAsync(context =>
        context.Hosts.Where(host => host.Name == name).OrderByDescending(host => host.LastSeenAt).Select(host => (Guid?)host.Node).FirstOrDefaultAsync(ct));

    /// <summary>The node of each name that has reported; the one heard of last where several had it.</summary>
    public Task<Dictionary<string, Guid>> NodesAsync(CancellationToken ct) => database.UseAsync(async context =>
    {
        var nodes = new Dictionary<string, Guid>(StringComparer.Ordinal);
        foreach (var host in await context.Hosts.OrderBy(host => host.LastSeenAt).Select(host => new { host.Name, host.Node }).ToListAsync(ct))
            nodes[host.Name] = host.Node;
        return nodes;
    });
}

/// <summary>An instance, as far as its absence is looked at.</summary>
internal sealed record KnownInstance(Guid Instance, DateTimeOffset FirstSeenAt, DateTimeOffset? GoneAt);

/// <param name="Present">Instances that Nova knows and that ask, or asked, for encryption.</param>
/// <param name="Overdue">Open for longer than one waits before a nudge.</param>
/// <param name="Silent">Of the open ones: their grace is over, and their silence was judged.</param>
internal sealed record InstanceNumbers(int Present, int Due, int Open, int Overdue, int Silent);
