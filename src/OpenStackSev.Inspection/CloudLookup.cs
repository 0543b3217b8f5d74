using System.Text.Json;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Glance;
using OpenStackSev.OpenStack.Nova;
using OpenStackSev.Validation;

namespace OpenStackSev.Inspection;

/// <summary>Flavors and images of a cloud, by name or id as the <c>openstack</c> command takes them.</summary>
public static class CloudLookup
{
    private const int MostNamed = 5;

    extension(OpenStackConnection cloud)
    {
        /// <summary>The flavor of this id, else of this name.</summary>
        /// <exception cref="InspectionException">There is none, or its extra specs are hidden.</exception>
        /// <exception cref="OpenStackApiException"/>
        public Task<FlavorSpec> FlavorAsync(string nameOrId, CancellationToken ct) => cloud.FlavorAsync(nameOrId, null, ct);

        /// <param name="sight">Of the project that asks; null for all that the connection's own user sees.</param>
        /// <inheritdoc cref="FlavorAsync(OpenStackConnection, string, CancellationToken)"/>
        public async Task<FlavorSpec> FlavorAsync(string nameOrId, ProjectSight? sight, CancellationToken ct)
        {
            JsonElement? identified = null, named = null;
            // Nova has no filter by name, and a name can be anything that a path cannot hold.
            await foreach (JsonElement flavor in cloud.Nova.AllFlavorBodiesAsync(ct: ct))
            {
                if (Is(flavor, "id", nameOrId))
                    identified = flavor;
                else if (Is(flavor, "name", nameOrId))
                    named = flavor;
            }

            foreach (JsonElement? candidate in (JsonElement?[])[identified, named])
            {
                // Seen before it is read: what is wrong with it is its project's affair too.
                if (candidate is { } flavor && (sight is null || await sight.SeesFlavorAsync(flavor, ct)))
                    return Flavor(flavor, nameOrId);
            }

            if (sight is not null)
                await sight.AskInVainAsync(flavor: true, ct);
            throw new InspectionException(
                InspectionProblem.NotFound, $"there is no flavor '{Printable.Of(nameOrId)}' that this user may see", "openstack flavor list --all shows which there are");
        }

        /// <summary>The image of this id, else of this name; a hidden one only if no other is called so.</summary>
        /// <exception cref="InspectionException">There is none, several are called so, or its body cannot be read.</exception>
        /// <exception cref="OpenStackApiException"/>
        public Task<ImageSpec> ImageAsync(string nameOrId, CancellationToken ct) => cloud.ImageAsync(nameOrId, null, ct);

        /// <param name="sight">Of the project that asks; null for all that the connection's own user sees.</param>
        /// <inheritdoc cref="ImageAsync(OpenStackConnection, string, CancellationToken)"/>
        public async Task<ImageSpec> ImageAsync(string nameOrId, ProjectSight? sight, CancellationToken ct)
        {
            if (Guid.TryParse(nameOrId, out Guid id) && await cloud.ImageOrNothingAsync(id, ct) is { } identified
                && (sight is null || await sight.SeesImageAsync(identified, byId: true, ct)))
                return Image(identified, nameOrId);
            foreach (bool hidden in (bool[])[false, true])
            {
                IReadOnlyList<JsonElement> named = await cloud.ImagesOfNameAsync(nameOrId, hidden, sight, ct);
                if (named.Count == 1)
                    return Image(named[0], nameOrId);
                if (named.Count > 1)
                {
                    string ids = string.Join(", ", named.Take(MostNamed).Select(image => Printable.Of(image.GetProperty("id").GetString() ?? "")));
                    throw new InspectionException(InspectionProblem.Ambiguous, $"{named.Count} images are called '{Printable.Of(nameOrId)}'",
                        $"take the id: {ids}{(named.Count > MostNamed ? ", …" : "")}");
                }
            }

            if (sight is not null)
                await sight.AskInVainAsync(flavor: false, ct);
            throw new InspectionException(
                InspectionProblem.NotFound, $"there is no image '{Printable.Of(nameOrId)}' that this user may see", "openstack image list shows which there are");
        }

        private async Task<JsonElement?> ImageOrNothingAsync(Guid id, CancellationToken ct)
        {
            try
            {
                return await cloud.Glance.GetImageBodyAsync(id, ct);
            }
            catch (OpenStackApiException e) when (e.Status == System.Net.HttpStatusCode.NotFound)
            {
                // it may be a name
                return null;
            }
        }

        private async Task<IReadOnlyList<JsonElement>> ImagesOfNameAsync(string name, bool hidden, ProjectSight? sight, CancellationToken ct)
        {
            List<JsonElement> seen = [];
            int questions = 0;
            await foreach (JsonElement image in cloud.Glance.AllImageBodiesAsync(name, hidden, ct: ct))
            {
                if (!Is(image, "name", name))
                    continue;
                if (sight?.NeedsQuestion(image) == true && ++questions > ProjectSight.MostQuestions)
                    throw new InspectionException(InspectionProblem.Ambiguous, $"too many images of the cloud are called '{Printable.Of(name)}'", "take the id");
                if (sight is null || await sight.SeesImageAsync(image, byId: false, ct))
                    seen.Add(image);
            }

            return seen;
        }

        /// <summary>The newest release that speaks the microversion of the cloud's Nova.</summary>
        /// <exception cref="OpenStackApiException"/>
        public async Task<CloudRelease> ReleaseAsync(CancellationToken ct)
        {
            Microversion spoken = await cloud.MicroversionAsync(ServiceType.Compute, ct) ?? default;
            ComputeRelease release = ComputeRelease.OfMicroversion(spoken.Minor);
            return new(release, spoken, [.. ComputeRelease.All.Where(r => r.Microversion == release.Microversion && r != release)]);
        }
    }

    private static bool Is(JsonElement body, string member, string text) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(member, out JsonElement value) && value.ValueKind == JsonValueKind.String
        && value.ValueEquals(text);

    private static FlavorSpec Flavor(JsonElement body, string nameOrId) =>
        FlavorSpec.TryParse(body, out FlavorSpec? flavor, out string? problem) ? flavor
        : throw new InspectionException(InspectionProblem.Unreadable, $"flavor '{Printable.Of(nameOrId)}' cannot be judged: {Printable.Of(problem)}",
            "extra specs are read by a user who may list them, and from microversion 2.61 on");

    private static ImageSpec Image(JsonElement body, string nameOrId) =>
        ImageSpec.TryParse(body, out ImageSpec? image, out string? problem) ? image
        : throw new InspectionException(InspectionProblem.Unreadable, $"image '{Printable.Of(nameOrId)}' cannot be judged: {Printable.Of(problem)}",
            "openstack image show shows its properties");
}

/// <summary>The release of a cloud, as far as its microversion tells.</summary>
/// <param name="Others">Releases that speak the same microversion, so that nobody can tell which it is.</param>
public sealed record CloudRelease(ComputeRelease Release, Microversion Spoken, IReadOnlyList<ComputeRelease> Others);
