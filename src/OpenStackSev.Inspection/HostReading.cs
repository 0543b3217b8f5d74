using System.Net;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Nova;
using OpenStackSev.OpenStack.Placement;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Inspection;

/// <summary>The hosts of a cloud, as Placement and Nova have them.</summary>
/// <param name="Nodes">Compute nodes with their trees, by name.</param>
/// <param name="Sharing">Names of sharing providers, which belong to no tree and are not looked at.</param>
/// <param name="OwnedRoots">Every compute node has OWNER_NOVA, so that Nova 2026.2 asks for it.</param>
public sealed record CloudHosts(IReadOnlyList<NodeFacts> Nodes, IReadOnlyList<string> Sharing, bool OwnedRoots);

/// <summary>Reads hosts provider by provider, several at a time.</summary>
/// <param name="progress">Told how far the reading has come, in words; an empty text at its end.</param>
/// <remarks>Placement has no list of inventories, traits or aggregates of many providers: four small requests a provider.</remarks>
public sealed class HostReading(OpenStackConnection cloud, Action<string>? progress = null)
{
    private const int AtOnce = 8;
    private const string SharingTrait = "MISC_SHARES_VIA_AGGREGATE";
    private int read;

    /// <param name="only">Names of compute nodes; empty for all.</param>
    /// <exception cref="InspectionException">A named node is not there.</exception>
    /// <exception cref="OpenStackApiException"/>
    public async Task<CloudHosts> ReadAsync(IReadOnlyList<string> only, CancellationToken ct)
    {
        Task<IReadOnlyDictionary<Guid, ComputeServiceFacts>> services = ServicesAsync(ct);
        ResourceProvider[] providers = await ProvidersAsync(only, ct);
        var facts = new ProviderFacts?[providers.Length];
        await Parallel.ForAsync(0, providers.Length, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = ct }, async (index, token) =>
        {
            facts[index] = await ProviderOrNothingAsync(providers[index], token);
            progress?.Invoke($"{Interlocked.Increment(ref read)} of {providers.Length} resource providers");
        });
        progress?.Invoke("");

        Dictionary<Guid, Guid> rootOf = providers.ToDictionary(provider => provider.Uuid, provider => provider.RootProviderUuid);
        ILookup<Guid, ProviderFacts> trees = facts.OfType<ProviderFacts>().ToLookup(provider => rootOf[provider.Uuid]);
        IReadOnlyDictionary<Guid, ComputeServiceFacts> computes = await services;
        var nodes = new List<NodeFacts>();
        var sharing = new List<string>();
        foreach (IGrouping<Guid, ProviderFacts> tree in trees)
        {
            // A root that was deleted meanwhile takes its tree along.
            if (tree.FirstOrDefault(provider => provider.Parent is null) is not { } root)
                continue;
            if (root.Traits.Contains(SharingTrait))
                sharing.Add(root.Name);
            else
                nodes.Add(new(root.Name, [root, .. tree.Where(provider => provider != root).OrderBy(provider => provider.Name, StringComparer.Ordinal)], computes.GetValueOrDefault(root.Uuid)));
        }

        return new([.. nodes.OrderBy(node => node.Name, StringComparer.Ordinal)], sharing,
            nodes.Exists(node => node.Service is not null) && nodes.TrueForAll(node => node.Service is null || node.Root.Traits.Contains("OWNER_NOVA")));
    }

    private async Task<ResourceProvider[]> ProvidersAsync(IReadOnlyList<string> only, CancellationToken ct)
    {
        if (only.Count == 0)
            return [.. (await cloud.Placement.ListResourceProvidersAsync(ct: ct)).ResourceProviders];
        var found = new List<ResourceProvider>();
        foreach (string name in only.Distinct(StringComparer.Ordinal))
        {
            ResourceProvider node = (await cloud.Placement.ListResourceProvidersAsync(name, ct: ct)).ResourceProviders.SingleOrDefault(provider => provider.ParentProviderUuid is null)
                ?? throw new InspectionException(InspectionProblem.NotFound, $"no compute node '{name}' in Placement", "osev resource provider list shows the names; they are Nova's hypervisor_hostname");
            found.AddRange((await cloud.Placement.ListResourceProvidersAsync(inTree: node.Uuid, ct: ct)).ResourceProviders);
        }

        return [.. found];
    }

    /// <summary>A provider that is deleted while the list is read must not cost the rest of the list.</summary>
    private async Task<ProviderFacts?> ProviderOrNothingAsync(ResourceProvider provider, CancellationToken ct)
    {
        try
        {
            return await ProviderAsync(provider, ct);
        }
        catch (OpenStackApiException e) when (e is { Service: "placement", Status: HttpStatusCode.NotFound })
        {
            return null;
        }
    }

    private async Task<ProviderFacts> ProviderAsync(ResourceProvider provider, CancellationToken ct)
    {
        IReadOnlyDictionary<string, Inventory> inventories = (await cloud.Placement.GetInventoriesAsync(provider.Uuid, ct)).Inventories;
        IReadOnlyDictionary<string, int> used = inventories.Count == 0 ? new Dictionary<string, int>() : (await cloud.Placement.GetUsagesAsync(provider.Uuid, ct)).Usages;
        IReadOnlyList<string> traits = (await cloud.Placement.GetTraitsAsync(provider.Uuid, ct)).Traits;
        IReadOnlyList<Guid> aggregates = (await cloud.Placement.GetAggregatesAsync(provider.Uuid, ct)).Aggregates;
        return new(provider.Uuid, provider.Name, provider.ParentProviderUuid,
            inventories.ToDictionary(pair => pair.Key, pair => new InventoryFacts(pair.Value.Total, pair.Value.Reserved, used.GetValueOrDefault(pair.Key),
                pair.Value.MinUnit, pair.Value.MaxUnit, pair.Value.StepSize, pair.Value.AllocationRatio)),
            traits.ToHashSet(StringComparer.Ordinal), aggregates.ToHashSet());
    }

    /// <summary>By compute node, whose UUID is that of its provider.</summary>
    private async Task<IReadOnlyDictionary<Guid, ComputeServiceFacts>> ServicesAsync(CancellationToken ct)
    {
        Dictionary<string, ComputeService> services = [];
        foreach (ComputeService service in (await cloud.Nova.ListServicesAsync(binary: "nova-compute", ct: ct)).Services)
            services[service.Host] = service;
        var found = new Dictionary<Guid, ComputeServiceFacts>();
        await foreach (Hypervisor hypervisor in cloud.Nova.AllHypervisorsAsync(ct: ct))
        {
            string host = hypervisor.Service?.Host ?? hypervisor.HypervisorHostname;
            ComputeService? service = services.GetValueOrDefault(host);
            found[hypervisor.Id] = new(host, (service?.Status ?? hypervisor.Status) == "enabled", (service?.State ?? hypervisor.State) == "up", service?.DisabledReason);
        }

        return found;
    }
}
