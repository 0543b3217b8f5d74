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

    /// <summary>Something is to be done with a server: one member named as the action, e.g. <c>os-stop</c>, with null where it takes nothing.</summary>
    /// <exception cref="OpenStackApiException">Among others 409: not in the state that the server is in.</exception>
    [Post("/servers/{id}/action")]
    Task ActAsync(Guid id, [Body] Dictionary<string, ServerLock?> action, CancellationToken ct = default);

    /// <summary>What was done to a server, also after it is gone.</summary>
    [Get("/servers/{id}/os-instance-actions")]
    Task<InstanceActionList> ListActionsAsync(Guid id, [Query] int? limit = null, CancellationToken ct = default);

    /// <summary>Adds a tag; one that is there stays (2.26).</summary>
    /// <exception cref="OpenStackApiException">Among others 400: the server has 50.</exception>
    [Put("/servers/{id}/tags/{tag}")]
    Task AddTagAsync(Guid id, string tag, CancellationToken ct = default);

    /// <exception cref="OpenStackApiException">Among others 404: the server does not have it.</exception>
    [Delete("/servers/{id}/tags/{tag}")]
    Task RemoveTagAsync(Guid id, string tag, CancellationToken ct = default);

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

    /// <summary>Disables or enables a compute service (2.53). Servers on it go on; the scheduler puts no new one there.</summary>
    [Put("/os-services/{id}")]
    Task<ServiceEnvelope> UpdateServiceAsync(Guid id, [Body] ServiceUpdate update, CancellationToken ct = default);

    [Get("/os-hypervisors/detail")]
    Task<HypervisorList> ListHypervisorsAsync([Query] int? limit = null, [Query] Guid? marker = null, CancellationToken ct = default);

    [Get("/os-aggregates")]
    Task<AggregateList> ListAggregatesAsync(CancellationToken ct = default);
}
