using System.Text.Json;
using System.Text.Json.Nodes;

namespace OpenStackSev.Control.Tests.OpenApi;

/// <summary>JSON Schema 2020-12, as far as the document uses it: written from the specification, beside the service's own reading.</summary>
internal sealed class Schema(JsonNode document)
{
    /// <summary>The schema behind a reference.</summary>
    public JsonObject Resolve(JsonNode schema)
    {
        JsonObject resolved = schema.AsObject();
        while (resolved["$ref"]?.ToString() is { } reference)
            resolved = reference.Split('/').Skip(1).Aggregate(document, (node, word) => node[word]!).AsObject();
        return resolved;
    }

    /// <summary>Null when the schema takes the value, else the first thing that it refuses.</summary>
    public string? Problem(JsonNode schema, JsonNode? value, string path = "$")
    {
        JsonObject rules = Resolve(schema);
        JsonValueKind kind = value?.GetValueKind() ?? JsonValueKind.Null;
        if (rules["type"] is { } type && !TypesOf(type).Any(name => IsOf(name, kind, value)))
            return $"{path} is {kind}, not {type.ToJsonString()}";
        if (rules["enum"] is JsonArray words && !words.Any(word => JsonNode.DeepEquals(word, value)))
            return $"{path} is none of {words.ToJsonString()}";
        if (rules["oneOf"] is JsonArray one && one.Count(option => Problem(option!, value, path) is null) != 1)
            return $"{path} fits not exactly one of several forms";
        if (rules["anyOf"] is JsonArray any && !any.Any(option => Problem(option!, value, path) is null))
            return $"{path} fits none of several forms";
        return value switch
        {
            JsonObject members => OfObject(rules, members, path),
            JsonArray items => OfArray(rules, items, path),
            JsonValue when kind == JsonValueKind.String => OfString(rules, value.GetValue<string>(), path),
            JsonValue when kind == JsonValueKind.Number => OfNumber(rules, value.GetValue<double>(), path),
            _ => null,
        };
    }

    public static IEnumerable<string> TypesOf(JsonNode type) => type is JsonArray several ? several.Select(name => name!.ToString()) : [type.ToString()];

    private static bool IsOf(string name, JsonValueKind kind, JsonNode? value) => name switch
    {
        "null" => kind == JsonValueKind.Null,
        "object" => kind == JsonValueKind.Object,
        "array" => kind == JsonValueKind.Array,
        "string" => kind == JsonValueKind.String,
        "boolean" => kind is JsonValueKind.True or JsonValueKind.False,
        "number" => kind == JsonValueKind.Number,
        "integer" => kind == JsonValueKind.Number && value!.GetValue<double>() % 1 == 0,
        _ => throw new InvalidDataException($"type {name} is not known here"),
    };

    private string? OfObject(JsonObject rules, JsonObject members, string path)
    {
        if (rules["required"] is JsonArray required && required.FirstOrDefault(name => !members.ContainsKey(name!.ToString())) is { } missing)
            return $"{path}.{missing} is missing";
        JsonObject? properties = rules["properties"]?.AsObject();
        foreach ((string name, JsonNode? value) in members)
        {
            JsonNode? rule = properties?[name] ?? rules["additionalProperties"];
            if (rule is JsonObject known && Problem(known, value, $"{path}.{name}") is { } problem)
                return problem;
            if (rule is JsonValue flag && !flag.GetValue<bool>())
                return $"{path}.{name} is not taken";
        }

        return null;
    }

    private string? OfArray(JsonObject rules, JsonArray items, string path) =>
        items.Count > (rules["maxItems"]?.GetValue<int>() ?? int.MaxValue) || items.Count < (rules["minItems"]?.GetValue<int>() ?? 0)
            ? $"{path} has {items.Count} items"
            : rules["items"] is not { } each ? null
            : items.Select((item, i) => Problem(each, item, $"{path}[{i}]")).FirstOrDefault(problem => problem is not null);

    /// <remarks>JSON Schema counts code points.</remarks>
    private static string? OfString(JsonObject rules, string text, string path)
    {
        int length = text.EnumerateRunes().Count();
        if (length > (rules["maxLength"]?.GetValue<int>() ?? int.MaxValue) || length < (rules["minLength"]?.GetValue<int>() ?? 0))
            return $"{path} has {length} characters";
        if (rules["pattern"]?.ToString() is { } pattern && !System.Text.RegularExpressions.Regex.IsMatch(text, pattern, System.Text.RegularExpressions.RegexOptions.None, TimeSpan.FromSeconds(1)))
            return $"{path} does not match {pattern}";
        return rules["format"]?.ToString() == "uuid" && !Guid.TryParseExact(text, "D", out _) ? $"{path} is no UUID" : null;
    }

    private static string? OfNumber(JsonObject rules, double number, string path) =>
        number > (rules["maximum"]?.GetValue<double>() ?? double.MaxValue) || number < (rules["minimum"]?.GetValue<double>() ?? double.MinValue)
            ? $"{path} is {number}"
            : null;
}
