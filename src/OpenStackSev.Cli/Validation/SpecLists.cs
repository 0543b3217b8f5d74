using System.Text.Json;
using System.Text.Unicode;
using OpenStackSev.Inspection;
using OpenStackSev.Validation;

namespace OpenStackSev.Cli.Validation;

/// <summary>Lists of flavors and images from files. One that cannot be read does not hinder the others.</summary>
internal static class SpecLists
{
    /// <summary>As much as one answer of a service may have.</summary>
    private const int MaximumBytes = 64 * 1024 * 1024;

    private const int MaximumDepth = 18;

    /// <param name="path"><c>{"flavors": […]}</c> as Nova answers <c>GET /flavors/detail</c>, or the bare list.</param>
    /// <exception cref="CommandException">There is no such file, or it is no list.</exception>
    public static SpecList<FlavorSpec> Flavors(string option, string path) =>
        OfFile<FlavorSpec>(option, path, "flavors", FlavorSpec.TryParse, "it must be as Nova answers GET /flavors/detail: {\"flavors\": […]}");

    /// <param name="path"><c>{"images": […]}</c> as Glance answers <c>GET /v2/images</c>, or the bare list.</param>
    /// <exception cref="CommandException">There is no such file, or it is no list.</exception>
    public static SpecList<ImageSpec> Images(string option, string path) =>
        OfFile<ImageSpec>(option, path, "images", ImageSpec.TryParse, "it must be as Glance answers GET /v2/images: {\"images\": […]}");

    private static SpecList<T> OfFile<T>(string option, string path, string member, SpecParse<T> parse, string hint)
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
            return CloudLists.Of(list.EnumerateArray(), member[..^1], parse);
        }
        catch (JsonException e)
        {
            throw SpecFile.Malformed(option, path, $"is not JSON that can be read: {JsonReason.Of(e)}", hint);
        }
    }
}
