using System.Collections.Immutable;
using OpenStackSev.Api.Capacity;
using OpenStackSev.OpenStack.Placement;

namespace OpenStackSev.Agent.Capacity;

/// <summary>What was read of one provider, as of a generation.</summary>
internal sealed class ProviderDetails(int generation)
{
    public int Generation { get; } = generation;
    public ImmutableSortedDictionary<string, Inventory>? Inventories { get; set; }
    public ImmutableSortedSet<string>? Traits { get; set; }
    public IReadOnlyDictionary<string, int>? Usages { get; set; }
    public long UsagesReadInRound { get; set; }
    public bool IsInUse => Usages is { } usages && usages.Values.Any(used => used > 0);
}

/// <summary>One reading of one tree: which details are needed, and what they add up to.</summary>
internal sealed class NodeReading(
    IPlacementApi placement, Dictionary<Guid, ProviderDetails> details, IReadOnlyList<ResourceProvider> tree, long round)
{
    private const string NovaResourceClass = "MEM_ENCRYPTION_CONTEXT";
    private readonly ResourceProvider root = tree.Single(provider => provider.ParentProviderUuid is null);

    /// <param name="takenElsewhere">Names of ours that providers of other trees have.</param>
    public async Task<ObservedNode> ObserveAsync(IReadOnlyDictionary<string, Guid> takenElsewhere, CancellationToken ct)
    {
        ImmutableSortedSet<string> rootTraits = await TraitsAsync(root, ct);
        var guards = ImmutableSortedDictionary.CreateBuilder<EncryptionModel, GuardProvider>();
        var guardTraits = ImmutableDictionary.CreateBuilder<Guid, ImmutableSortedSet<string>>();
        var used = ImmutableSortedDictionary.CreateBuilder<EncryptionModel, int>();
        var taken = ImmutableSortedDictionary.CreateBuilder<EncryptionModel, Guid>();
        foreach (EncryptionModel model in EncryptionModels.All)
        {
            string name = model.ProviderName(root.Name);
            if (takenElsewhere.TryGetValue(name, out Guid other))
                taken.Add(model, other);
            if (tree.SingleOrDefault(provider => provider.Name == name) is not { } provider)
                continue;
            ImmutableSortedSet<string> traits = await TraitsAsync(provider, ct);
            if (provider.Uuid != ProviderIdentity.Of(name) && !traits.Contains(SevTraits.Owner))
            {
                taken[model] = provider.Uuid;
                continue;
            }

            guards.Add(model, new GuardProvider(
                provider.Uuid, name, provider.ParentProviderUuid, await InventoriesAsync(provider, ct), traits.Intersect(SevTraits.Guard)));
            guardTraits.Add(provider.Uuid, traits);
            used.Add(model, await UsedAsync(provider, model.ResourceClass, ct));
        }

        return new ObservedNode
        {
            Tree = new ProviderTree
            {
                RootUuid = root.Uuid,
                RootName = root.Name,
                RootFacts = rootTraits.Intersect(SevTraits.RootFacts),
                Guards = guards.ToImmutable(),
            },
            AllRootTraits = rootTraits,
            AllGuardTraits = guardTraits.ToImmutable(),
            Generations = tree.ToImmutableDictionary(provider => provider.Uuid, provider => provider.Generation),
            Used = used.ToImmutable(),
            NovaContexts = await NovaContextsAsync(ct),
            TakenNames = taken.ToImmutable(),
        };
    }

    /// <summary>Children since 2025.2; the root, plain SEV only, before. While Nova reshapes one into the other, children win.</summary>
    private async Task<ImmutableSortedDictionary<EncryptionModel, int>> NovaContextsAsync(CancellationToken ct)
    {
        var contexts = ImmutableSortedDictionary.CreateBuilder<EncryptionModel, int>();
        foreach (EncryptionModel model in EncryptionModels.All)
        {
            if (tree.SingleOrDefault(provider => provider.Name == model.NovaProviderName(root.Name)) is { } child
                && (await InventoriesAsync(child, ct)).TryGetValue(NovaResourceClass, out Inventory? ofChild))
                contexts.Add(model, ofChild.Total);
        }

        if (contexts.Count == 0 && (await InventoriesAsync(root, ct)).TryGetValue(NovaResourceClass, out Inventory? ofRoot))
            contexts.Add(EncryptionModel.AmdSev, ofRoot.Total);
        return contexts.ToImmutable();
    }

    private async Task<ImmutableSortedDictionary<string, Inventory>> InventoriesAsync(ResourceProvider provider, CancellationToken ct)
    {
        if (Details(provider).Inventories is { } known)
            return known;
        IReadOnlyDictionary<string, Inventory> inventories = (await placement.GetInventoriesAsync(provider.Uuid, ct)).Inventories;
        if (inventories.Values.Any(inventory => inventory is null))
            throw PlacementMirror.Malformed($"inventories of {provider.Name}", "an inventory is null");
        return Details(provider).Inventories = inventories.ToImmutableSortedDictionary(StringComparer.Ordinal);
    }

    private async Task<ImmutableSortedSet<string>> TraitsAsync(ResourceProvider provider, CancellationToken ct) =>
        Details(provider).Traits ??=
            (await placement.GetTraitsAsync(provider.Uuid, ct)).Traits.ToImmutableSortedSet(StringComparer.Ordinal);

    private async Task<int> UsedAsync(ResourceProvider provider, string resourceClass, CancellationToken ct)
    {
        ProviderDetails known = Details(provider);
        if (known.Usages is null)
        {
            known.Usages = (await placement.GetUsagesAsync(provider.Uuid, ct)).Usages;
            known.UsagesReadInRound = round;
        }

        return known.Usages.GetValueOrDefault(resourceClass);
    }

    private ProviderDetails Details(ResourceProvider provider)
    {
        if (!details.TryGetValue(provider.Uuid, out ProviderDetails? known) || known.Generation != provider.Generation)
            details[provider.Uuid] = known = new ProviderDetails(provider.Generation);
        return known;
    }
}
