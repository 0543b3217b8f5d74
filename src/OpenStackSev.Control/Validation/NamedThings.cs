using System.Text.Json;
using OpenStackSev.Api.Errors;
using OpenStackSev.Api.Validation;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Identity;
using OpenStackSev.Inspection;
using OpenStackSev.OpenStack;
using OpenStackSev.Validation;

namespace OpenStackSev.Control.Validation;

/// <summary>Flavors, images and releases as a request names them: a body, or a name or an id in the cloud.</summary>
internal sealed class NamedThings(ServiceCloud service, Policy policy, Caller caller)
{
    public const int LongestName = 255;

    private OpenStackConnection Cloud => service.Connection;

    /// <summary>Null for a caller who may see what belongs to other projects.</summary>
    private ProjectSight? Sight =>
        policy.Allows(caller, ValidationPolicies.AllProjects, PolicyTarget.Cloud) ? null : new ProjectSight(Cloud, caller.ProjectId);

    /// <exception cref="ApiException">It cannot be judged, or is not there.</exception>
    public ValueTask<FlavorSpec> FlavorAsync(JsonElement named, CancellationToken ct)
    {
        if (named.ValueKind != JsonValueKind.Object)
            return new(NamedFlavorAsync(Name("flavor", named), ct));
        return FlavorSpec.TryParse(named, out FlavorSpec? given, out string? problem)
            ? ValueTask.FromResult(given) : throw new ApiException(ValidationErrors.Unreadable, "flavor: " + problem);
    }

    private Task<FlavorSpec> NamedFlavorAsync(string name, CancellationToken ct) => Cloud.FlavorAsync(name, Sight, ct);

    /// <exception cref="ApiException">It cannot be judged, or is not there.</exception>
    public ValueTask<ImageSpec> ImageAsync(JsonElement named, CancellationToken ct)
    {
        if (named.ValueKind != JsonValueKind.Object)
            return new(NamedImageAsync(Name("image", named), ct));
        return ImageSpec.TryParse(named, out ImageSpec? given, out string? problem)
            ? ValueTask.FromResult(given) : throw new ApiException(ValidationErrors.Unreadable, "image: " + problem);
    }

    private Task<ImageSpec> NamedImageAsync(string name, CancellationToken ct) => Cloud.ImageAsync(name, Sight, ct);

    /// <summary>The release of that name; the cloud's own when none is named.</summary>
    /// <exception cref="ApiException">There is no such release.</exception>
    public ValueTask<ComputeRelease> ReleaseAsync(string? name, CancellationToken ct) =>
        name is null ? OfCloudAsync(ct) : ValueTask.FromResult(Release(name));

    private async ValueTask<ComputeRelease> OfCloudAsync(CancellationToken ct) => (await Cloud.ReleaseAsync(ct)).Release;

    /// <exception cref="ApiException">There is no such release.</exception>
    public static ComputeRelease Release(string name)
    {
        foreach (ComputeRelease release in ComputeRelease.All)
        {
            if (release.Name == name)
                return release;
        }

        throw new ApiException(RequestErrors.Invalid,
            $"release '{Printable.Of(Short(name))}' is not known; known are {string.Join(", ", ComputeRelease.All.Select(release => release.Name))}");
    }

    /// <exception cref="ApiException">It is no name.</exception>
    public static string Name(string kind, JsonElement named)
    {
        string? name = named.ValueKind == JsonValueKind.String ? Text(named) : null;
        return name is { Length: >= 1 and <= LongestName } ? name
            : throw new ApiException(RequestErrors.Invalid, $"{kind} has to be a name or an id of 1 to {LongestName} characters, or a whole body");
    }

    private static string? Text(JsonElement named)
    {
        try
        {
            return named.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair: no text at all.
            return null;
        }
    }

    private static string Short(string text) => text.Length <= 80 ? text : text[..80] + "…";
}
