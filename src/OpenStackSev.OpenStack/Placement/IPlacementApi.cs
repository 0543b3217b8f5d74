using Refit;

namespace OpenStackSev.OpenStack.Placement;

/// <summary>Placement. Source: Placement API reference, microversions 1.37 to 1.39.</summary>
public interface IPlacementApi
{
    /// <summary>All providers, or those of a name, or those of the tree that a provider is in, or those that have a trait (1.18).</summary>
    /// <param name="required">A trait that Placement knows: 400 for others.</param>
    [Get("/resource_providers")]
    Task<ResourceProviderList> ListResourceProvidersAsync(
        [Query] string? name = null, [Query, AliasAs("in_tree")] Guid? inTree = null, [Query] string? required = null, CancellationToken ct = default);

    /// <summary>Providers that have so much left, none of it from others of their tree.</summary>
    /// <param name="resources">e.g. <c>CUSTOM_SEV_SNP_ASID:1</c>.</param>
    /// <exception cref="OpenStackApiException">Among others 400: there is no such resource class.</exception>
    [Get("/resource_providers")]
    Task<ResourceProviderList> ListProvidersOfferingAsync([Query] string resources, CancellationToken ct = default);

    [Post("/resource_providers")]
    Task<ResourceProvider> CreateResourceProviderAsync([Body] NewResourceProvider provider, CancellationToken ct = default);

    /// <summary>Renames, or moves below another parent (1.37).</summary>
    [Put("/resource_providers/{uuid}")]
    Task<ResourceProvider> UpdateResourceProviderAsync(Guid uuid, [Body] ResourceProviderUpdate update, CancellationToken ct = default);

    [Delete("/resource_providers/{uuid}")]
    Task DeleteResourceProviderAsync(Guid uuid, CancellationToken ct = default);

    [Get("/resource_providers/{uuid}/inventories")]
    Task<ProviderInventories> GetInventoriesAsync(Guid uuid, CancellationToken ct = default);

    [Put("/resource_providers/{uuid}/inventories")]
    Task<ProviderInventories> ReplaceInventoriesAsync(Guid uuid, [Body] ProviderInventories inventories, CancellationToken ct = default);

    [Get("/resource_providers/{uuid}/traits")]
    Task<ProviderTraits> GetTraitsAsync(Guid uuid, CancellationToken ct = default);

    [Put("/resource_providers/{uuid}/traits")]
    Task<ProviderTraits> ReplaceTraitsAsync(Guid uuid, [Body] ProviderTraits traits, CancellationToken ct = default);

    [Get("/resource_providers/{uuid}/aggregates")]
    Task<ProviderAggregates> GetAggregatesAsync(Guid uuid, CancellationToken ct = default);

    [Get("/resource_providers/{uuid}/usages")]
    Task<ProviderUsages> GetUsagesAsync(Guid uuid, CancellationToken ct = default);

    /// <summary>Consumers (servers, migrations) that hold something of a provider.</summary>
    [Get("/resource_providers/{uuid}/allocations")]
    Task<ProviderAllocations> GetProviderAllocationsAsync(Guid uuid, CancellationToken ct = default);

    [Get("/allocations/{consumer}")]
    Task<ConsumerAllocations> GetAllocationsAsync(Guid consumer, CancellationToken ct = default);

    [Get("/resource_classes")]
    Task<ResourceClassList> ListResourceClassesAsync(CancellationToken ct = default);

    /// <summary>Makes a custom class, or finds it there.</summary>
    [Put("/resource_classes/{name}")]
    Task EnsureResourceClassAsync(string name, CancellationToken ct = default);

    /// <param name="name"><c>in:A,B</c> or <c>startswith:CUSTOM_</c>.</param>
    [Get("/traits")]
    Task<TraitList> ListTraitsAsync([Query] string? name = null, CancellationToken ct = default);

    /// <summary>Makes a custom trait, or finds it there.</summary>
    [Put("/traits/{name}")]
    Task EnsureTraitAsync(string name, CancellationToken ct = default);
}
