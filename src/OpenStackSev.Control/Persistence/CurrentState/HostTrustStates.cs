using Microsoft.EntityFrameworkCore;
using OpenStackSev.Api.Hosts;

namespace OpenStackSev.Control.Persistence.CurrentState;

/// <summary>A host without its report: enough to see whether it must be judged anew.</summary>
public sealed record HostOutline(Guid Node, string Name, DateTimeOffset LastSeenAt, DateTimeOffset FactsChangedAt, DateTimeOffset? SilentSince);

/// <summary>When evidence of a guest that is on a node came.</summary>
public sealed record GuestEvidence(Guid Node, Guid Instance, DateTimeOffset ReceivedAt);

/// <summary>Reads what hosts are judged by, and what was said of them.</summary>
public sealed class HostTrustStates(ControlDatabase database)
{
    public Task<HostTrustState?> FindAsync(Guid node, CancellationToken ct = default) =>
        database.UseAsync(context => context.HostTrust.AsNoTracking().FirstOrDefaultAsync(row => row.Node == node, ct));

    public Task<HostQuarantineState?> FindQuarantineAsync(Guid node, CancellationToken ct = default) =>
        database.UseAsync(context => context.HostQuarantine.AsNoTracking().FirstOrDefaultAsync(row => row.Node == node, ct));

    /// <summary>Of all hosts, in no order.</summary>
    public Task<IReadOnlyList<HostTrustState>> AllAsync(CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<HostTrustState>>(async context => await context.HostTrust.AsNoTracking().ToListAsync(ct));

    /// <summary>Of these hosts, in no order.</summary>
    public Task<IReadOnlyList<HostTrustState>> OfAsync(IReadOnlyList<Guid> nodes, CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<HostTrustState>>(async context => await context.HostTrust.AsNoTracking().Where(row => nodes.Contains(row.Node)).ToListAsync(ct));

    /// <summary>Hosts that have been untrusted since <paramref name="time"/> or before, the longest first.</summary>
    public Task<IReadOnlyList<HostTrustState>> UntrustedSinceAsync(DateTimeOffset time, int limit, CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<HostTrustState>>(async context => await context.HostTrust.AsNoTracking()
            .Where(row => row.Level == TrustLevel.Untrusted && row.Since <= time).OrderBy(row => row.Since).ThenBy(row => row.Node).Take(limit).ToListAsync(ct));

    /// <summary>Hosts that are or were in quarantine, in no order.</summary>
    public Task<IReadOnlyList<HostQuarantineState>> QuarantinesAsync(CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<HostQuarantineState>>(async context => await context.HostQuarantine.AsNoTracking().ToListAsync(ct));

    /// <summary>Hosts that are in quarantine, or whose compute service is or is to be touched for it: at most <paramref name="limit"/>, those that wait longest first.</summary>
    public Task<IReadOnlyList<HostQuarantineState>> QuarantinesToLookAtAsync(DateTimeOffset now, int limit, CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<HostQuarantineState>>(async context => await context.HostQuarantine.AsNoTracking()
            .Where(row => (row.NextLookAt == null || row.NextLookAt <= now)
                && (row.Pending != ServiceRequest.None || row.DisabledService != null || (row.Since != null && row.DisablesService)))
            .OrderBy(row => row.NextLookAt).ThenBy(row => row.Node).Take(limit).ToListAsync(ct));

    /// <summary>All hosts without their reports, which are most of their size.</summary>
    public Task<IReadOnlyList<HostOutline>> OutlinesAsync(CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<HostOutline>>(async context => await context.Hosts.AsNoTracking()
            .Select(host => new HostOutline(host.Node, host.Name, host.LastSeenAt, host.FactsChangedAt, host.SilentSince)).ToListAsync(ct));

    /// <summary>Names of these hosts, where they reported: by UUID.</summary>
    public Task<IReadOnlyDictionary<Guid, string>> NamesAsync(IReadOnlyList<Guid> nodes, CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyDictionary<Guid, string>>(async context => await context.Hosts.AsNoTracking()
            .Where(host => nodes.Contains(host.Node)).ToDictionaryAsync(host => host.Node, host => host.Name, ct));

    /// <summary>Evidence that came at <paramref name="since"/> or later about guests that are on a node, the newest first, at most <paramref name="limit"/>.</summary>
    /// <remarks>Whether it says something of the node's chip stands in the guest's judgement: it may rest on silence by now, or be about another node.</remarks>
    public Task<IReadOnlyList<GuestEvidence>> EvidenceSinceAsync(DateTimeOffset since, int limit, CancellationToken ct = default) => EvidenceAsync(null, since, limit, ct);

    /// <summary>The same of the guests on one node.</summary>
    public Task<IReadOnlyList<GuestEvidence>> EvidenceOfAsync(Guid node, DateTimeOffset since, int limit, CancellationToken ct = default) => EvidenceAsync(node, since, limit, ct);

    private Task<IReadOnlyList<GuestEvidence>> EvidenceAsync(Guid? node, DateTimeOffset since, int limit, CancellationToken ct) =>
        database.UseAsync<IReadOnlyList<GuestEvidence>>(async context =>
        {
            IQueryable<InstanceState> guests = context.Instances.AsNoTracking().Where(row => row.Result != null);
            guests = node is null ? guests.Where(row => row.Node != null) : guests.Where(row => row.Node == node);
            return await context.Evidence.AsNoTracking().Where(evidence => evidence.ReceivedAt >= since)
                .Join(guests, evidence => evidence.Instance, row => row.Instance, (evidence, row) => new { row.Node, row.Instance, evidence.ReceivedAt })
                .OrderByDescending(one => one.ReceivedAt).Take(limit).Select(one => new GuestEvidence(one.Node!.Value, one.Instance, one.ReceivedAt)).ToListAsync(ct);
        });

    /// <summary>Another one whenever a row of a host's trust or quarantine was written.</summary>
    public Task<(int Rows, long Versions)> FingerprintAsync(CancellationToken ct = default) => database.UseAsync(async context =>
    {
        int rows = await context.HostTrust.CountAsync(ct) + await context.HostQuarantine.CountAsync(ct);
        return (rows, await context.HostTrust.SumAsync(row => row.Version, ct) + await context.HostQuarantine.SumAsync(row => row.Version, ct));
    });

    /// <summary>How many hosts are of each level.</summary>
    public Task<IReadOnlyDictionary<TrustLevel, int>> CountAsync(CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyDictionary<TrustLevel, int>>(async context => await context.HostTrust.AsNoTracking()
            .GroupBy(row => row.Level).Select(group => new { group.Key, Count = group.Count() }).ToDictionaryAsync(row => row.Key, row => row.Count, ct));
}
