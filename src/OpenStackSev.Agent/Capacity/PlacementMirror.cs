using System.Net;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Placement;
using OpenStackSev.Platform;

namespace OpenStackSev.Agent.Capacity;

/// <summary>Reads this node's part of Placement, and writes changes to it.</summary>
/// <remarks>
/// One <c>in_tree</c> request a round tells the generation of every provider; details are asked again only where it moved. Deleting an
/// allocation by DELETE does not move a generation, so usages are also asked again when the machine's own count of ASIDs moved.
/// </remarks>
public sealed class PlacementMirror(IPlacementApi placement)
{
    private const int NearestNames = 3;
    private readonly Dictionary<Guid, ProviderDetails> details = [];
    private readonly HashSet<string> knownNames = new(StringComparer.Ordinal);
    private Guid? rootUuid;
    private AsidCounts? usagesAsOf;

    /// <summary>What Placement holds for the node.</summary>
    /// <exception cref="NodeNotFoundException">No provider is this node.</exception>
    public async Task<ObservedNode> ReadAsync(
        Func<CancellationToken, Task<NodeIdentity>> identity, AsidCounts? asidsInUse, CancellationToken ct)
    {
        IReadOnlyList<ResourceProvider> tree = rootUuid is { } known ? await InTreeAsync(known, ct) : [];
        if (tree.Count == 0)
        {
            rootUuid = null;
            details.Clear();
            tree = await FindTreeAsync(await identity(ct), ct);
            rootUuid = tree.Single(provider => provider.ParentProviderUuid is null).Uuid;
        }

        if (asidsInUse != usagesAsOf)
            foreach (ProviderDetails provider in details.Values)
                provider.Usages = null;
        usagesAsOf = asidsInUse;
        return await new NodeReading(placement, details, tree).ObserveAsync(ct);
    }

    /// <summary>Writes <paramref name="changes"/> in their order.</summary>
    /// <returns>False when somebody else wrote meanwhile, so that the round must begin again.</returns>
    public async Task<bool> ApplyAsync(ObservedNode observed, ProviderChanges changes, CancellationToken ct)
    {
        try
        {
            await EnsureNamesAsync(changes.NewNames, ct);
            Dictionary<Guid, int> generations = new(observed.Generations);
            foreach (ProviderChange change in changes.Steps)
            {
                details.Remove(change.Uuid);
                await ApplyAsync(change, generations, ct);
            }

            return true;
        }
        catch (OpenStackApiException e) when (IsRace(e))
        {
            return false;
        }
    }

    /// <summary>The states that reading again resolves: a newer generation, a class allocated meanwhile, a provider gone meanwhile.</summary>
    private static bool IsRace(OpenStackApiException e) =>
        e.Status == HttpStatusCode.NotFound
        || (e.Status == HttpStatusCode.Conflict && e.Code is "placement.concurrent_update" or "placement.inventory.inuse");

    private async Task ApplyAsync(ProviderChange change, Dictionary<Guid, int> generations, CancellationToken ct)
    {
        switch (change)
        {
            case CreateProvider create:
                generations[create.Uuid] = await CreateAsync(create, ct);
                break;
            case MoveProvider move:
                generations[move.Uuid] = (await placement.UpdateResourceProviderAsync(
                    move.Uuid, new ResourceProviderUpdate(move.Name, move.Parent), ct)).Generation;
                break;
            case ReplaceInventories replace:
                generations[replace.Uuid] = (await placement.ReplaceInventoriesAsync(
                    replace.Uuid, new ProviderInventories(generations[replace.Uuid], replace.After), ct)).ResourceProviderGeneration;
                break;
            case ReplaceTraits replace:
                generations[replace.Uuid] = (await placement.ReplaceTraitsAsync(
                    replace.Uuid, new ProviderTraits(generations[replace.Uuid], [.. replace.After]), ct)).ResourceProviderGeneration;
                break;
        }
    }

    /// <summary>Creates a provider, or takes back the one of the same UUID that a former root of this host left behind.</summary>
    private async Task<int> CreateAsync(CreateProvider create, CancellationToken ct)
    {
        try
        {
            return (await placement.CreateResourceProviderAsync(
                new NewResourceProvider(create.Name, create.Uuid, create.Parent), ct)).Generation;
        }
        catch (OpenStackApiException e) when (e.Status == HttpStatusCode.Conflict)
        {
            ResourceProvider? orphan = (await placement.ListResourceProvidersAsync(name: create.Name, ct: ct)).ResourceProviders
                .SingleOrDefault(provider => provider.Uuid == create.Uuid);
            if (orphan is null)
                throw;
            return (await placement.UpdateResourceProviderAsync(
                create.Uuid, new ResourceProviderUpdate(create.Name, create.Parent), ct)).Generation;
        }
    }

    private async Task EnsureNamesAsync(RequiredNames names, CancellationToken ct)
    {
        string[] classes = [.. names.ResourceClasses.Where(name => !knownNames.Contains(name))];
        if (classes.Length > 0)
        {
            ResourceClassList existing = await placement.ListResourceClassesAsync(ct);
            knownNames.UnionWith(existing.ResourceClasses.Select(known => known.Name));
            foreach (string name in classes.Where(name => !knownNames.Contains(name)))
            {
                await placement.EnsureResourceClassAsync(name, ct);
                knownNames.Add(name);
            }
        }

        string[] traits = [.. names.Traits.Where(name => !knownNames.Contains(name))];
        if (traits.Length > 0)
        {
            TraitList existing = await placement.ListTraitsAsync("in:" + string.Join(',', traits), ct: ct);
            knownNames.UnionWith(existing.Traits);
            foreach (string name in traits.Where(name => !knownNames.Contains(name)))
            {
                await placement.EnsureTraitAsync(name, ct);
                knownNames.Add(name);
            }
        }
    }

    private async Task<IReadOnlyList<ResourceProvider>> FindTreeAsync(NodeIdentity identity, CancellationToken ct)
    {
        if (identity.Uuid is { } uuid && await InTreeAsync(uuid, ct) is { Count: > 0 } byUuid)
            return byUuid;
        foreach (string name in identity.Names)
        {
            ResourceProvider? named = (await placement.ListResourceProvidersAsync(name: name, ct: ct)).ResourceProviders.SingleOrDefault();
            if (named is { ParentProviderUuid: null } && await InTreeAsync(named.Uuid, ct) is { Count: > 0 } byName)
                return byName;
        }

        ResourceProviderList all = await placement.ListResourceProvidersAsync(ct: ct);
        string wanted = identity.Names.Count > 0 ? identity.Names[0] : identity.Uuid.ToString()!;
        throw new NodeNotFoundException(identity, [.. all.ResourceProviders
            .Where(provider => provider.ParentProviderUuid is null)
            .Select(provider => identity.Uuid is null ? provider.Name : $"{provider.Name} {provider.Uuid}")
            .OrderBy(name => EditDistance.Between(wanted, name)).ThenBy(name => name, StringComparer.Ordinal)
            .Take(NearestNames)]);
    }

    private async Task<IReadOnlyList<ResourceProvider>> InTreeAsync(Guid uuid, CancellationToken ct) =>
        (await placement.ListResourceProvidersAsync(inTree: uuid, ct: ct)).ResourceProviders;
}
