using System.Text.Json;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Glance;
using OpenStackSev.OpenStack.Nova;
using OpenStackSev.Validation;

namespace OpenStackSev.Inspection;

/// <summary>All flavors or all images that are judged together, and those that cannot be.</summary>
/// <param name="Problems">What is wrong with each that could not be read, in words.</param>
public sealed record SpecList<T>(IReadOnlyList<T> Specs, IReadOnlyList<string> Problems)
    where T : class;

/// <summary>Reads one body of a list.</summary>
public delegate bool SpecParse<T>(JsonElement body, out T? spec, out string? problem)
    where T : class;

/// <summary>Lists of flavors and images of a cloud. One that cannot be read does not hinder the others.</summary>
public static class CloudLists
{
    /// <param name="kind">For problems: <c>flavor</c> or <c>image</c>.</param>
    public static SpecList<T> Of<T>(IEnumerable<JsonElement> bodies, string kind, SpecParse<T> parse)
        where T : class
    {
        List<T> specs = [];
        List<string> problems = [];
        foreach ((int index, JsonElement body) in bodies.Index())
        {
            if (parse(body, out T? spec, out string? problem))
                specs.Add(spec!);
            else
                problems.Add($"{kind} {index + 1}: {Printable.Of(problem!)}");
        }
        return new(specs, problems);
    }

    extension(OpenStackConnection cloud)
    {
        /// <exception cref="OpenStackApiException"/>
        public Task<SpecList<FlavorSpec>> FlavorSpecsAsync(CancellationToken ct) =>
            OfCloudAsync<FlavorSpec>(cloud.Nova.AllFlavorBodiesAsync(ct: ct), "flavor", FlavorSpec.TryParse);

        /// <summary>Hidden ones too: who knows the id boots them.</summary>
        /// <exception cref="OpenStackApiException"/>
        public async Task<SpecList<ImageSpec>> ImageSpecsAsync(CancellationToken ct)
        {
            SpecList<ImageSpec> listed = await OfCloudAsync<ImageSpec>(cloud.Glance.AllImageBodiesAsync(ct: ct), "image", ImageSpec.TryParse);
            SpecList<ImageSpec> hidden = await OfCloudAsync<ImageSpec>(cloud.Glance.AllImageBodiesAsync(hidden: true, ct: ct), "image", ImageSpec.TryParse);
            return new([.. listed.Specs, .. hidden.Specs], [.. listed.Problems, .. hidden.Problems]);
        }
    }

    private static async Task<SpecList<T>> OfCloudAsync<T>(IAsyncEnumerable<JsonElement> bodies, string kind, SpecParse<T> parse)
        where T : class
    {
        List<JsonElement> all = [];
        await foreach (JsonElement body in bodies)
            all.Add(body);
        return Of(all, kind, parse);
    }
}
