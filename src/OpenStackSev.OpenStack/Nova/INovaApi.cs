using Refit;

namespace OpenStackSev.OpenStack.Nova;

/// <summary>Nova. Source: Compute API reference, microversions 2.53 to 2.104.</summary>
public interface INovaApi
{
    /// <summary>One page of servers. Use <see cref="NovaPages.AllServersAsync"/> for all of them.</summary>
    [Get("/servers/detail")]
    Task<ServerList> ListServersAsync(
        [Query, AliasAs("all_tenants")] bool? allTenants = null,
        [Query] string? host = null,
        [Query, AliasAs("changes-since")] string? changesSince = null,
        [Query] int? limit = null,
        [Query] string? marker = null,
        CancellationToken ct = default);

    [Get("/servers/{id}")]
    Task<ServerEnvelope> GetServerAsync(Guid id, CancellationToken ct = default);

    /// <summary>Adds items to a server's metadata, or replaces those of the same keys; others stay. For an administrator also on a locked server.</summary>
    /// <exception cref="OpenStackApiException">Among others 403: with these it would have more items than the quota allows.</exception>
    [Post("/servers/{id}/metadata")]
    Task<ServerMetadata> UpdateServerMetadataAsync(Guid id, [Body] ServerMetadata items, CancellationToken ct = default);

    /// <summary>One page of flavors, with extra specs (2.61).</summary>
    [Get("/flavors/detail")]
    Task<FlavorList> ListFlavorsAsync(
        [Query, AliasAs("is_public")] string? isPublic = null, [Query] int? limit = null, [Query] string? marker = null,
        CancellationToken ct = default);

    /// <summary>The same page, each flavor as Nova wrote it: for those who judge what is in it, and how it is written.</summary>
    [Get("/flavors/detail")]
    Task<FlavorBodies> ListFlavorBodiesAsync(
        [Query, AliasAs("is_public")] string? isPublic = null, [Query] int? limit = null, [Query] string? marker = null,
        CancellationToken ct = default);

    /// <summary>One flavor with extra specs (2.61), as Nova wrote it.</summary>
    [Get("/flavors/{id}")]
    Task<FlavorEnvelope> GetFlavorBodyAsync(string id, CancellationToken ct = default);

    /// <summary>Projects that may use a private flavor. 404 for a public one. Administrators only, unless policy says otherwise.</summary>
    [Get("/flavors/{id}/os-flavor-access")]
    Task<FlavorAccessList> ListFlavorAccessAsync(string id, CancellationToken ct = default);

    [Get("/os-services")]
    Task<ServiceList> ListServicesAsync([Query] string? binary = null, [Query] string? host = null, CancellationToken ct = default);

    [Get("/os-hypervisors/detail")]
    Task<HypervisorList> ListHypervisorsAsync([Query] int? limit = null, [Query] Guid? marker = null, CancellationToken ct = default);

    [Get("/os-aggregates")]
    Task<AggregateList> ListAggregatesAsync(CancellationToken ct = default);
}
