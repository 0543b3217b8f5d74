using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenStackSev.Api.Validation;

/// <summary>Body of <c>POST /v1/validations</c>.</summary>
/// <remarks>A flavor and an image are each a name or an id in the cloud, or the whole body as Nova and Glance answer it.</remarks>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ValidationRequest
{
    public required JsonElement Flavor { get; init; }
    public required JsonElement Image { get; init; }

    /// <summary>Release to judge by, e.g. <c>2026.2</c>; null for the cloud's own.</summary>
    public string? Release { get; init; }

    /// <summary>Of the cloud's, by name or id.</summary>
    public static ValidationRequest Of(string flavor, string image, string? release = null) =>
        new() { Flavor = NamedThing.Of(flavor), Image = NamedThing.Of(image), Release = release };
}

/// <summary>A flavor or an image of the cloud, where a request takes a name, an id or a body.</summary>
public static class NamedThing
{
    /// <param name="nameOrId">1 to 255 characters.</param>
    public static JsonElement Of(string nameOrId) => JsonSerializer.SerializeToElement(nameOrId, AttestationJson.Default.String);
}

/// <summary>Body of <c>POST /v1/audits</c>: every flavor of the cloud with every image.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record AuditRequest
{
    /// <inheritdoc cref="ValidationRequest.Release"/>
    public string? Release { get; init; }

    /// <summary>Also combinations whose flavor and image both come closer to booting with others.</summary>
    public bool Everything { get; init; }
}

/// <summary>Body of <c>POST /v1/explanations</c>: a flavor and an image, or a server.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record ExplanationRequest
{
    /// <summary>Name, id or body; beside a server the new one of a resize.</summary>
    public JsonElement? Flavor { get; init; }

    /// <summary>Name, id or body; beside a server the new one of a rebuild.</summary>
    public JsonElement? Image { get; init; }

    /// <summary>Name or id.</summary>
    public string? Server { get; init; }

    public string? AvailabilityZone { get; init; }

    /// <summary>Only these compute nodes, by Nova's hypervisor_hostname; null for all.</summary>
    public IReadOnlyList<string>? Hosts { get; init; }

    /// <summary><c>live-migrate</c>, <c>suspend</c>, <c>rebuild</c>, <c>resize</c>, <c>evacuate</c>; null for none.</summary>
    public string? Operation { get; init; }

    /// <inheritdoc cref="ValidationRequest.Release"/>
    public string? Release { get; init; }
}
