using OpenStackSev.Api;
using OpenStackSev.Api.Client;
using OpenStackSev.Api.Hosts;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Cli.Hosts;

/// <summary>The control plane of a cloud, by the catalogue's endpoint of service type <c>attestation</c>, as the cloud's user.</summary>
internal sealed class ControlPlane : IDisposable
{
    private readonly OpenStackConnection cloud;
    private readonly AttestationClient client;

    private ControlPlane(OpenStackConnection cloud, AttestationClientOptions? options)
    {
        this.cloud = cloud;
        client = new AttestationClient(cloud.AuthenticatedTransport(), ct => cloud.EndpointAsync(ServiceType.Attestation, ct), options);
    }

    public IAttestationApi Api => client.Api;

    public static ControlPlane Of(OpenStackConnection cloud, AttestationClientOptions? options = null) => new(cloud, options);

    /// <summary>Its endpoint, as the catalogue has it.</summary>
    public async Task<Uri> AddressAsync(CancellationToken ct) => await cloud.EndpointAsync(ServiceType.Attestation, ct);

    public async Task<IReadOnlyList<HostSummary>> AllHostsAsync(CancellationToken ct)
    {
        var all = new List<HostSummary>();
        Guid? marker = null;
        do
        {
            HostList page = await Api.ListHostsAsync(marker: marker, ct: ct);
            all.AddRange(page.Hosts);
            // A service that repeats itself must not keep us for ever.
            marker = page.Marker is { } next && next != marker && page.Hosts.Count > 0 ? next : null;
        }
        while (marker is not null);
        return all;
    }

    /// <summary>The node of a UUID, or of a name.</summary>
    /// <exception cref="CommandException">None has it, or several.</exception>
    public async Task<Guid> NodeAsync(string named, CancellationToken ct)
    {
        if (Guid.TryParse(named, out Guid node))
            return node;
        HostSummary[] found = [.. (await AllHostsAsync(ct)).Where(host => host.Name == named)];
        return found switch
        {
            [var one] => one.Node,
            [] => throw new CommandException($"no host '{named}' has reported", "osev host list shows those that have"),
            _ => throw new CommandException($"{found.Length} hosts are called '{named}'", "give the UUID: " + string.Join(" or ", found.Select(host => host.Node))),
        };
    }

    public void Dispose()
    {
        client.Dispose();
        cloud.Dispose();
    }
}
