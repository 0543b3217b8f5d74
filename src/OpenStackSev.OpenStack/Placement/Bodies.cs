namespace OpenStackSev.OpenStack.Placement;

public sealed record ResourceProviderList(IReadOnlyList<ResourceProvider> ResourceProviders);

/// <summary>Something that offers resources: a compute node, or a part of one.</summary>
/// <param name="Generation">Moves with every write, allocations included; a write with an older one answers 409.</param>
/// <param name="ParentProviderUuid">Null at the root of a tree.</param>
public sealed record ResourceProvider(Guid Uuid, string Name, int Generation, Guid RootProviderUuid, Guid? ParentProviderUuid = null);

public sealed record NewResourceProvider(string Name, Guid Uuid, Guid? ParentProviderUuid);

public sealed record ResourceProviderUpdate(string Name, Guid? ParentProviderUuid);

/// <summary>How much of one resource class a provider offers. Capacity is (total - reserved) × ratio.</summary>
public sealed record Inventory(int Total, int Reserved, int MinUnit, int MaxUnit, int StepSize, float AllocationRatio);

/// <param name="Inventories">By resource class.</param>
public sealed record ProviderInventories(int ResourceProviderGeneration, IReadOnlyDictionary<string, Inventory> Inventories);

public sealed record ProviderTraits(int ResourceProviderGeneration, IReadOnlyList<string> Traits);

public sealed record ProviderAggregates(int ResourceProviderGeneration, IReadOnlyList<Guid> Aggregates);

/// <param name="Usages">By resource class; every class of the inventory has one.</param>
public sealed record ProviderUsages(int ResourceProviderGeneration, IReadOnlyDictionary<string, int> Usages);

/// <param name="Allocations">By consumer.</param>
public sealed record ProviderAllocations(int ResourceProviderGeneration, IReadOnlyDictionary<Guid, AllocatedResources> Allocations);

/// <param name="Allocations">By provider.</param>
public sealed record ConsumerAllocations(IReadOnlyDictionary<Guid, AllocatedResources> Allocations);

/// <param name="Resources">Amount by resource class.</param>
public sealed record AllocatedResources(IReadOnlyDictionary<string, int> Resources);

public sealed record ResourceClassList(IReadOnlyList<ResourceClass> ResourceClasses);

public sealed record ResourceClass(string Name);

public sealed record TraitList(IReadOnlyList<string> Traits);

/// <summary>What Placement offers for a request.</summary>
/// <param name="ProviderSummaries">By provider: all of the trees that an allocation is in.</param>
public sealed record AllocationCandidates(
    IReadOnlyList<AllocationRequest> AllocationRequests, IReadOnlyDictionary<Guid, ProviderSummary> ProviderSummaries);

/// <param name="Allocations">By provider.</param>
public sealed record AllocationRequest(IReadOnlyDictionary<Guid, AllocatedResources> Allocations);

public sealed record ProviderSummary(Guid RootProviderUuid);
