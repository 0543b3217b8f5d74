using System.Collections.Immutable;

namespace OpenStackSev.Validation.Templates;

/// <summary>The functions of a template, as far as they decide what is made. What is not evaluated here becomes <see cref="TemplateUnknown"/>.</summary>
/// <remarks>
/// Source: heat/engine/hot/functions.py and heat/engine/function.py, resolve. What Heat refuses is not known here either: nothing is called good
/// that Heat would not make.
/// </remarks>
internal sealed partial class TemplateFunctions(TemplateRun run, StackReading stack, StackParameters parameters, TemplateVersion version, string folder)
{
    private const string OfLater = "a text that is made of what is known when the stack is made";

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
                return new TemplateList([.. list.Items.Select(item => Evaluate(item)).Where(item => item is not TemplateAbsent)]);
            case TemplateMap { Entries.Count: 1 } call when Call(call) is { } result:
                return result;
            case TemplateMap map:
                var entries = new Dictionary<string, TemplateValue>(StringComparer.Ordinal);
                foreach ((string key, TemplateValue entry) in map.Entries)
                {
                    TemplateValue evaluated = keepGroup && key is "resource_def" or "resource" ? entry : Evaluate(entry);
                    if (evaluated is not TemplateAbsent)
                        entries[key] = evaluated;
                }
                return new TemplateMap(entries);
            default:
                return value;
        }
    }

    /// <summary>An entry of a list or a map.</summary>
    private TemplateValue Select(TemplateValue value, TemplateValue key) => (value, key) switch
    {
        (TemplateMap map, TemplateText text) => map.Entries.GetValueOrDefault(text.Text) ?? new TemplateUnknown($"there is no {Shown.Value(text.Text)}"),
        (TemplateList list, TemplateText text) when int.TryParse(text.Text, out int index) && index >= 0 && index < list.Items.Length => list.Items[index],
        _ => run.Unknown("a part of what is known when the stack is made, or that is not there", value),
    };

    /// <summary>What is left of a path into a value.</summary>
    public TemplateValue Select(TemplateValue value, IEnumerable<TemplateValue> path) => path.Aggregate(value, Select);

    /// <summary>A text by another one, wherever it is.</summary>
    public static TemplateValue Replace(TemplateValue value, string what, string by, TemplateRun run, bool keys = false)
    {
        run.Spend();
        switch (value)
        {
            case TemplateText { IsText: true } text when text.Text.Contains(what, StringComparison.Ordinal):
                return new TemplateText(Replace(text.Text, what, by, run));
            case TemplateList list:
                return new TemplateList([.. list.Items.Select(item => Replace(item, what, by, run, keys))]);
            case TemplateMap map:
                var entries = new Dictionary<string, TemplateValue>(StringComparer.Ordinal);
                foreach ((string key, TemplateValue entry) in map.Entries)
                    entries[keys ? Replace(key, what, by, run) : key] = Replace(entry, what, by, run, keys);
                return new TemplateMap(entries);
            default:
                return value;
        }
    }

    private static string Replace(string text, string what, string by, TemplateRun run)
    {
        if (what.Length == 0)
            throw new TemplateException("nothing is to be replaced by something");
        // before it is made: it may grow by any factor
        long count = 0;
        for (int at = text.IndexOf(what, StringComparison.Ordinal); at >= 0; at = text.IndexOf(what, at + what.Length, StringComparison.Ordinal))
            count++;
        run.Spend(text.Length + (count * by.Length));
        return text.Replace(what, by, StringComparison.Ordinal);
    }

    /// <summary>Null where it is no call of a function, but a map with one key.</summary>
    private TemplateValue? Call(TemplateMap call)
    {
        (string function, TemplateValue argument) = call.Entries.First();
        if (!version.IsFunction(function))
            return null;
        // The only one that leaves a part of its argument unread.
        if (function == "if" && argument is TemplateList { Items: [var condition, var then, .. var other] } && (other.Length == 1 || (other.Length == 0 && version.HasShortIf)))
            return If(condition, then, other);
        TemplateValue evaluated = Evaluate(argument);
        return Call(function, evaluated) ?? run.Unknown($"function {function} is not evaluated here", evaluated);
    }

    private TemplateValue? Call(string function, TemplateValue argument) => function switch
    {
        "get_param" => GetParam(argument),
        "get_resource" => argument is TemplateText name ? GetResource(name.Text) : OfAny(function),
        "Ref" when version.IsOldest && argument is TemplateText name => stack.HasResource(name.Text) ? GetResource(name.Text) : parameters.Value(name.Text),
        "get_attr" => argument is TemplateList { Items: [TemplateText name, .. var path] } ? GetAttribute(name.Text, path) : OfAny(function),
        "get_file" when argument is TemplateText file => GetFile(file.Text),
        "list_join" when argument is TemplateList { Items: [TemplateText { IsText: true } between, .. var lists] } => Join(between.Text, lists),
        "list_concat" when argument is TemplateList lists => Concat(lists, unique: false),
        "list_concat_unique" when argument is TemplateList lists => Concat(lists, unique: true),
        "map_merge" when argument is TemplateList maps => Merge(maps),
        "map_replace" when argument is TemplateList { Items: [var map, TemplateMap replacements] } => MapReplace(map, replacements),
        "str_replace" or "str_replace_strict" or "str_replace_vstrict" when argument is TemplateMap replace => StrReplace(replace, function),
        "str_split" when argument is TemplateList { Items: [TemplateText { IsText: true, Text.Length: > 0 } at, TemplateText { IsText: true } text, .. var index] } => Split(at.Text, text.Text, index),
        "repeat" when argument is TemplateMap repeat => Repeat(repeat),
        "contains" when argument is TemplateList { Items: [var item, var among] } => Contains(item, among) is { } truth ? TemplateText.Of(truth) : null,
        _ => null,
    };

    private TemplateValue GetParam(TemplateValue argument) => argument switch
    {
        TemplateText name => parameters.Value(name.Text),
        TemplateList { Items: [TemplateText name, .. var path] } => Path(parameters.Value(name.Text), path),
        _ => run.Unknown("get_param of no name", argument),
    };

    /// <summary>What is not there is an empty text.</summary>
    private TemplateValue Path(TemplateValue value, ImmutableArray<TemplateValue> path)
    {
        foreach (TemplateValue key in path)
        {
            if (value is TemplateMap or TemplateList && key is TemplateText)
                value = Select(value, key) is var part && part is TemplateUnknown { Mentions: var mentions } && !mentions.Any() ? new TemplateText("") : part;
            else if (value is TemplateText { IsText: true, Text.Length: 0 })
                return value;
            else
                return run.Unknown("a part of a parameter that is not known", value, key);
        }
        return value;
    }

    /// <summary>It may be any, and its value a credential.</summary>
    private TemplateUnknown OfAny(string function)
    {
        run.Tell($"{(stack.Id.Length == 0 ? "" : stack.Id + ": ")}{function} names a resource that is not known");
        return new("a resource that is not known");
    }

    private TemplateValue GetResource(string name) => stack.IsMade(name) ? new TemplateReference(stack.Id, name, null) : NotThere(name);

    private TemplateValue GetAttribute(string name, ImmutableArray<TemplateValue> path) => path switch
    {
        _ when !stack.IsMade(name) => NotThere(name),
        [TemplateText attribute, .. var rest] => stack.Attribute(name, attribute.Text, rest),
        _ => stack.Attribute(name, TemplateReference.All, []),
    };

    /// <summary>Heat refuses to name what is not there, also where a condition takes it away.</summary>
    private TemplateUnknown NotThere(string name)
    {
        run.Tell($"{(stack.Id.Length == 0 ? "" : stack.Id + ": ")}resource {Shown.Value(name)} is named and is not there");
        return new($"resource {Shown.Value(name)} is not there");
    }

    private TemplateValue GetFile(string name) =>
        TemplateFiles.Located(name, folder) is { } path && run.Files.Texts.TryGetValue(path, out string? text)
            ? new TemplateText(text) : new TemplateUnknown($"file {Shown.Value(name)} was not read");

    private TemplateValue If(TemplateValue condition, TemplateValue then, ImmutableArray<TemplateValue> other)
    {
        TemplateValue Other() => other.Length == 0 ? TemplateAbsent.Instance : Evaluate(other[0]);
        return stack.Condition(condition) switch
        {
            true => Evaluate(then),
            false => Other(),
            null => run.Unknown("it depends on a condition that is not known", Evaluate(then), Other()),
        };
    }
}
