using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace OpenStackSev.Validation;

/// <summary>An image, as far as it is judged.</summary>
/// <param name="Id">Null when it is not known; commands then name the image.</param>
/// <param name="Properties">Keys as Glance has them, e.g. <c>hw_firmware_type</c>, <c>trait:CUSTOM_X</c>, <c>kernel_id</c>.</param>
/// <param name="Owner">Project; null when the body does not say.</param>
/// <param name="Visibility"><c>public</c>, <c>private</c>, <c>shared</c>, <c>community</c>; null when the body does not say.</param>
public sealed record ImageSpec(
    string Name, string? Id, IReadOnlyDictionary<string, string> Properties, string? DiskFormat = null, string? Owner = null,
    string? Visibility = null)
{
    // Glance's own attributes: everything else at the top of a body is a property.
    // Source: glance/api/v2/images.py, get_base_properties; nova/image/glance.py, _translate_from_glance.
    private static readonly HashSet<string> s_attributes = new(StringComparer.Ordinal)
    {
        "id", "name", "status", "visibility", "protected", "os_hidden", "checksum", "os_hash_algo", "os_hash_value", "owner", "size",
        "virtual_size", "container_format", "disk_format", "created_at", "updated_at", "tags", "direct_url", "min_ram", "min_disk", "self",
        "file", "stores", "schema", "locations", "members", "owner_specified", "properties",
    };

    /// <summary>The longest body that <see cref="TryParse(ReadOnlyMemory{byte}, out ImageSpec?, out string?)"/> reads: no need to load more.</summary>
    public const int MaximumBytes = OpenStackBody.MaximumBytes;

    /// <summary>The value of a property; null when the image does not have it.</summary>
    public string? this[string key] => Properties.GetValueOrDefault(key);

    /// <summary>Reads an image as Glance v2 answers it, with its properties beside its attributes, or as <c>openstack image show -f json</c> prints it.</summary>
    /// <param name="bytes">UTF-8, at most <see cref="MaximumBytes"/>.</param>
    /// <returns>False with the first problem in words; never throws on a body.</returns>
    public static bool TryParse(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out ImageSpec? image, [NotNullWhen(false)] out string? problem) =>
        OpenStackBody.TryRead(bytes, TryParse, out image, out problem);

    /// <inheritdoc cref="TryParse(ReadOnlyMemory{byte}, out ImageSpec?, out string?)"/>
    public static bool TryParse(JsonElement body, [NotNullWhen(true)] out ImageSpec? image, [NotNullWhen(false)] out string? problem) =>
        OpenStackBody.TryStrings(() => Read(body), out image, out problem);

    private static (ImageSpec?, string?) Read(JsonElement body)
    {
        JsonElement image = OpenStackBody.Unwrapped(body, "image");
        if (image.ValueKind != JsonValueKind.Object)
            return (null, $"the image is {OpenStackBody.Kind(image)}, and must be an object");

        string? problem = null;
        string? id = OpenStackBody.OptionalText(image, "id", ref problem);
        // Glance allows an image without a name
        string? name = OpenStackBody.OptionalText(image, "name", ref problem) ?? id;
        string? diskFormat = OpenStackBody.OptionalText(image, "disk_format", ref problem);
        string? owner = OpenStackBody.OptionalText(image, "owner", ref problem);
        string? visibility = OpenStackBody.OptionalText(image, "visibility", ref problem);
        if (problem is not null)
            return (null, "the image's " + problem);
        if (name is null)
            return (null, "the image has neither name nor id");

        Dictionary<string, string> properties = new(StringComparer.Ordinal);
        problem = Add(image, properties);
        // the openstack client's form, and Nova's own
        if (problem is null && image.TryGetProperty("properties", out JsonElement nested))
        {
            problem = nested.ValueKind == JsonValueKind.Object
                ? AddNested(nested, properties)
                : $"'properties' is {OpenStackBody.Kind(nested)}, and must be an object";
        }
        return problem is null ? (new(name, id, properties, diskFormat, owner, visibility), null) : (null, $"image '{OpenStackBody.Short(name)}': {problem}");
    }

    private static string? Add(JsonElement image, Dictionary<string, string> properties)
    {
        foreach (JsonProperty property in image.EnumerateObject())
        {
            if (s_attributes.Contains(property.Name) || property.Value.ValueKind == JsonValueKind.Null)
                continue;
            if (OpenStackBody.AsText(property.Value) is not { } text)
                return $"property '{OpenStackBody.Short(property.Name)}' is {OpenStackBody.Kind(property.Value)}, and must be a text, a number or a boolean";
            properties[property.Name] = text;
            if (properties.Count > OpenStackBody.MaximumProperties)
                return $"more than {OpenStackBody.MaximumProperties} properties";
        }
        return null;
    }

    private static string? AddNested(JsonElement nested, Dictionary<string, string> properties)
    {
        foreach (JsonProperty property in nested.EnumerateObject())
        {
            // lists and objects are the client's own additions (stores, owner_specified): no property of Glance's has one
            if (OpenStackBody.AsText(property.Value) is not { } text)
                continue;
            properties[property.Name] = text;
            if (properties.Count > OpenStackBody.MaximumProperties)
                return $"more than {OpenStackBody.MaximumProperties} properties";
        }
        return null;
    }
}
