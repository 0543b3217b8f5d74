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

    /// <summary>The caller may see what belongs to other projects.</summary>
    private bool SeesAll => policy.Allows(caller, ValidationPolicies.AllProjects, PolicyTarget.Cloud);

    /// <exception cref="ApiException">It cannot be judged, or is not there.</exception>
    public ValueTask<FlavorSpec> FlavorAsync(JsonElement named, CancellationToken ct)
    {
        if (named.ValueKind != JsonValueKind.Object)
            return new(NamedFlavorAsync(Name("flavor", named), ct));
        return FlavorSpec.TryParse(named, out FlavorSpec? given, out string? problem)
            ? ValueTask.FromResult(given) : throw new ApiException(ValidationErrors.Unreadable, "flavor: " + problem);
    }

    private async Task<FlavorSpec> NamedFlavorAsync(string name, CancellationToken ct)
    {
        FlavorSpec flavor = await Cloud.FlavorAsync(name, ct);
        return SeesAll || flavor.IsPublic == true ? flavor : throw Hidden("flavor", name);
    }

    /// <exception cref="ApiException">It cannot be judged, or is not there.</exception>
    public ValueTask<ImageSpec> ImageAsync(JsonElement named, CancellationToken ct)
    {
        if (named.ValueKind != JsonValueKind.Object)
            return new(NamedImageAsync(Name("image", named), ct));
        return ImageSpec.TryParse(named, out ImageSpec? given, out string? problem)
            ? ValueTask.FromResult(given) : throw new ApiException(ValidationErrors.Unreadable, "image: " + problem);
    }

    private async Task<ImageSpec> NamedImageAsync(string name, CancellationToken ct)
    {
        ImageSpec image = await Cloud.ImageAsync(name, ct);
        bool isOwn = image.Owner is not null && image.Owner == caller.ProjectId;
        return SeesAll || isOwn || image.Visibility is "public" or "community" ? image : throw Hidden("image", name);
    }

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

    // As if it were not there: that it exists is the other project's affair.
    private static ApiException Hidden(string kind, string name) =>
        new(ValidationErrors.NotInCloud, $"there is no {kind} '{Printable.Of(name)}' that this user may see");

    private static string Short(string text) => text.Length <= 80 ? text : text[..80] + "…";
}
