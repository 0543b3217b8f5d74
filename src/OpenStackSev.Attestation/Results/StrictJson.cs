using System.Text.Json;
using OpenStackSev.Attestation.Appraisal;

namespace OpenStackSev.Attestation.Results;

/// <summary>JSON of strangers: one object, no key twice, whole characters, bounded.</summary>
internal static class StrictJson
{
    private const int MaximumDepth = 12;

    /// <summary>The object, or null: never throws, and neither does walking through it.</summary>
    public static JsonDocument? Object(ReadOnlySpan<byte> json, int maximumSize)
    {
        JsonDocument? document = new JsonReading().Parse(json, maximumSize, MaximumDepth);
        if (document is null)
            return null;
        if (document.RootElement.ValueKind == JsonValueKind.Object && EachKeyOnce(document.RootElement))
            return document;
        document.Dispose();
        return null;
    }

    public static string? Text(JsonElement element, string key) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(key, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString() : null;

    // Two readers of a key that comes twice may see different values: whoever signed it, nobody knows what was meant.
    private static bool EachKeyOnce(JsonElement element)
    {
        if (element.ValueKind == JsonValueKind.Array)
            return element.EnumerateArray().All(EachKeyOnce);
        if (element.ValueKind != JsonValueKind.Object)
            return true;
        HashSet<string> keys = new(StringComparer.Ordinal);
        return element.EnumerateObject().All(member => keys.Add(member.Name) && EachKeyOnce(member.Value));
    }
}
