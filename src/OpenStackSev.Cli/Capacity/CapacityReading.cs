using OpenStackSev.Api.Capacity;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Nova;
using OpenStackSev.OpenStack.Placement;

namespace OpenStackSev.Cli.Capacity;

/// <summary>What Placement and Nova hold about encrypted guests on one compute node.</summary>
/// <param name="Traits">The fact and judgement traits of the node that are ours.</param>
/// <param name="Nova">Nova's own numbers, by model name.</param>
internal sealed record NodeCapacity(
    string Name, Guid Uuid, IReadOnlyList<string> Traits, IReadOnlyList<NovaNumber> Nova, IReadOnlyList<GuardCapacity> Providers);

/// <summary>MEM_ENCRYPTION_CONTEXT of Nova, and where it stands.</summary>
internal sealed record NovaNumber(string Provider, string Model, int Total, int Used);

/// <summary>One of our providers.</summary>
/// <param name="Free">What the next server can still take: total - reserved - used, never below 0.</param>
internal sealed record GuardCapacity(
    string Name, string Model, string ResourceClass, int Total, int Reserved, int Used, int Free, IReadOnlyList<string> Traits,
    IReadOnlyList<HoldingServer> Servers);

/// <summary>Who holds an ASID: a server, or a migration on its way.</summary>
internal sealed record HoldingServer(Guid Id, string? Name, string? Status);

/// <summary>Reads the capacity of some or all nodes, several at a time.</summary>
internal sealed class CapacityReading(OpenStackConnection cloud)
{
    private const int AtOnce = 4;
    private const string NovaResourceClass = "MEM_ENCRYPTION_CONTEXT";
    private IReadOnlyList<ResourceProvider> all = [];
    private IReadOnlyDictionary<Guid, Server> servers = new Dictionary<Guid, Server>();

    /// <param name="node">Nova's hypervisor_hostname; null for all compute nodes.</param>
    /// <exception cref="CommandException">No such node.</exception>
    public async Task<IReadOnlyList<NodeCapacity>> ReadAsync(string? node, CancellationToken ct)
    {
        all = (await cloud.Placement.ListResourceProvidersAsync(ct: ct)).ResourceProviders;
        ResourceProvider[] roots = [.. all.Where(provider => provider.ParentProviderUuid is null && (node is null || provider.Name == node))
            .OrderBy(provider => provider.Name, StringComparer.Ordinal)];
        if (node is not null && roots.Length == 0)
        {
            throw new CommandException($"no compute node '{node}' in Placement",
                "osev resource provider list shows the names; they are Nova's hypervisor_hostname");
        }

        servers = await ServersAsync(ct);
        var read = new NodeCapacity?[roots.Length];
        await Parallel.ForAsync(0, roots.Length, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct },
            async (index, token) => read[index] = await NodeOrNothingAsync(roots[index], token));
        return [.. read.OfType<NodeCapacity>()];
    }

    private async Task<IReadOnlyDictionary<Guid, Server>> ServersAsync(CancellationToken ct)
    {
        var found = new Dictionary<Guid, Server>();
        await foreach (Server server in cloud.Nova.AllServersAsync(allTenants: true, ct: ct))
            found[server.Id] = server;
        return found;
    }

    /// <summary>A provider that is deleted while the list is read must not cost the rest of the list.</summary>
    private async Task<NodeCapacity?> NodeOrNothingAsync(ResourceProvider root, CancellationToken ct)
    {
        try
        {
            return await NodeAsync(root, ct);
        }
        catch (OpenStackApiException e) when (e is { Service: "placement", Status: System.Net.HttpStatusCode.NotFound })
        {
            return null;
        }
    }

    private async Task<NodeCapacity> NodeAsync(ResourceProvider root, CancellationToken ct)
    {
        ProviderTraits traits = await cloud.Placement.GetTraitsAsync(root.Uuid, ct);
        var nova = new List<NovaNumber>();
        var guards = new List<GuardCapacity>();
        await AddNovaAsync(nova, root, EncryptionModel.AmdSev, ct);
        foreach (EncryptionModel model in EncryptionModels.All)
        {
            if (Child(root, model.NovaProviderName(root.Name)) is { } ofNova)
                await AddNovaAsync(nova, ofNova, model, ct);
            if (Child(root, model.ProviderName(root.Name)) is { } ofOurs)
                guards.Add(await GuardAsync(ofOurs, model, ct));
        }

        return new NodeCapacity(root.Name, root.Uuid,
            [.. traits.Traits.Where(trait => trait.StartsWith("CUSTOM_SEV", StringComparison.Ordinal) || trait.Contains("AMD_SEV", StringComparison.Ordinal))
                .Order(StringComparer.Ordinal)],
            nova, guards);
    }

    private ResourceProvider? Child(ResourceProvider root, string name) =>
        all.FirstOrDefault(provider => provider.Name == name && provider.RootProviderUuid == root.Uuid);

    private async Task AddNovaAsync(List<NovaNumber> numbers, ResourceProvider provider, EncryptionModel model, CancellationToken ct)
    {
        ProviderInventories inventories = await cloud.Placement.GetInventoriesAsync(provider.Uuid, ct);
        if (!inventories.Inventories.TryGetValue(NovaResourceClass, out Inventory? inventory))
            return;
        ProviderUsages usages = await cloud.Placement.GetUsagesAsync(provider.Uuid, ct);
        numbers.Add(new NovaNumber(provider.Name, model.NovaName, inventory.Total, usages.Usages.GetValueOrDefault(NovaResourceClass)));
    }

    private async Task<GuardCapacity> GuardAsync(ResourceProvider provider, EncryptionModel model, CancellationToken ct)
    {
        ProviderInventories inventories = await cloud.Placement.GetInventoriesAsync(provider.Uuid, ct);
        ProviderTraits traits = await cloud.Placement.GetTraitsAsync(provider.Uuid, ct);
        ProviderAllocations allocations = await cloud.Placement.GetProviderAllocationsAsync(provider.Uuid, ct);
        Inventory? inventory = inventories.Inventories.GetValueOrDefault(model.ResourceClass);
        int used = allocations.Allocations.Values.Sum(allocation => allocation.Resources.GetValueOrDefault(model.ResourceClass));
        return new GuardCapacity(
            provider.Name, model.NovaName, model.ResourceClass, inventory?.Total ?? 0, inventory?.Reserved ?? 0, used,
            Math.Max(0, (inventory?.Total ?? 0) - (inventory?.Reserved ?? 0) - used),
            [.. traits.Traits.Order(StringComparer.Ordinal)],
            [.. allocations.Allocations.Keys
                .Select(id => servers.TryGetValue(id, out Server? server) ? new HoldingServer(id, server.Name, server.Status) : new HoldingServer(id, null, null))
                .OrderBy(server => server.Name, StringComparer.Ordinal).ThenBy(server => server.Id)]);
    }
}
