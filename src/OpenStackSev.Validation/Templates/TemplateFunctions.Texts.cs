using System.Collections.Immutable;
using System.Text;

namespace OpenStackSev.Validation.Templates;

/// <summary>Functions that make texts, lists and maps of others. Arguments are evaluated already.</summary>
internal sealed partial class TemplateFunctions
{
    private TemplateValue Join(string between, ImmutableArray<TemplateValue> lists)
    {
        TemplateValue Refused() => run.Unknown(OfLater, lists.AsEnumerable());
        if (lists.Length == 0 || (lists.Length > 1 && !version.WritesJson))
            return Refused();
        var joined = new StringBuilder();
        bool first = true;
        foreach (TemplateValue list in lists)
        {
            if (list is TemplateNull or TemplateText { IsText: true, Text.Length: 0 })
                continue;
            if (list is not TemplateList { Items: var items })
                return Refused();
            foreach (TemplateValue item in items)
            {
                if (Written(item, numbers: false) is not { } text)
                    return Refused();
                joined.Append(first ? "" : between).Append(text);
                run.Spend((long)text.Length + between.Length);
                first = false;
            }
        }
        return new TemplateText(joined.ToString());
    }

    /// <summary>In the middle of a text; null where it is not known, or Heat refuses it.</summary>
    /// <param name="numbers">list_join refuses numbers and booleans, str_replace writes them as Python does.</param>
    private string? Written(TemplateValue value, bool numbers) => value switch
    {
        TemplateNull => "",
        TemplateText text => text.IsText || numbers ? text.Text : null,
        TemplateList or TemplateMap when version.WritesJson => PythonJson.Of(value, run),
        _ => null,
    };

    private TemplateValue Concat(TemplateList lists, bool unique)
    {
        var items = new List<TemplateValue>();
        foreach (TemplateValue list in lists.Items)
        {
            if (list is not (TemplateList or TemplateNull))
                return run.Unknown("a list that is not known", lists);
            foreach (TemplateValue item in (list as TemplateList)?.Items ?? [])
            {
                run.Spend();
                bool? there = unique ? Contains(item, new TemplateList([.. items])) : false;
                if (there is null)
                    return run.Unknown("a list that is not known", lists);
                if (there is false)
                    items.Add(item);
            }
        }
        return new TemplateList([.. items]);
    }

    private TemplateValue Merge(TemplateList maps)
    {
        var entries = new Dictionary<string, TemplateValue>(StringComparer.Ordinal);
        foreach (TemplateValue map in maps.Items)
        {
            if (map is not (TemplateMap or TemplateNull))
                return run.Unknown("a map that is merged of one that is not known", maps);
            foreach ((string key, TemplateValue value) in (map as TemplateMap)?.Entries ?? TemplateMap.Empty.Entries)
            {
                run.Spend();
                entries[key] = value;
            }
        }
        return new TemplateMap(entries);
    }

    private TemplateValue MapReplace(TemplateValue map, TemplateMap replacements)
    {
        TemplateUnknown Refused() => run.Unknown("a map whose keys or values are replaced, and Heat refuses it or it is not known", map, replacements);
        if (map is not TemplateMap given || replacements.Entries.Keys.Any(key => key is not ("keys" or "values")) || replacements.Entries.Values.Any(part => part is not (TemplateMap or TemplateNull)))
            return Refused();
        var entries = new Dictionary<string, TemplateValue>(StringComparer.Ordinal);
        foreach ((string key, TemplateValue value) in given.Entries)
        {
            TemplateValue newKey = replacements.Map("keys").Find(key) ?? new TemplateText(key);
            if (newKey is not TemplateText { IsText: true } text || (text.Text != key && given.Entries.ContainsKey(text.Text)) || entries.ContainsKey(text.Text))
                return Refused();
            entries[text.Text] = value is TemplateText { IsText: true } old && replacements.Map("values").Entries.TryGetValue(old.Text, out TemplateValue? replaced) ? replaced : value;
        }
        return new TemplateMap(entries);
    }

    /// <summary>The longer keys first, of equal ones the smaller, and what was put in is not looked at again.</summary>
    private TemplateValue StrReplace(TemplateMap argument, string function)
    {
        TemplateUnknown Refused(string why = OfLater) => run.Unknown(why, argument);
        if (argument.Find("template") is not TemplateText { IsText: true } template || argument.Find("params") is not TemplateMap map)
            return Refused();
        List<(string Text, bool Fixed)> parts = [(template.Text, false)];
        foreach ((string key, TemplateValue value) in map.Entries.OrderByDescending(entry => entry.Key.Length).ThenBy(entry => entry.Key, StringComparer.Ordinal))
        {
            if (key.Length == 0)
                return Refused($"{function} replaces nothing by something");
            if (!parts.Exists(part => !part.Fixed && part.Text.Contains(key, StringComparison.Ordinal)))
            {
                if (function != "str_replace")
                    return Refused($"{function} has a parameter that the text has not, and Heat refuses it");
                continue;
            }
            if (Written(value, numbers: true) is not { } by)
                return Refused();
            if (function == "str_replace_vstrict" && value is TemplateNull or TemplateText { Text.Length: 0 } or TemplateList { Items.Length: 0 } or TemplateMap { Entries.Count: 0 })
                return Refused($"{function} has a parameter that is empty, and Heat refuses it");
            parts = [.. parts.SelectMany(part => part.Fixed ? [part] : Split(part.Text, key, by))];
        }
        return new TemplateText(string.Concat(parts.Select(part => part.Text)));
    }

    private IEnumerable<(string Text, bool Fixed)> Split(string text, string key, string by)
    {
        string[] pieces = text.Split(key);
        for (int i = 0; i < pieces.Length; i++)
        {
            run.Spend();
            run.Spend((long)pieces[i].Length + by.Length);
            if (i > 0)
                yield return (by, true);
            yield return (pieces[i], false);
        }
    }

    private TemplateValue? Split(string at, string text, ImmutableArray<TemplateValue> index)
    {
        string[] pieces = text.Split(at);
        run.Spend((long)text.Length + pieces.Length);
        if (index.Length == 0)
            return new TemplateList([.. pieces.Select(piece => new TemplateText(piece))]);
        return index is [TemplateText number] && int.TryParse(number.Text, out int one) && one >= -pieces.Length && one < pieces.Length
            ? new TemplateText(pieces[one < 0 ? pieces.Length + one : one]) : null;
    }

    /// <summary>Of one or several lists, each combination of them; without <c>permutations</c>, one of each after the other.</summary>
    private TemplateValue Repeat(TemplateMap argument)
    {
        TemplateUnknown Refused() => run.Unknown("a list that is repeated over what is not known", argument);
        if (argument.Find("for_each") is not TemplateMap { Entries.Count: > 0 } loops || !argument.Entries.TryGetValue("template", out TemplateValue? template))
            return Refused();
        var lists = new List<(string Key, string[] Values)>();
        var lengths = new HashSet<int>();
        foreach ((string key, TemplateValue value) in loops.Entries)
        {
            IEnumerable<TemplateValue>? items = value switch
            {
                TemplateNull => [],
                TemplateList list => list.Items,
                TemplateMap map when version.RepeatsOverMaps => map.Entries.Keys.Select(text => new TemplateText(text)),
                _ => null,
            };
            if (items is null || items.Any(item => item is not TemplateText { IsText: true }) || key.Length == 0)
                return Refused();
            lists.Add((key, [.. items.Select(item => item.ToString()!)]));
            if (value is not TemplateNull)
                lengths.Add(lists[^1].Values.Length);
        }
        return argument.Find("permutations") switch
        {
            null or TemplateText { Scalar: TemplateScalar.Boolean, Text: "True" } => new TemplateList([.. lists.Aggregate(
                (List<TemplateValue>)[template], (items, list) => [.. items.SelectMany(item => list.Values.Select(by => Replace(item, list.Key, by, run, keys: true)))])]),
            TemplateText { Scalar: TemplateScalar.Boolean } when lengths.Count <= 1 => new TemplateList([.. Enumerable.Range(0, lists.Min(list => list.Values.Length))
                .Select(at => lists.Aggregate(template, (item, list) => Replace(item, list.Key, list.Values[at], run, keys: true)))]),
            _ => Refused(),
        };
    }
}
