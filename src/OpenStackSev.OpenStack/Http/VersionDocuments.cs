using System.Text.Json;

namespace OpenStackSev.OpenStack.Http;

/// <summary>Version documents: <c>{"versions":[…]}</c> at a root, <c>{"version":{…}}</c> at a version.</summary>
internal static class VersionDocuments
{
    public static bool TryRead(byte[] body, out Microversion minimum, out Microversion maximum)
    {
        minimum = maximum = default;
        try
        {
            using JsonDocument document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = 16 });
            JsonElement root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
                return false;
            if (root.TryGetProperty("version", out JsonElement one))
                return TryReadOne(one, out minimum, out maximum);
            if (root.TryGetProperty("versions", out JsonElement many) && many.ValueKind == JsonValueKind.Array)
            {
                foreach (JsonElement version in many.EnumerateArray())
                {
                    if (TryReadOne(version, out minimum, out maximum))
                        return true;
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string in it is not UTF-8.
            return false;
        }

        return false;
    }

    /// <summary>Placement says <c>max_version</c>, Nova <c>version</c>; both <c>min_version</c>, empty where there are none.</summary>
    private static bool TryReadOne(JsonElement version, out Microversion minimum, out Microversion maximum)
    {
        maximum = default;
        return Microversion.TryParse(Text(version, "min_version"), out minimum)
            && (Microversion.TryParse(Text(version, "max_version"), out maximum) || Microversion.TryParse(Text(version, "version"), out maximum));
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
