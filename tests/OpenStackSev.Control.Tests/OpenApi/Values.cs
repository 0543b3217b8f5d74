using System.Text.Json.Nodes;

namespace OpenStackSev.Control.Tests.OpenApi;

/// <summary>Values that a schema takes, and values that are a step beside them. The same seed, the same values.</summary>
internal sealed class Values(Schema schema, Random random)
{
    private static readonly string[] s_words =
    [
        "snp.small", "plain", "debian", "twice", "1", "compute1", "33333333-3333-4333-8333-333333333333", "hw:mem_encryption", "true", "ü", "名前", "\u202e", "a b", "%2e", "\0", "null",
    ];

    /// <summary>A value that the schema takes, most often.</summary>
    public JsonNode? Fitting(JsonNode rule, int depth = 0)
    {
        JsonObject rules = schema.Resolve(rule);
        if (rules["enum"] is JsonArray words)
            return words[random.Next(words.Count)]?.DeepClone();
        if (rules["oneOf"] is JsonArray options)
            return Fitting(options[random.Next(options.Count)]!, depth);
        string[] types = rules["type"] is { } type ? [.. Schema.TypesOf(type)] : ["object"];
        return types[random.Next(types.Length)] switch
        {
            "null" => null,
            "boolean" => random.Next(2) == 0,
            "integer" => random.NextInt64(rules["minimum"]?.GetValue<long>() ?? 0, (rules["maximum"]?.GetValue<long>() ?? 1000) + 1),
            "number" => random.NextDouble(),
            "string" => Text(rules),
            "array" => new JsonArray([.. Enumerable.Range(0, Math.Min(random.Next(4), rules["maxItems"]?.GetValue<int>() ?? 4)).Select(_ => Fitting(rules["items"]!, depth + 1))]),
            _ => Object(rules, depth),
        };
    }

    /// <summary>One thing changed: a type, a name, a length, a nesting, something missing or something too much.</summary>
    public JsonNode? Mutated(JsonNode? value)
    {
        if (value is JsonObject members && members.Count > 0 && random.Next(4) > 0)
        {
            string name = members.ElementAt(random.Next(members.Count)).Key;
            switch (random.Next(4))
            {
                case 0:
                    members.Remove(name);
                    break;
                case 1:
                    members[Word() + random.Next(10)] = Any();
                    break;
                default:
                    JsonNode? inner = members[name];
                    members[name] = null;
                    members[name] = Mutated(inner?.DeepClone());
                    break;
            }

            return members;
        }

        if (value is JsonArray items && items.Count > 0 && random.Next(3) > 0)
        {
            int index = random.Next(items.Count);
            items[index] = Mutated(items[index]?.DeepClone());
            return items;
        }

        return Any();
    }

    public string Word() => s_words[random.Next(s_words.Length)];

    private JsonNode? Any() => random.Next(10) switch
    {
        0 => null,
        1 => random.Next(),
        2 => -1.5e300,
        3 => random.Next(2) == 0,
        4 => "",
        5 => new string('x', random.Next(200, 400)),
        6 => new JsonArray(Word(), random.Next(), null),
        7 => new JsonArray([.. Enumerable.Repeat(0, 1100).Select(_ => (JsonNode)"x")]),
        8 => Nested(random.Next(1, 40)),
        _ => Word(),
    };

    private static JsonNode Nested(int depth) => depth == 0 ? "deep" : new JsonObject { ["a"] = Nested(depth - 1) };

    private JsonNode Text(JsonObject rules)
    {
        if (rules["format"]?.ToString() == "uuid")
            return random.Next(2) == 0 ? Guid.NewGuid().ToString() : Stories.StoryCloud.Snp;
        if (rules["pattern"]?.ToString() is { } pattern && pattern.Contains("0-9a-f", StringComparison.Ordinal))
            return new string('a', rules["maxLength"]?.GetValue<int>() ?? 128);
        int longest = rules["maxLength"]?.GetValue<int>() ?? 60;
        string text = random.Next(8) == 0 ? new string('y', longest) : Word();
        return text.Length <= longest ? text : text[..longest];
    }

    private JsonObject Object(JsonObject rules, int depth)
    {
        var members = new JsonObject();
        if (rules["properties"] is not JsonObject properties)
        {
            for (int i = random.Next(5); i > 0; i--)
                members[random.Next(2) == 0 ? Word() : "extra_specs"] = depth > 2 ? Word() : Any();
            members["name"] = Word();
            return members;
        }

        HashSet<string> required = [.. (rules["required"] as JsonArray ?? []).Select(name => name!.ToString())];
        if (rules["anyOf"] is JsonArray any)
            required.UnionWith(any[random.Next(any.Count)]!["required"]!.AsArray().Select(name => name!.ToString()));
        foreach ((string name, JsonNode? rule) in properties)
        {
            if (required.Contains(name) || random.Next(2) == 0)
                members[name] = Fitting(rule!, depth + 1);
        }

        return members;
    }
}
