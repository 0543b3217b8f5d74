using System.Collections.Immutable;
using System.Text;

namespace OpenStackSev.Validation.Templates;

/// <summary>The functions of a template, as far as they decide what is made. What is not evaluated here becomes <see cref="TemplateUnknown"/>.</summary>
/// <remarks>Source: heat/engine/hot/functions.py.</remarks>
internal sealed class TemplateFunctions(TemplateRun run, StackReading stack, StackParameters parameters, string folder)
{
    /// <summary>Known by name and not evaluated: what they make is not known here.</summary>
    private static readonly HashSet<string> s_others = new(StringComparer.Ordinal)
    {
        "yaql", "digest", "resource_facade", "str_split", "filter", "make_url", "list_concat_unique", "Fn::GetAtt", "Ref", "Fn::Join", "Fn::Select",
    };

    /// <param name="keepGroup">Leaves what a group makes for each member as it is written: it is evaluated later, once a member.</param>
    public TemplateValue Evaluate(TemplateValue value, bool keepGroup = false)
    {
        run.Spend();
        run.Enter();
        TemplateValue evaluated = Entered(value, keepGroup);
        run.Leave();
        return evaluated;
    }

    private TemplateValue Entered(TemplateValue value, bool keepGroup)
    {
        switch (value)
        {
            case TemplateList list:
                return new TemplateList([.. list.Items.Select(item => Evaluate(item))]);
            case TemplateMap { Entries.Count: 1 } call when Call(call) is { } result:
                return result;
            case TemplateMap map:
                var entries = new Dictionary<string, TemplateValue>(StringComparer.Ordinal);
                foreach ((string key, TemplateValue entry) in map.Entries)
                {
                    // `if` without else takes the property away
                    TemplateValue evaluated = keepGroup && key is "resource_def" or "resource" ? entry : Evaluate(entry);
                    if (evaluated is not TemplateNull)
                        entries[key] = evaluated;
                }
                return new TemplateMap(entries);
            default:
                return value;
        }
    }

    /// <summary>A function whose result is true or false; null where that is not known.</summary>
    public bool? Condition(TemplateValue condition)
    {
        run.Spend();
        if (condition is not TemplateMap { Entries.Count: 1 } call)
            return condition is TemplateText text ? stack.Condition(text) : null;
        (string function, TemplateValue argument) = call.Entries.First();
        ImmutableArray<TemplateValue> arguments = argument is TemplateList list ? list.Items : [argument];
        switch (function)
        {
            case "not" when arguments.Length == 1:
                return !stack.Condition(arguments[0]);
            case "and":
                return All(arguments.Select(stack.Condition), unless: false);
            case "or":
                return All(arguments.Select(stack.Condition), unless: true);
            case "equals" when arguments.Length == 2:
                return Same(Evaluate(arguments[0]), Evaluate(arguments[1]));
            case "contains" when arguments.Length == 2:
                return Contains(Evaluate(arguments[0]), Evaluate(arguments[1]));
            default:
                return Evaluate(condition) is TemplateText value ? StackParameters.Truth(value.Text) : null;
        }
    }

    /// <summary>An entry of a list or a map.</summary>
    public static TemplateValue Select(TemplateValue value, TemplateValue key) => (value, key) switch
    {
        (TemplateMap map, TemplateText text) => map.Entries.GetValueOrDefault(text.Text) ?? new TemplateUnknown($"there is no {Shown.Value(text.Text)}"),
        (TemplateList list, TemplateText text) when int.TryParse(text.Text, out int index) && index >= 0 && index < list.Items.Length => list.Items[index],
        (TemplateUnknown or TemplateReference, _) => new TemplateUnknown("a part of what is known when the stack is made", value.Mentions),
        _ => new TemplateUnknown("a part that is not there"),
    };

    /// <summary>A text by another one, wherever it is.</summary>
    public static TemplateValue Replace(TemplateValue value, string what, string by, TemplateRun run)
    {
        run.Spend();
        switch (value)
        {
            case TemplateText text when text.Text.Contains(what, StringComparison.Ordinal):
                string replaced = text.Text.Replace(what, by, StringComparison.Ordinal);
                run.Spend(replaced.Length);
                return new TemplateText(replaced);
            case TemplateList list:
                return new TemplateList([.. list.Items.Select(item => Replace(item, what, by, run))]);
            case TemplateMap map:
                return new TemplateMap(map.Entries.ToDictionary(entry => entry.Key, entry => Replace(entry.Value, what, by, run), StringComparer.Ordinal));
            default:
                return value;
        }
    }

    /// <summary>Null where it is no call of a function, but a map with one key.</summary>
    private TemplateValue? Call(TemplateMap call)
    {
        (string function, TemplateValue argument) = call.Entries.First();
        return function switch
        {
            "get_param" => GetParam(argument),
            "get_resource" when argument is TemplateText name => stack.IsMade(name.Text) ? new TemplateReference(stack.Id, name.Text, null) : TemplateNull.Instance,
            "get_attr" when argument is TemplateList { Items: [var resource, .. var path] } => GetAttribute(Evaluate(resource), [.. path.Select(item => Evaluate(item))]),
            "get_file" when argument is TemplateText file => GetFile(file.Text),
            "if" when argument is TemplateList { Items: [var condition, var then, .. var other] } && other.Length <= 1 => If(condition, then, other),
            "list_join" when argument is TemplateList { Items: [TemplateText between, .. var lists] } => Join(between.Text, lists),
            "list_concat" when argument is TemplateList lists => Concat(lists),
            "map_merge" when argument is TemplateList maps => Merge(maps),
            "map_replace" when argument is TemplateList { Items: [var map, TemplateMap replacements] } => MapReplace(Evaluate(map), (TemplateMap)Evaluate(replacements)),
            "str_replace" or "str_replace_strict" or "str_replace_vstrict" when argument is TemplateMap replace => StrReplace(replace),
            "repeat" when argument is TemplateMap repeat => Repeat(repeat),
            "equals" or "not" or "and" or "or" or "contains" => Condition(call) is { } truth ? new TemplateText(truth ? "true" : "false") : new TemplateUnknown("a condition that is not known"),
            _ when s_others.Contains(function) => new TemplateUnknown($"function {function} is not evaluated here", Evaluate(argument).Mentions),
            _ => null,
        };
    }

    private TemplateValue GetParam(TemplateValue argument) => argument switch
    {
        TemplateText name => parameters.Value(name.Text),
        TemplateList { Items: [TemplateText name, .. var path] } => path.Select(key => Evaluate(key)).Aggregate(parameters.Value(name.Text), Select),
        _ => new TemplateUnknown("get_param of no name"),
    };

    /// <summary>Without a name of one that is known here, all attributes are meant.</summary>
    private TemplateValue GetAttribute(TemplateValue resource, ImmutableArray<TemplateValue> path) => (resource, path) switch
    {
        (TemplateText name, [TemplateText attribute, .. var rest]) => stack.Attribute(name.Text, attribute.Text, rest),
        (TemplateText name, _) => stack.IsMade(name.Text) ? new TemplateReference(stack.Id, name.Text, TemplateReference.All) : TemplateNull.Instance,
        _ => new TemplateUnknown("get_attr of a resource that is not known"),
    };

    private TemplateValue GetFile(string name) =>
        TemplateFiles.Located(name, folder) is { } path && run.Files.Texts.TryGetValue(path, out string? text)
            ? new TemplateText(text) : new TemplateUnknown($"file {Shown.Value(name)} was not read");

    private TemplateValue If(TemplateValue condition, TemplateValue then, ImmutableArray<TemplateValue> other)
    {
        TemplateValue Other() => other.Length == 0 ? TemplateNull.Instance : Evaluate(other[0]);
        return stack.Condition(condition) switch
        {
            true => Evaluate(then),
            false => Other(),
            null => new TemplateUnknown("it depends on a condition that is not known", Evaluate(then).Mentions.Concat(Other().Mentions)),
        };
    }

    private TemplateValue Join(string between, ImmutableArray<TemplateValue> lists)
    {
        var joined = new StringBuilder();
        bool first = true;
        TemplateValue[] evaluated = [.. lists.Select(list => Evaluate(list))];
        foreach (TemplateValue item in evaluated.SelectMany(list => list is TemplateList { Items: var items } ? (IEnumerable<TemplateValue>)items : [list]))
        {
            if (item is not TemplateText text)
                return new TemplateUnknown("a text that is joined of what is known when the stack is made", evaluated.SelectMany(list => list.Mentions));
            joined.Append(first ? "" : between).Append(text.Text);
            run.Spend(text.Text.Length + between.Length);
            first = false;
        }
        return new TemplateText(joined.ToString());
    }

    private TemplateValue Concat(TemplateList lists)
    {
        var items = new List<TemplateValue>();
        foreach (TemplateValue list in lists.Items.Select(item => Evaluate(item)))
        {
            if (list is not (TemplateList or TemplateNull))
                return new TemplateUnknown("a list that is not known", list.Mentions);
            items.AddRange((IEnumerable<TemplateValue>?)(list as TemplateList)?.Items ?? []);
        }
        return new TemplateList([.. items]);
    }

    private TemplateValue Merge(TemplateList maps)
    {
        var entries = new Dictionary<string, TemplateValue>(StringComparer.Ordinal);
        foreach (TemplateValue map in maps.Items.Select(item => Evaluate(item)))
        {
            if (map is not (TemplateMap or TemplateNull))
                return new TemplateUnknown("a map that is merged of one that is not known", map.Mentions);
            foreach ((string key, TemplateValue value) in (map as TemplateMap)?.Entries ?? TemplateMap.Empty.Entries)
                entries[key] = value;
        }
        return new TemplateMap(entries);
    }

    private static TemplateValue MapReplace(TemplateValue map, TemplateMap replacements)
    {
        if (map is not TemplateMap given)
            return new TemplateUnknown("a map that is not known", map.Mentions);
        var entries = new Dictionary<string, TemplateValue>(StringComparer.Ordinal);
        foreach ((string key, TemplateValue value) in given.Entries)
        {
            TemplateValue newKey = replacements.Map("keys").Find(key) ?? new TemplateText(key);
            if (newKey is not TemplateText text)
                return new TemplateUnknown("a map with a key that is not known", newKey.Mentions);
            entries[text.Text] = value is TemplateText old && replacements.Map("values").Find(old.Text) is { } replaced ? replaced : value;
        }
        return new TemplateMap(entries);
    }

    /// <summary>The longer keys first, and what was put in is not looked at again.</summary>
    private TemplateValue StrReplace(TemplateMap argument)
    {
        TemplateValue template = Evaluate(argument.Find("template") ?? TemplateNull.Instance);
        TemplateValue given = Evaluate(argument.Find("params") ?? TemplateMap.Empty);
        IEnumerable<TemplateReference> Mentions() => template.Mentions.Concat(given.Mentions);
        if (template is not TemplateText text || given is not TemplateMap map)
            return new TemplateUnknown("a text that is made of what is known when the stack is made", Mentions());
        List<(string Text, bool Fixed)> parts = [(text.Text, false)];
        foreach ((string key, TemplateValue value) in map.Entries.OrderByDescending(entry => entry.Key.Length).ThenByDescending(entry => entry.Key, StringComparer.Ordinal))
        {
            if (key.Length == 0 || !parts.Exists(part => !part.Fixed && part.Text.Contains(key, StringComparison.Ordinal)))
                continue;
            if (value is not TemplateText by)
                return new TemplateUnknown("a text that is made of what is known when the stack is made", Mentions());
            parts = [.. parts.SelectMany(part => part.Fixed ? [part] : Split(part.Text, key, by.Text))];
        }
        return new TemplateText(string.Concat(parts.Select(part => part.Text)));
    }

    private IEnumerable<(string Text, bool Fixed)> Split(string text, string key, string by)
    {
        string[] pieces = text.Split(key);
        for (int i = 0; i < pieces.Length; i++)
        {
            run.Spend();
            run.Spend(pieces[i].Length + by.Length);
            if (i > 0)
                yield return (by, true);
            yield return (pieces[i], false);
        }
    }

    /// <summary>Of one or several lists, each combination of them.</summary>
    private TemplateValue Repeat(TemplateMap argument)
    {
        TemplateValue template = argument.Find("template") ?? TemplateNull.Instance;
        List<TemplateValue> items = [template];
        foreach ((string key, TemplateValue value) in argument.Map("for_each").Entries)
        {
            if (Evaluate(value) is not TemplateList list || list.Items.Any(item => item is not TemplateText))
                return new TemplateUnknown("a list that is repeated over what is not known", Evaluate(template).Mentions);
            items = [.. items.SelectMany(item => list.Items.Select(by => Replace(item, key, by.ToString()!, run)))];
        }
        return new TemplateList([.. items.Select(item => Evaluate(item))]);
    }

    /// <summary>Of several: one that is <paramref name="unless"/> decides, one that is not known leaves it open.</summary>
    private static bool? All(IEnumerable<bool?> conditions, bool unless)
    {
        bool open = false;
        foreach (bool? condition in conditions)
        {
            if (condition == unless)
                return unless;
            open |= condition is null;
        }
        return open ? null : !unless;
    }

    private static bool? Contains(TemplateValue item, TemplateValue among) => among switch
    {
        TemplateList list => All(list.Items.Select(one => Same(item, one)), unless: true),
        TemplateText text when item is TemplateText part => text.Text.Contains(part.Text, StringComparison.Ordinal),
        TemplateMap map when item is TemplateText key => map.Entries.ContainsKey(key.Text),
        _ => null,
    };

    private static bool? Same(TemplateValue left, TemplateValue right) => (left, right) switch
    {
        (TemplateText a, TemplateText b) => a.Text == b.Text || (StackParameters.Truth(a.Text) is { } truth && truth == StackParameters.Truth(b.Text)),
        (TemplateUnknown or TemplateReference, _) or (_, TemplateUnknown or TemplateReference) => null,
        (TemplateNull, TemplateNull) => true,
        (TemplateList a, TemplateList b) => a.Items.Length != b.Items.Length ? false : All(a.Items.Zip(b.Items, Same), unless: false),
        (TemplateMap a, TemplateMap b) => a.Entries.Count != b.Entries.Count ? false
            : All(a.Entries.Select(entry => b.Entries.TryGetValue(entry.Key, out TemplateValue? other) ? Same(entry.Value, other) : false), unless: false),
        _ => false,
    };
}
