using System.Text.Json;

namespace OpenStackSev.Validation.Templates;

/// <summary>The parameters of one stack: what was given, else the environment's default, else the template's.</summary>
/// <remarks>Source: heat/engine/parameters.py.</remarks>
internal sealed class StackParameters(TemplateRun run, string stack, TemplateMap schemata, IReadOnlyDictionary<string, TemplateValue> given)
{
    private const int MaximumDepth = 32;
    private readonly Dictionary<string, TemplateValue> _known = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, TemplateValue> Given { get; } = given;

    /// <summary>The value in the form of its type.</summary>
    public TemplateValue Value(string name)
    {
        if (name is "OS::stack_id")
            return new TemplateReference(stack, "", name);
        if (name is "OS::stack_name" or "OS::project_id")
            return new TemplateUnknown($"{name} is known when the stack is made");
        if (_known.TryGetValue(name, out TemplateValue? known))
            return known;
        return _known[name] = Find(name);
    }

    /// <summary>As Python's strutils reads it; null for another word.</summary>
    public static bool? Truth(string text) => NovaBoolean.IsOne(text) ? NovaBoolean.Of(text) : null;

    private TemplateValue Find(string name)
    {
        if (schemata.Find(name) is not TemplateMap schema)
        {
            run.Tell($"{Where}parameter {Shown.Value(name)} is used and not declared");
            return new TemplateUnknown($"parameter {Shown.Value(name)} is not declared");
        }
        TemplateValue? value = Given.GetValueOrDefault(name) is { } own and not TemplateNull ? own
            : run.Environment.Defaults.GetValueOrDefault(name) ?? schema.Entries.GetValueOrDefault("default");
        if (value is null)
        {
            run.Tell($"{Where}parameter {Shown.Value(name)} has no value");
            return new TemplateUnknown($"parameter {Shown.Value(name)} has no value");
        }
        return schema.Text("type") switch
        {
            "comma_delimited_list" when value is TemplateText text => new TemplateList(
                text.Text.Trim().Length == 0 ? [] : [.. text.Text.Split(',').Select(item => new TemplateText(item.Trim()))]),
            "json" when value is TemplateText text => OfJson(name, text.Text),
            "boolean" when value is TemplateText text && Truth(text.Text) is { } truth => new TemplateText(truth ? "true" : "false"),
            _ => value,
        };
    }

    private string Where => stack.Length == 0 ? "" : stack + ": ";

    private TemplateValue OfJson(string name, string text)
    {
        if (text.Length == 0)
            return TemplateMap.Empty;
        try
        {
            using JsonDocument document = JsonDocument.Parse(text, new() { MaxDepth = MaximumDepth });
            return OfJson(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            run.Tell($"{Where}parameter {Shown.Value(name)} is no JSON");
            return new TemplateUnknown($"parameter {Shown.Value(name)} is no JSON");
        }
    }

    private TemplateValue OfJson(JsonElement element)
    {
        run.Spend();
        switch (element.ValueKind)
        {
            case JsonValueKind.Object:
                var entries = new Dictionary<string, TemplateValue>(StringComparer.Ordinal);
                foreach (JsonProperty member in element.EnumerateObject())
                    entries[member.Name] = OfJson(member.Value);
                return new TemplateMap(entries);
            case JsonValueKind.Array:
                return new TemplateList([.. element.EnumerateArray().Select(OfJson)]);
            case JsonValueKind.Null:
                return TemplateNull.Instance;
            default:
                return new TemplateText(OpenStackBody.AsText(element)!);
        }
    }
}
