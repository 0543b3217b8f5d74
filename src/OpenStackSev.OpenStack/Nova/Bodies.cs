using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenStackSev.OpenStack.Nova;

public sealed record ServerList(IReadOnlyList<Server> Servers, [property: JsonPropertyName("servers_links")] IReadOnlyList<Link>? Links = null);

public sealed record ServerEnvelope(Server Server);

/// <summary>An instance. Fields that only an administrator sees are null for others.</summary>
/// <remarks>Defaults need <c>set</c>: the generated reader gives an absent <c>init</c> property null.</remarks>
public sealed record Server
{
    public required Guid Id { get; init; }
    public string Name { get; set; } = "";

    /// <summary><c>ACTIVE</c>, <c>ERROR</c>, <c>SHUTOFF</c>, …</summary>
    public string Status { get; set; } = "UNKNOWN";

    [JsonPropertyName("tenant_id")]
    public string? ProjectId { get; init; }

    /// <summary>Where nova-compute runs.</summary>
    [JsonPropertyName("OS-EXT-SRV-ATTR:host")]
    public string? Host { get; init; }

    /// <summary>The compute node, which is the name of its resource provider.</summary>
    [JsonPropertyName("OS-EXT-SRV-ATTR:hypervisor_hostname")]
    public string? HypervisorHostname { get; init; }

    public ServerFlavor? Flavor { get; init; }

    /// <summary>An object with the image's id; the empty text for a server that boots from a volume.</summary>
    public JsonElement? Image { get; init; }

    public ServerFault? Fault { get; init; }

    /// <summary>Of its host; of what was asked for while it has none.</summary>
    [JsonPropertyName("OS-EXT-AZ:availability_zone")]
    public string? AvailabilityZone { get; init; }

    /// <summary>What was asked for at creation (2.96); null for none.</summary>
    public string? PinnedAvailabilityZone { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; set; } = new Dictionary<string, string>();
    public DateTimeOffset? Created { get; init; }
    public DateTimeOffset? Updated { get; init; }

    /// <summary>What Nova is doing with it now; null for nothing.</summary>
    [JsonPropertyName("OS-EXT-STS:task_state")]
    public string? TaskState { get; init; }

    public bool? Locked { get; init; }

    /// <summary>As given by whoever locked it (2.73).</summary>
    public string? LockedReason { get; init; }

    /// <summary>At most 50 (2.26); null where the service is older.</summary>
    public IReadOnlyList<string>? Tags { get; init; }
}

/// <summary>What was done to a server, the newest first.</summary>
public sealed record InstanceActionList([property: JsonPropertyName("instanceActions")] IReadOnlyList<InstanceAction> InstanceActions);

/// <param name="Action">e.g. <c>stop</c>, <c>lock</c>, <c>shelve</c>.</param>
/// <param name="UserId">Who asked for it; null where Nova did it by itself.</param>
/// <param name="StartTime">When it was asked for: ISO 8601 in UTC, without saying so.</param>
/// <param name="UpdatedAt">When the last step of it began or ended (2.58), in the same form.</param>
public sealed record InstanceAction(string Action, string? UserId = null, string? StartTime = null, string? UpdatedAt = null);

/// <param name="LockedReason">At most 255 characters (2.73).</param>
public sealed record ServerLock(string? LockedReason);

/// <summary>Items that an instance finds in its metadata: keys and values have at most 255 characters, and there are at most 128 unless a quota says otherwise.</summary>
public sealed record ServerMetadata(IReadOnlyDictionary<string, string> Metadata);

/// <summary>The flavor as it was when the server was made (2.47); no id, since the flavor may be gone.</summary>
/// <param name="Ram">MiB.</param>
/// <param name="Disk">GiB.</param>
/// <param name="Ephemeral">GiB.</param>
/// <param name="Swap">MiB.</param>
public sealed record ServerFlavor(
    [property: JsonPropertyName("original_name")] string? OriginalName = null, IReadOnlyDictionary<string, string>? ExtraSpecs = null,
    int Ram = 0, int Vcpus = 0, int Disk = 0, int Ephemeral = 0, int Swap = 0);

/// <param name="Details">A stack trace, for administrators.</param>
public sealed record ServerFault(int? Code = null, string? Message = null, string? Details = null);

public sealed record FlavorList(IReadOnlyList<Flavor> Flavors, [property: JsonPropertyName("flavors_links")] IReadOnlyList<Link>? Links = null);

/// <summary>One flavor as Nova wrote it.</summary>
public sealed record FlavorEnvelope(JsonElement Flavor);

public sealed record FlavorBodies(
    IReadOnlyList<JsonElement> Flavors, [property: JsonPropertyName("flavors_links")] IReadOnlyList<Link>? Links = null);

/// <param name="Ram">MiB.</param>
/// <param name="Disk">GiB.</param>
/// <param name="ExtraSpecs">Null where policy hides them.</param>
public sealed record Flavor(string Id, string Name, int Ram, int Vcpus, int Disk, IReadOnlyDictionary<string, string>? ExtraSpecs = null);

public sealed record FlavorAccessList([property: JsonPropertyName("flavor_access")] IReadOnlyList<FlavorAccess> Projects);

/// <param name="TenantId">Project id.</param>
public sealed record FlavorAccess(string FlavorId, string TenantId);

public sealed record ServiceList(IReadOnlyList<ComputeService> Services);

/// <param name="Status"><c>enabled</c> or <c>disabled</c>; <c>UNKNOWN</c> where the cell's database does not answer (2.69).</param>
/// <param name="Id">Null where the cell does not answer.</param>
/// <param name="State"><c>up</c> or <c>down</c>; null where the cell does not answer.</param>
public sealed record ComputeService(
    string Binary, string Host, string Status, Guid? Id = null, string? State = null,
    [property: JsonPropertyName("disabled_reason")] string? DisabledReason = null,
    [property: JsonPropertyName("forced_down")] bool ForcedDown = false);

public sealed record ServiceEnvelope(ComputeService Service);

/// <param name="Status"><c>enabled</c> or <c>disabled</c>.</param>
/// <param name="DisabledReason">1 to 255 characters, and only with <c>disabled</c>; null for none.</param>
public sealed record ServiceUpdate(string Status, [property: JsonPropertyName("disabled_reason")] string? DisabledReason = null);

public sealed record HypervisorList(
    IReadOnlyList<Hypervisor> Hypervisors, [property: JsonPropertyName("hypervisors_links")] IReadOnlyList<Link>? Links = null);

public sealed record Hypervisor(
    Guid Id, [property: JsonPropertyName("hypervisor_hostname")] string HypervisorHostname, string State, string Status,
    [property: JsonPropertyName("hypervisor_type")] string? HypervisorType = null, HypervisorService? Service = null);

/// <summary>The nova-compute that a hypervisor belongs to.</summary>
public sealed record HypervisorService(string Host, [property: JsonPropertyName("disabled_reason")] string? DisabledReason = null);

public sealed record AggregateList(IReadOnlyList<Aggregate> Aggregates);

/// <summary>Hosts that belong together; with an availability zone, they are that zone's.</summary>
/// <param name="Hosts">Names of nova-compute services.</param>
public sealed record Aggregate(
    Guid Uuid, string Name, IReadOnlyList<string> Hosts, [property: JsonPropertyName("availability_zone")] string? AvailabilityZone = null);

public sealed record Link(string Href, string Rel);
