using System.Globalization;
using System.Numerics;
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
        if (name is "OS::stack_id" or "OS::stack_name")
            return new TemplateReference(stack, "", name);
        if (name is "OS::project_id")
            return new TemplateUnknown($"{name} is known when the stack is made");
        if (_known.TryGetValue(name, out TemplateValue? known))
            return known;
        return _known[name] = Find(name);
    }

    private TemplateValue Find(string name)
    {
        if (schemata.Find(name) is not TemplateMap schema)
        {
            run.Tell($"{Where}parameter {Shown.Value(name)} is used and not declared");
            return new TemplateUnknown($"parameter {Shown.Value(name)} is not declared");
        }
        // null says nothing, wherever it stands
        TemplateValue? value = new[] { Given, run.Environment.Defaults, schema.Entries }.Zip([name, name, "default"], (of, key) => of.GetValueOrDefault(key))
            .FirstOrDefault(one => one is not (null or TemplateNull));
        if (value is null)
        {
            run.Tell($"{Where}parameter {Shown.Value(name)} has no value");
            return new TemplateUnknown($"parameter {Shown.Value(name)} has no value");
        }
        return OfType(schema.Text("type"), name, value);
    }

    private TemplateValue OfType(string? type, string name, TemplateValue value)
    {
        switch (type)
        {
            case "string":
                return value is TemplateText text ? new TemplateText(text.Text) : Other(name, value, "text");
            case "number":
                return value is not TemplateText number ? Other(name, value, "number")
                    : !number.IsText && number.Scalar != TemplateScalar.Boolean ? number
                    : PythonNumber.TryParse(number.Text, out BigInteger integer) ? new TemplateText(integer.ToString(CultureInfo.InvariantCulture), TemplateScalar.Integer)
                    : double.TryParse(number.Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double real) ? new TemplateText(PythonNumber.Repr(real), TemplateScalar.Float)
                    : Other(name, value, "number");
            case "boolean":
                return value is TemplateText word && NovaBoolean.IsOne(word.Text) ? TemplateText.Of(NovaBoolean.Of(word.Text)) : Other(name, value, "boolean");
            case "comma_delimited_list":
                return Separated(name, value);
            case "json":
                return value is TemplateText { IsText: true, Text.Length: > 0 } json ? OfJson(name, json.Text) : value;
            default:
                run.Tell($"{Where}parameter {Shown.Value(name)} has type {Shown.Value(type ?? "")}, which Heat has not");
                return new TemplateUnknown($"parameter {Shown.Value(name)} has no type of Heat");
        }
    }

    /// <summary>Heat refuses the parameter, or it is known when the stack is made.</summary>
    private TemplateValue Other(string name, TemplateValue value, string type)
    {
        if (value is TemplateUnknown or TemplateReference)
            return value;
        run.Tell($"{Where}parameter {Shown.Value(name)} is no {type}");
        return new TemplateUnknown($"parameter {Shown.Value(name)} is no {type}");
    }

    /// <summary>Spaces belong to the items. On its way into a nested stack a list is written with commas and split again.</summary>
    private TemplateValue Separated(string name, TemplateValue value)
    {
        if (value is TemplateList list)
        {
            if (list.Items.Any(item => item is not TemplateText))
                return run.Unknown($"parameter {Shown.Value(name)} is a list of what is not known", list);
            if (stack.Length == 0)
                return new TemplateList([.. list.Items.Cast<TemplateText>().Select(item => new TemplateText(item.Text))]);
            value = new TemplateText(string.Join(',', list.Items.Cast<TemplateText>().Select(item => item.Text)));
        }
        if (value is not TemplateText { IsText: true } text)
            return Other(name, value, "list");
        run.Spend((long)text.Text.Length);
        return new TemplateList(text.Text.Length == 0 ? [] : [.. text.Text.Split(',').Select(item => new TemplateText(item))]);
    }

    private string Where => stack.Length == 0 ? "" : stack + ": ";

    private TemplateValue OfJson(string name, string text)
    {
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
            case JsonValueKind.True or JsonValueKind.False:
                return TemplateText.Of(element.ValueKind == JsonValueKind.True);
            case JsonValueKind.Number:
                return Number(element);
            default:
                return new TemplateText(element.GetString()!);
        }
    }

    private static TemplateText Number(JsonElement element)
    {
        string raw = element.GetRawText();
        return raw.AsSpan().ContainsAny('.', 'e', 'E') ? new TemplateText(PythonNumber.Repr(element.GetDouble()), TemplateScalar.Float)
            : new TemplateText(raw == "-0" ? "0" : raw, TemplateScalar.Integer);
    }
}
