using System.Net;
using OpenStackSev.Configuration;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Placement;
using OpenStackSev.Platform;

namespace OpenStackSev.Agent.Capacity;

/// <summary>Reads this node's part of Placement, and writes changes to it.</summary>
/// <remarks>
/// One <c>in_tree</c> request a round tells the generation of every provider; details are asked again only where it moved. Deleting
/// allocations moves no generation when it is done by DELETE, so usages are also asked again when the machine's own count of ASIDs
/// moved, and one provider that is in use is asked again each round.
/// </remarks>
public sealed class PlacementMirror(IPlacementApi placement)
{
    private const int NearestNames = 3;

    /// <summary>Times that a reading begins anew since a provider vanished under it.</summary>
    private const int ReadingAttempts = 3;

    private readonly Dictionary<Guid, ProviderDetails> details = [];
    private readonly HashSet<string> knownNames = new(StringComparer.Ordinal);
    private readonly HashSet<string> takenElsewhere = new(StringComparer.Ordinal);
    private Guid? rootUuid;
    private AsidCounts? usagesAsOf;
    private long round;

    /// <summary>What Placement holds for the node.</summary>
    /// <exception cref="NodeNotFoundException">No provider is this node.</exception>
    public async Task<ObservedNode> ReadAsync(
        Func<CancellationToken, Task<NodeIdentity>> identity, AsidCounts? asidsInUse, CancellationToken ct)
    {
        round++;
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                IReadOnlyList<ResourceProvider> tree = await TreeAsync(identity, ct);
                ForgetUsages(asidsInUse);
                return await new NodeReading(placement, details, tree, round).ObserveAsync(await TakenElsewhereAsync(ct), ct);
            }
            catch (OpenStackApiException e) when (e.Status == HttpStatusCode.NotFound && e.Service == "placement" && attempt < ReadingAttempts)
            {
                Forget();
            }
        }
    }

    /// <summary>Writes <paramref name="changes"/> in their order.</summary>
    /// <returns>Null when all was written; else what was refused since somebody else wrote meanwhile, so that the round must begin again.</returns>
    public async Task<string?> ApplyAsync(ObservedNode observed, ProviderChanges changes, CancellationToken ct)
    {
        try
        {
            await EnsureNamesAsync(changes.NewNames, ct);
            Dictionary<Guid, int> generations = new(observed.Generations);
            foreach (ProviderChange change in changes.Steps)
            {
                details.Remove(change.Uuid);
                if (!await ApplyAsync(change, generations, ct))
                    return $"{change.Describe()}: the provider was there already; it is looked at first";
            }

            return null;
        }
        catch (OpenStackApiException e) when (IsRace(e))
        {
            Forget();
            return e.Message;
        }
    }

    /// <summary>
    /// The states that reading again resolves: a newer generation, a class allocated meanwhile, a provider or its parent gone meanwhile, a
    /// class or trait deleted meanwhile. The last two are a 400 to Placement.
    /// </summary>
    private static bool IsRace(OpenStackApiException e) =>
        e.Service == "placement" && (e.Status is HttpStatusCode.NotFound or HttpStatusCode.BadRequest
        || (e.Status == HttpStatusCode.Conflict && e.Code is "placement.concurrent_update" or "placement.inventory.inuse"));

    private void Forget()
    {
        rootUuid = null;
        details.Clear();
        knownNames.Clear();
    }

    private void ForgetUsages(AsidCounts? asidsInUse)
    {
        if (asidsInUse != usagesAsOf)
        {
            foreach (ProviderDetails provider in details.Values)
                provider.Usages = null;
        }
        else if (details.Values.Where(provider => provider.IsInUse).MinBy(provider => provider.UsagesReadInRound) is { } oldest)
        {
            oldest.Usages = null;
        }

        usagesAsOf = asidsInUse;
    }

    private async Task<IReadOnlyList<ResourceProvider>> TreeAsync(Func<CancellationToken, Task<NodeIdentity>> identity, CancellationToken ct)
    {
        IReadOnlyList<ResourceProvider> tree = rootUuid is { } known ? await InTreeAsync(known, ct) : [];
        if (tree.Count == 0)
        {
            Forget();
            tree = await FindTreeAsync(await identity(ct), ct);
            rootUuid = tree.Single(provider => provider.ParentProviderUuid is null).Uuid;
        }

        return tree;
    }

    private async Task<bool> ApplyAsync(ProviderChange change, Dictionary<Guid, int> generations, CancellationToken ct)
    {
        switch (change)
        {
            case CreateProvider create:
                if (await CreateAsync(create, ct) is not { } created)
                    return false;
                generations[create.Uuid] = created.Generation;
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

        return true;
    }

    /// <summary>
    /// Null when the name is there already, in another tree: one of the same UUID that a former root of this host left behind is taken
    /// back, another one is somebody else's. Either way the next round looks at what there is before it writes.
    /// </summary>
    private async Task<ResourceProvider?> CreateAsync(CreateProvider create, CancellationToken ct)
    {
        try
        {
            return await placement.CreateResourceProviderAsync(new NewResourceProvider(create.Name, create.Uuid, create.Parent), ct);
        }
        catch (OpenStackApiException e) when (e.Status == HttpStatusCode.Conflict && e.Service == "placement")
        {
            ResourceProvider? there = await NamedAsync(create.Name, ct);
            if (there?.Uuid == create.Uuid)
                await placement.UpdateResourceProviderAsync(create.Uuid, new ResourceProviderUpdate(create.Name, create.Parent), ct);
            else if (there is not null)
                takenElsewhere.Add(create.Name);
            return null;
        }
    }

    /// <summary>Asked again each round, so that a name that became free is used.</summary>
    private async Task<IReadOnlyDictionary<string, Guid>> TakenElsewhereAsync(CancellationToken ct)
    {
        var taken = new Dictionary<string, Guid>(StringComparer.Ordinal);
        foreach (string name in takenElsewhere.ToArray())
        {
            if (await NamedAsync(name, ct) is { } other)
                taken.Add(name, other.Uuid);
            else
                takenElsewhere.Remove(name);
        }

        return taken;
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
            if (await NamedAsync(name, ct) is { ParentProviderUuid: null } named && await InTreeAsync(named.Uuid, ct) is { Count: > 0 } byName)
                return byName;
        }

        ResourceProviderList all = await placement.ListResourceProvidersAsync(ct: ct);
        string wanted = identity.Names.Count > 0 ? identity.Names[0] : identity.Uuid.ToString()!;
        throw new NodeNotFoundException(identity, [.. all.ResourceProviders
            .Where(provider => provider is { ParentProviderUuid: null })
            .Select(provider => identity.Uuid is null ? provider.Name : $"{provider.Name} {provider.Uuid}")
            .OrderBy(name => EditDistance.Between(wanted, name)).ThenBy(name => name, StringComparer.Ordinal)
            .Take(NearestNames)]);
    }

    private async Task<ResourceProvider?> NamedAsync(string name, CancellationToken ct) =>
        (await placement.ListResourceProvidersAsync(name: name, ct: ct)).ResourceProviders.FirstOrDefault(provider => provider?.Name == name);

    private async Task<IReadOnlyList<ResourceProvider>> InTreeAsync(Guid uuid, CancellationToken ct)
    {
        IReadOnlyList<ResourceProvider> tree = (await placement.ListResourceProvidersAsync(inTree: uuid, ct: ct)).ResourceProviders;
        bool wellFormed = tree.All(provider => provider is not null)
            && (tree.Count == 0 || tree.Count(provider => provider.ParentProviderUuid is null) == 1)
            && tree.Select(provider => provider.Name).Distinct(StringComparer.Ordinal).Count() == tree.Count;
        return wellFormed ? tree : throw Malformed($"in_tree={uuid}", "a tree has one root, and each name once");
    }

    internal static OpenStackApiException Malformed(string request, string detail) =>
        new("placement", request, HttpStatusCode.OK, "malformed_answer", null, detail);
}
