using System.Text.Json;
using System.Text.Unicode;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Glance;
using OpenStackSev.OpenStack.Nova;
using OpenStackSev.Validation;

namespace OpenStackSev.Cli.Validation;

/// <summary>All flavors or all images that are judged together, and those that cannot be.</summary>
/// <param name="Problems">What is wrong with each that could not be read, in words.</param>
internal sealed record SpecList<T>(IReadOnlyList<T> Specs, IReadOnlyList<string> Problems);

/// <summary>Lists of flavors and images, from files and from a cloud. One that cannot be read does not hinder the others.</summary>
internal static class SpecLists
{
    /// <summary>As much as one answer of a service may have.</summary>
    private const int MaximumBytes = 64 * 1024 * 1024;

    private const int MaximumDepth = 18;

    private delegate bool Parse<T>(JsonElement body, out T? spec, out string? problem)
        where T : class;

    /// <param name="path"><c>{"flavors": […]}</c> as Nova answers <c>GET /flavors/detail</c>, or the bare list.</param>
    /// <exception cref="CommandException">There is no such file, or it is no list.</exception>
    public static SpecList<FlavorSpec> Flavors(string option, string path) =>
        OfFile<FlavorSpec>(option, path, "flavors", FlavorSpec.TryParse, "it must be as Nova answers GET /flavors/detail: {\"flavors\": […]}");

    /// <param name="path"><c>{"images": […]}</c> as Glance answers <c>GET /v2/images</c>, or the bare list.</param>
    /// <exception cref="CommandException">There is no such file, or it is no list.</exception>
    public static SpecList<ImageSpec> Images(string option, string path) =>
        OfFile<ImageSpec>(option, path, "images", ImageSpec.TryParse, "it must be as Glance answers GET /v2/images: {\"images\": […]}");

    /// <exception cref="OpenStackApiException"/>
    public static Task<SpecList<FlavorSpec>> FlavorsAsync(OpenStackConnection cloud, CancellationToken ct) =>
        OfCloudAsync<FlavorSpec>(cloud.Nova.AllFlavorBodiesAsync(ct: ct), "flavor", FlavorSpec.TryParse);

    /// <summary>Hidden ones too: who knows the id boots them.</summary>
    /// <exception cref="OpenStackApiException"/>
    public static async Task<SpecList<ImageSpec>> ImagesAsync(OpenStackConnection cloud, CancellationToken ct)
    {
        SpecList<ImageSpec> listed = await OfCloudAsync<ImageSpec>(cloud.Glance.AllImageBodiesAsync(ct: ct), "image", ImageSpec.TryParse);
        SpecList<ImageSpec> hidden = await OfCloudAsync<ImageSpec>(cloud.Glance.AllImageBodiesAsync(hidden: true, ct: ct), "image", ImageSpec.TryParse);
        return new([.. listed.Specs, .. hidden.Specs], [.. listed.Problems, .. hidden.Problems]);
    }

    private static SpecList<T> OfFile<T>(string option, string path, string member, Parse<T> parse, string hint)
        where T : class
    {
        ReadOnlyMemory<byte> content = SpecFile.Read(option, path, MaximumBytes);
        if (!Utf8.IsValid(content.Span))
            throw SpecFile.Malformed(option, path, "is not UTF-8", hint);
        try
        {
            using JsonDocument document = JsonDocument.Parse(content, new() { MaxDepth = MaximumDepth });
            JsonElement root = document.RootElement;
            JsonElement list = root.ValueKind == JsonValueKind.Object && root.TryGetProperty(member, out JsonElement inner) ? inner : root;
            if (list.ValueKind != JsonValueKind.Array)
                throw SpecFile.Malformed(option, path, $"is no list of {member}", hint);
            return Of(list.EnumerateArray(), member[..^1], parse);
        }
        catch (JsonException e)
        {
            throw SpecFile.Malformed(option, path, $"is not JSON that can be read: {JsonReason.Of(e)}", hint);
        }
    }

    private static async Task<SpecList<T>> OfCloudAsync<T>(IAsyncEnumerable<JsonElement> bodies, string kind, Parse<T> parse)
        where T : class
    {
        List<JsonElement> all = [];
        await foreach (JsonElement body in bodies)
            all.Add(body);
        return Of(all, kind, parse);
    }

    private static SpecList<T> Of<T>(IEnumerable<JsonElement> bodies, string kind, Parse<T> parse)
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
}
