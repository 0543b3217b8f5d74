using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Validation;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Nova;

namespace OpenStackSev.Control.Quarantine;

/// <summary>Where compute nodes run, read once for many.</summary>
/// <param name="Hosts">Nova's name of the service's host, by node.</param>
internal sealed record ComputeNodes(IReadOnlyDictionary<Guid, string> Hosts)
{
    public int NodesOf(string host) => Hosts.Values.Count(one => one == host);
}

/// <summary>What Nova is asked of compute services, and asked to do with them.</summary>
internal sealed class NovaServices(ServiceCloud cloud)
{
    private const string Binary = "nova-compute";

    /// <summary>A cell that does not answer lists its services without an id, and says so of their status.</summary>
    public const string CellAway = "cell_away";

    /// <exception cref="OpenStackApiException">Nova did not say.</exception>
    public async Task<ComputeNodes> NodesAsync(CancellationToken ct)
    {
        var hosts = new Dictionary<Guid, string>();
        await foreach (Hypervisor node in cloud.Connection.Nova.AllHypervisorsAsync(ct: ct))
        {
            if (node.Service is { } service)
                hosts[node.Id] = service.Host;
        }

        return new ComputeNodes(hosts);
    }

    /// <returns>Null when Nova has no compute service for the node.</returns>
    /// <exception cref="OpenStackApiException">Nova did not say.</exception>
    public async Task<ServiceFacts?> LookAsync(ComputeNodes nodes, HostQuarantineState row, CancellationToken ct)
    {
        // A node that is gone may have left a service that we disabled.
        if ((nodes.Hosts.GetValueOrDefault(row.Node) ?? row.DisabledService) is not { } host)
            return null;
        ComputeService? service = (await cloud.Connection.Nova.ListServicesAsync(Binary, host, ct)).Services.FirstOrDefault(one => one.Binary == Binary && one.Host == host);
        if (service is null)
            return null;
        if (service.Id is not { } id || service.Status == "UNKNOWN")
            throw new OpenStackApiException("compute", "GET /os-services", null, CellAway, null, $"the cell of compute service {host} does not answer");
        return new ServiceFacts(id, host, service.Status == "disabled", service.DisabledReason, nodes.NodesOf(host));
    }

    /// <exception cref="OpenStackApiException">Nova refused, or did not answer: then nobody knows whether it was done.</exception>
    public Task SendAsync(ServiceFacts service, ServiceRequest request, string? reason, CancellationToken ct) => cloud.Connection.Nova.UpdateServiceAsync(
        service.Id, request == ServiceRequest.Disable ? new ServiceUpdate("disabled", reason) : new ServiceUpdate("enabled"), ct);
}
