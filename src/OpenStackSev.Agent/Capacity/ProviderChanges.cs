using System.Collections.Immutable;
using OpenStackSev.Api.Capacity;
using OpenStackSev.OpenStack.Placement;

namespace OpenStackSev.Agent.Capacity;

/// <summary>What must be written to make Placement match this node, in the order in which it is written.</summary>
/// <param name="NewNames">Resource classes and traits that the writes below need; most clouds have them already.</param>
public sealed record ProviderChanges(RequiredNames NewNames, ImmutableArray<ProviderChange> Steps)
{
    public bool IsEmpty => Steps.IsEmpty;

    /// <summary>The difference, provider by provider: place ▸ inventory ▸ traits; the root's traits last. Pure.</summary>
    public static ProviderChanges Between(ObservedNode observed, ProviderTree desired)
    {
        var steps = ImmutableArray.CreateBuilder<ProviderChange>();
        foreach (GuardProvider guard in desired.Guards.Values)
            steps.AddRange(OfGuard(observed, guard));
        if (OfTraits(desired.RootUuid, desired.RootName, observed.AllRootTraits, SevTraits.RootFacts, desired.RootFacts) is { } root)
            steps.Add(root);
        // What is taken away comes first: ASIDs that move between two models are never offered by both, whatever fails in between.
        ImmutableArray<ProviderChange> ordered =
        [
            .. steps.Where(step => step is ReplaceInventories { OffersLess: true }),
            .. steps.Where(step => step is not ReplaceInventories { OffersLess: true }),
        ];
        return new ProviderChanges(RequiredNames.For(ordered), ordered);
    }

    /// <summary>Readable lines, as <c>--dry-run</c> prints them.</summary>
    public IEnumerable<string> Describe() => Steps.Select(step => step.Describe());

    private static IEnumerable<ProviderChange> OfGuard(ObservedNode observed, GuardProvider desired)
    {
        GuardProvider? now = observed.Tree.Guards.Values.FirstOrDefault(guard => guard.Uuid == desired.Uuid);
        if (now is null)
            yield return new CreateProvider(desired.Uuid, desired.Name, desired.Parent);
        else if (now.Parent != desired.Parent)
            yield return new MoveProvider(desired.Uuid, desired.Name, desired.Parent);

        var inventories = now?.Inventories ?? ImmutableSortedDictionary<string, Inventory>.Empty;
        if (!SameInventories(inventories, desired.Inventories))
            yield return new ReplaceInventories(desired.Uuid, desired.Name, inventories, desired.Inventories);

        var traits = observed.AllGuardTraits.GetValueOrDefault(desired.Uuid) ?? [];
        if (OfTraits(desired.Uuid, desired.Name, traits, SevTraits.Guard, desired.Traits) is { } change)
            yield return change;
    }

    private static bool SameInventories(
        ImmutableSortedDictionary<string, Inventory> left, ImmutableSortedDictionary<string, Inventory> right) =>
        left.Count == right.Count
        && left.All(entry => right.TryGetValue(entry.Key, out Inventory? other) && other == entry.Value);

    /// <summary>Ours by the closed list, everybody else's kept.</summary>
    private static ReplaceTraits? OfTraits(
        Guid uuid, string name, ImmutableSortedSet<string> all, IReadOnlySet<string> closedList, ImmutableSortedSet<string> desired)
    {
        ImmutableSortedSet<string> merged = all.Except(closedList).Union(desired);
        return merged.SetEquals(all) ? null : new ReplaceTraits(uuid, name, all, merged);
    }
}

/// <summary>One write to Placement.</summary>
/// <param name="Uuid">The provider that is written.</param>
/// <param name="Name">Its name, for people.</param>
public abstract record ProviderChange(Guid Uuid, string Name)
{
    public abstract string Describe();
}

/// <summary>A guard provider that is not there yet, or was deleted with its compute node.</summary>
public sealed record CreateProvider(Guid Uuid, string Name, Guid? Parent) : ProviderChange(Uuid, Name)
{
    public override string Describe() => $"+ provider {Name} ({Uuid}) below {Parent}";
}

/// <summary>A guard provider below another root: the host was installed again.</summary>
public sealed record MoveProvider(Guid Uuid, string Name, Guid? Parent) : ProviderChange(Uuid, Name)
{
    public override string Describe() => $"~ provider {Name} moves below {Parent}";
}

/// <summary>All inventories of a provider; an empty set deletes them.</summary>
public sealed record ReplaceInventories(
    Guid Uuid,
    string Name,
    ImmutableSortedDictionary<string, Inventory> Before,
    ImmutableSortedDictionary<string, Inventory> After) : ProviderChange(Uuid, Name)
{
    /// <summary>True when less can be allocated afterwards.</summary>
    public bool OffersLess => Offered(After) < Offered(Before);

    private static long Offered(ImmutableSortedDictionary<string, Inventory> inventories) =>
        inventories.Values.Sum(inventory => (long)inventory.Total - inventory.Reserved);

    public override string Describe() => string.Join(Environment.NewLine,
        Before.Keys.Union(After.Keys).Order(StringComparer.Ordinal)
            .Where(name => Before.GetValueOrDefault(name) != After.GetValueOrDefault(name))
            .Select(name => $"~ inventory {Name} {name}: {Text(Before.GetValueOrDefault(name))} → {Text(After.GetValueOrDefault(name))}"));

    private static string Text(Inventory? inventory) =>
        inventory is null ? "none" : $"total {inventory.Total} reserved {inventory.Reserved}";
}

/// <summary>All traits of a provider, others' kept.</summary>
public sealed record ReplaceTraits(Guid Uuid, string Name, ImmutableSortedSet<string> Before, ImmutableSortedSet<string> After)
    : ProviderChange(Uuid, Name)
{
    public override string Describe() =>
        $"~ traits {Name}:{string.Concat(After.Except(Before).Select(trait => " +" + trait))}{string.Concat(Before.Except(After).Select(trait => " -" + trait))}";
}

/// <summary>Names that must exist in Placement before a write that uses them.</summary>
public sealed record RequiredNames(ImmutableSortedSet<string> ResourceClasses, ImmutableSortedSet<string> Traits)
{
    public static RequiredNames For(IEnumerable<ProviderChange> steps)
    {
        var classes = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
        var traits = ImmutableSortedSet.CreateBuilder<string>(StringComparer.Ordinal);
        foreach (ProviderChange step in steps)
        {
            if (step is ReplaceInventories inventories)
                classes.UnionWith(inventories.After.Keys);
            if (step is ReplaceTraits change)
                traits.UnionWith(change.After.Except(change.Before));
        }

        return new RequiredNames(classes.ToImmutable(), traits.ToImmutable());
    }
}
