using System.Collections.Immutable;
using OpenStackSev.Api.Capacity;
using OpenStackSev.OpenStack.Placement;

namespace OpenStackSev.Agent.Capacity;

/// <summary>The part of Placement's provider tree that is ours: what it is (observed), or what it should be (desired).</summary>
public sealed record ProviderTree
{
    /// <summary>The compute node's provider. Nova's; of it only traits of our closed list are ours.</summary>
    public required Guid RootUuid { get; init; }

    /// <summary>Nova's hypervisor_hostname.</summary>
    public required string RootName { get; init; }

    /// <summary>Traits of <see cref="SevTraits.RootFacts"/> on the root.</summary>
    public required ImmutableSortedSet<string> RootFacts { get; init; }

    /// <summary>Our guard providers, one a model. A model that was never usable here has none.</summary>
    public required ImmutableSortedDictionary<EncryptionModel, GuardProvider> Guards { get; init; }
}

/// <summary>One of our providers: a second, true count beside Nova's own.</summary>
/// <param name="Parent">Null only in an observed tree, for a provider that lost its parent.</param>
/// <param name="Inventories">By resource class. Desired: exactly one, or none once the host cannot start this model any more.</param>
/// <param name="Traits">Traits of <see cref="SevTraits.Guard"/>; others on this provider are left alone.</param>
public sealed record GuardProvider(
    Guid Uuid,
    string Name,
    Guid? Parent,
    ImmutableSortedDictionary<string, Inventory> Inventories,
    ImmutableSortedSet<string> Traits)
{
    /// <summary>The inventory of one ASID class, whole ASIDs only.</summary>
    public static Inventory AsidInventory(int total, int reserved) =>
        new(total, reserved, MinUnit: 1, MaxUnit: 1, StepSize: 1, AllocationRatio: 1.0f);
}

/// <summary>What Placement holds for one compute node, as far as we look.</summary>
public sealed record ObservedNode
{
    /// <summary>Our part.</summary>
    public required ProviderTree Tree { get; init; }

    /// <summary>Every trait of the root, ours and others', to merge into.</summary>
    public required ImmutableSortedSet<string> AllRootTraits { get; init; }

    /// <summary>Every trait of our providers, ours and others', to merge into.</summary>
    public required ImmutableDictionary<Guid, ImmutableSortedSet<string>> AllGuardTraits { get; init; }

    /// <summary>Generation of the root and of our providers.</summary>
    public required ImmutableDictionary<Guid, int> Generations { get; init; }

    /// <summary>ASIDs allocated from our providers.</summary>
    public required ImmutableSortedDictionary<EncryptionModel, int> Used { get; init; }

    /// <summary>
    /// Totals of MEM_ENCRYPTION_CONTEXT that Nova publishes, by model: from its own children since 2025.2, from the root before
    /// (plain SEV only). A model is absent when Nova offers none of it here.
    /// </summary>
    public required ImmutableSortedDictionary<EncryptionModel, int> NovaContexts { get; init; }

    /// <summary>Names that our providers should have but that belong to somebody else's provider.</summary>
    public required ImmutableSortedDictionary<EncryptionModel, Guid> TakenNames { get; init; }
}
