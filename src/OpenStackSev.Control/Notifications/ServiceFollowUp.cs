using System.Collections.Concurrent;
using System.Text.Json;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Validation;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Nova;

namespace OpenStackSev.Control.Notifications;

/// <summary>One look at a nova-compute that something was heard of: what its host's history does not have yet is told.</summary>
internal sealed class ServiceFollowUp(ServiceCloud cloud, HostStates hosts, HistoryReader reader, HistoryWriter writer, CachedFacts facts, NovaBudget budget)
{
    public const string ComputeBinary = "nova-compute";

    /// <summary>Longest reason that is kept; Nova takes 255 characters.</summary>
    private const int LongestReason = 255;

    private const string Kinds = "host.service.";

    /// <summary>Nodes of services, as Nova had them when they were looked at: of one that is deleted it says nothing any more.</summary>
    private readonly ConcurrentDictionary<string, IReadOnlyList<Guid>> nodes = new(StringComparer.Ordinal);

    /// <returns>False for one of no host that has reported.</returns>
    /// <exception cref="OpenStackApiException">Nova did not say.</exception>
    /// <exception cref="Persistence.StorageException">It was not kept.</exception>
    public async Task<bool> FollowAsync(string service, CancellationToken ct)
    {
        facts.Forget();
        await budget.TakeAsync(ct);
        ComputeService? now = (await cloud.Connection.Nova.ListServicesAsync(ComputeBinary, service, ct)).Services.FirstOrDefault(one => one.Host == service);
        // Of a cell that does not answer Nova knows the name only.
        if (now is { Id: null })
            return false;
        IReadOnlyList<HostState> known = await HostsAsync(service, ct);
        foreach (HostState host in known)
            await TellAsync(host, service, now, ct);
        return known.Count > 0;
    }

    private async Task TellAsync(HostState host, string service, ComputeService? now, CancellationToken ct)
    {
        string? reason = now?.DisabledReason is { Length: > 0 } text ? text[..Math.Min(text.Length, LongestReason)] : null;
        var record = new ServiceRecord(host.Name, service, now?.Status == "disabled", now?.ForcedDown == true, reason);
        string kind = now is null ? NotificationRecords.ServiceDeleted
            : record.ForcedDown ? NotificationRecords.ServiceForcedDown
            : record.Disabled ? NotificationRecords.ServiceDisabled
            : NotificationRecords.ServiceEnabled;
        byte[] body = JsonSerializer.SerializeToUtf8Bytes(record, NotificationJson.Default.ServiceRecord);
        HistoryRow? last = await reader.LatestAsync(host.Node, Kinds, ct);
        bool isTold = last is null ? kind == NotificationRecords.ServiceEnabled : last.Kind == kind && last.Body.AsSpan().SequenceEqual(body);
        if (!isTold)
            await writer.AppendAsync(new HistoryRecord(kind, host.Node, Project: null, body) { Event = new EventFields { HostName = host.Name } }, ct);
    }

    /// <summary>Hosts that have reported and that belong to a service, whose name need not be theirs.</summary>
    private async Task<IReadOnlyList<HostState>> HostsAsync(string service, CancellationToken ct)
    {
        if (await hosts.FindAsync(service, ct) is { } named)
            return [named];
        var found = new List<Guid>();
        await foreach (Hypervisor hypervisor in cloud.Connection.Nova.AllHypervisorsAsync(ct: ct))
        {
            if (hypervisor.Service?.Host == service)
                found.Add(hypervisor.Id);
        }

        if (found.Count > 0)
            nodes[service] = found;
        var known = new List<HostState>();
        foreach (Guid node in found.Count > 0 ? found : nodes.GetValueOrDefault(service) ?? [])
        {
            if (await hosts.FindAsync(node, ct) is { } host)
                known.Add(host);
        }

        return known;
    }
}
