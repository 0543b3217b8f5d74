using System.Runtime.CompilerServices;
using OpenStackSev.Control.Validation;
using OpenStackSev.Inspection;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Nova;
using OpenStackSev.Validation;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>The cloud's servers as Nova lists them, a page at a time.</summary>
internal sealed class FleetListing(ServiceCloud cloud, ImageProperties images, SweptInstances instances)
{
    /// <summary>Servers of one request: Nova writes some kilobytes about each.</summary>
    public const int PageSize = 250;

    /// <summary>Clocks differ, and Nova's cells write a change some time after it happened: so long before the last listing is asked for again.</summary>
    private static readonly TimeSpan s_overlap = TimeSpan.FromMinutes(5);

    /// <param name="since">Start of the last listing that was complete; null lists all.</param>
    /// <exception cref="OpenStackApiException">The listing broke off. What was not listed by then means nothing.</exception>
    public async IAsyncEnumerable<ListedPage> ListAsync(DateTimeOffset? since, [EnumeratorCancellation] CancellationToken ct)
    {
        if (since is null)
            images.Forget();
        Dictionary<string, Guid> nodes = await instances.NodesAsync(ct);
        ComputeRelease release = (await cloud.Connection.ReleaseAsync(ct)).Release;
        await foreach (Server[] page in cloud.Connection.Nova.AllServersAsync(allTenants: true, pageSize: PageSize, changesSince: since - s_overlap, ct: ct)
            .Chunk(PageSize).WithCancellation(ct))
        {
            var servers = new List<ListedServer>(page.Length);
            foreach (Server server in page)
            {
                if (await OfAsync(server, release, nodes, ct) is { } listed)
                    servers.Add(listed);
            }

            yield return new ListedPage(page.Length, servers);
        }
    }

    /// <summary>One server; null when Nova has none of this UUID.</summary>
    /// <exception cref="OpenStackApiException">Nova did not say.</exception>
    public async Task<ListedServer?> FindAsync(Guid id, CancellationToken ct)
    {
        try
        {
            Server server = (await cloud.Connection.Nova.GetServerAsync(id, ct)).Server;
            Guid? node = (server.HypervisorHostname ?? server.Host) is { Length: > 0 } name ? await instances.NodeAsync(name, ct) : null;
            return ListedServer.Of(server, await images.OfAsync(server, ct), (await cloud.Connection.ReleaseAsync(ct)).Release, _ => node);
        }
        catch (OpenStackApiException e) when (e is { Service: "compute", Status: System.Net.HttpStatusCode.NotFound })
        {
            return null;
        }
    }

    private async ValueTask<ListedServer?> OfAsync(Server server, ComputeRelease release, Dictionary<string, Guid> nodes, CancellationToken ct) =>
        ListedServer.Of(server, await images.OfAsync(server, ct), release, name => nodes.TryGetValue(name, out Guid node) ? node : null);
}

/// <param name="Count">Servers of the page, also those that nothing can be said of.</param>
internal sealed record ListedPage(int Count, IReadOnlyList<ListedServer> Servers);
