using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace OpenStackSev.Validation;

/// <summary>A body of Nova or Glance, read with limits: it comes from files and from networks that are not ours.</summary>
/// <remarks>What Nova reads as Python, is read as Python does: of a key that is there twice the last one counts.</remarks>
internal static class OpenStackBody
{
    /// <summary>Nova's own extra specs end at 128 a flavor, Glance's properties at 128 an image, unless the operator says otherwise.</summary>
    public const int MaximumProperties = 1000;

    /// <summary>Larger than any body of a flavor or an image within those limits.</summary>
    public const int MaximumBytes = 1024 * 1024;

    private const int MaximumDepth = 16;

    public delegate bool Reader<T>(JsonElement body, [NotNullWhen(true)] out T? value, [NotNullWhen(false)] out string? problem);

    /// <summary>Parses text and hands the element on. Never throws on what is in the text.</summary>
    public static bool TryRead<T>(
        ReadOnlyMemory<byte> bytes, Reader<T> read, [NotNullWhen(true)] out T? value, [NotNullWhen(false)] out string? problem)
        where T : class
    {
        value = null;
        if (bytes.Length > MaximumBytes)
            problem = $"the body has {bytes.Length} bytes, more than the {MaximumBytes} that are read";
        else if (!Utf8.IsValid(bytes.Span))
            problem = "the body is not UTF-8";
        else
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(bytes, new() { MaxDepth = MaximumDepth });
                return read(document.RootElement, out value, out problem);
            }
            catch (JsonException e)
            {
                problem = "the body is not JSON that can be read: " + FirstSentence(e.Message);
            }
        }
        return false;
    }

    /// <summary>Runs <paramref name="read"/>, and turns text that no string can hold (half of a surrogate pair) into a problem.</summary>
    public static bool TryStrings<T>(Func<(T? Value, string? Problem)> read, [NotNullWhen(true)] out T? value, [NotNullWhen(false)] out string? problem)
        where T : class
    {
        try
        {
            (value, problem) = read();
        }
        catch (InvalidOperationException)
        {
            (value, problem) = (null, "a text in the body has half of a surrogate pair");
        }
        if (value is null)
            problem ??= "the body is empty";
        return value is not null;
    }

    /// <summary>The object in <c>{"flavor": {…}}</c>, or the bare one.</summary>
    public static JsonElement Unwrapped(JsonElement body, string name) =>
        body.ValueKind == JsonValueKind.Object && body.TryGetProperty(name, out JsonElement inner) && inner.ValueKind == JsonValueKind.Object
            ? inner : body;

    /// <summary>A text, a number or a boolean as Nova and Glance keep it: as text. Null for anything else.</summary>
    public static string? AsText(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.Number => value.GetRawText(),
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => null,
    };

    /// <summary>What a value is, in words for a message.</summary>
    public static string Kind(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        JsonValueKind.String => "a text",
        JsonValueKind.Number => "a number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        _ => "null",
    };

    /// <summary>Adds the properties of an object, until one is not a plain value or there are too many.</summary>
    /// <returns>The problem; null when all were added.</returns>
    public static string? Add(JsonElement properties, string what, Dictionary<string, string> to)
    {
        foreach (JsonProperty property in properties.EnumerateObject())
        {
            if (property.Value.ValueKind == JsonValueKind.Null)
                continue;
            if (AsText(property.Value) is not { } text)
                return $"{what} '{Short(property.Name)}' is {Kind(property.Value)}, and must be a text, a number or a boolean";
            to[property.Name] = text;
            if (to.Count > MaximumProperties)
                return $"more than {MaximumProperties} {what} entries";
        }
        return null;
    }

    /// <summary>A text or null; <paramref name="problem"/> is set for anything else that is there.</summary>
    public static string? OptionalText(JsonElement body, string name, ref string? problem)
    {
        if (!body.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
            return null;
        if (value.ValueKind == JsonValueKind.String)
            return value.GetString();
        problem ??= $"'{name}' is {Kind(value)}, and must be a text";
        return null;
    }

    /// <summary>A number of 0 or more; 0 when it is not there or null.</summary>
    public static int OptionalCount(JsonElement body, string name, ref string? problem)
    {
        if (!body.TryGetProperty(name, out JsonElement value) || value.ValueKind == JsonValueKind.Null)
            return 0;
        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int count) && count >= 0)
            return count;
        problem ??= value.ValueKind == JsonValueKind.Number
            ? string.Create(CultureInfo.InvariantCulture, $"'{name}' is {value.GetRawText()}, and must be a whole number from 0 to {int.MaxValue}")
            : $"'{name}' is {Kind(value)}, and must be a number";
        return 0;
    }

    /// <summary>At most 80 characters, for a message: a key can be as long as the body.</summary>
    public static string Short(string text) => text.Length <= 80 ? text : text[..80] + "…";

    private static string FirstSentence(string text) => Short(text.Split(". ", 2)[0]).TrimEnd('.');
}
