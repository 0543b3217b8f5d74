using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace OpenStackSev.OpenStack;

/// <summary>Reads YAML, and JSON as a part of it, into <see cref="ConfigNode"/>s within bounds.</summary>
/// <remarks>
/// From the parser's events: no reflection, and depth and size are known before memory is spent.
/// Errors never quote the text, not even the parser's own words: the line that is wrong may hold a password.
/// </remarks>
internal sealed class ConfigYaml
{
    private const int MaximumDepth = 32;

    /// <summary>Aliases multiply: ten lines can stand for a billion nodes.</summary>
    private const int MaximumSize = 100_000;

    private const string Bracket = "a bracket or a brace is not closed";

    private const string Tab = "a tab cannot indent";

    private readonly Parser _events;
    private readonly Dictionary<string, ConfigNode> _anchors = new(StringComparer.Ordinal);

    private ConfigYaml(string text) => _events = new Parser(new StringReader(text));

    /// <returns>The root; an empty map for an empty document.</returns>
    /// <exception cref="ConfigYamlException">Not YAML, not a map, or beyond the bounds.</exception>
    public static ConfigMap Parse(string text)
    {
        var yaml = new ConfigYaml(text);
        try
        {
            return yaml.Root();
        }
        catch (YamlException error)
        {
            string reason = InOurWords(error.Message);
            throw new ConfigYamlException(reason == Tab ? LineOfTab(text) : error.Start.Line, reason);
        }
        catch (InvalidOperationException)   // YamlDotNet 18.1.0 of text in an open bracket that goes on in the next line
        {
            throw new ConfigYamlException(yaml.Line, Bracket);
        }
    }

    /// <summary>The parser tells where the map begins that the tab ends.</summary>
    private static int LineOfTab(string text) =>
        1 + Array.FindIndex(text.Split('\n'), line => line.AsSpan(0, line.Length - line.AsSpan().TrimStart().Length).Contains('\t'));

    private ConfigMap Root()
    {
        Next<StreamStart>();
        if (_events.MoveNext() && _events.Current is StreamEnd)
            return ConfigMap.Empty;

        _events.MoveNext();
        long line = Line;
        var root = Node(0) switch
        {
            ConfigMap map => map,
            ConfigText { Value: null } => ConfigMap.Empty,
            _ => throw new ConfigYamlException(line, "a map of keys is expected"),
        };
        Next<DocumentEnd>();
        return _events.MoveNext() && _events.Current is not StreamEnd
            ? throw new ConfigYamlException(Line, "a second document begins")
            : root;
    }

    /// <summary>The node that begins at the current event; leaves its last event current.</summary>
    private ConfigNode Node(int depth)
    {
        if (depth > MaximumDepth)
            throw new ConfigYamlException(Line, $"nesting is deeper than {MaximumDepth}");

        switch (_events.Current)
        {
            case AnchorAlias alias:
                return _anchors.TryGetValue(alias.Value.Value, out var shared)
                    ? shared
                    : throw new ConfigYamlException(Line, "an alias has no anchor before it");
            case Scalar scalar:
                return Anchored(scalar.Anchor, new ConfigText(IsNull(scalar) ? null : scalar.Value));
            case SequenceStart start:
                return Anchored(start.Anchor, List(depth));
            case MappingStart start:
                return Anchored(start.Anchor, Map(depth));
            default:
                throw new ConfigYamlException(Line, "a value is expected");
        }
    }

    private ConfigList List(int depth)
    {
        var items = new List<ConfigNode>();
        var size = new Counter(this);
        while (_events.MoveNext() && _events.Current is not SequenceEnd)
            items.Add(size.Add(Node(depth + 1)));
        return new ConfigList(items);
    }

    private ConfigMap Map(int depth)
    {
        var entries = new Dictionary<string, ConfigNode>(StringComparer.Ordinal);
        var inherited = ConfigMap.Empty;
        var size = new Counter(this);
        while (_events.MoveNext() && _events.Current is not MappingEnd)
        {
            long line = Line;
            string key = (Node(depth + 1) as ConfigText)?.Value ?? throw new ConfigYamlException(line, "a key is not text");
            _events.MoveNext();
            var value = size.Add(Node(depth + 1));
            if (key == "<<")
                inherited = Inherited(value, line);
            else if (!entries.TryAdd(key, value))
                throw new ConfigYamlException(line, "a key is there twice");
        }

        if (inherited.Entries.Count == 0)
            return new ConfigMap(entries);
        foreach (var (key, value) in inherited.Entries)
            entries.TryAdd(key, value);
        return new ConfigMap(entries);
    }

    /// <summary>What a merge key brings: one map, or several of which the first wins.</summary>
    private static ConfigMap Inherited(ConfigNode value, long line)
    {
        var maps = value is ConfigList list ? list.Items : [value];
        var entries = new Dictionary<string, ConfigNode>(StringComparer.Ordinal);
        foreach (var node in maps)
        {
            if (node is not ConfigMap map)
                throw new ConfigYamlException(line, "'<<' takes a map");
            foreach (var (key, entry) in map.Entries)
                entries.TryAdd(key, entry);
        }

        return new ConfigMap(entries);
    }

    private ConfigNode Anchored(AnchorName anchor, ConfigNode node)
    {
        // only now, when the node is complete: a node cannot contain itself
        if (!anchor.IsEmpty)
            _anchors[anchor.Value] = node;
        return node;
    }

    private void Next<TEvent>() where TEvent : ParsingEvent
    {
        if (!_events.MoveNext() || _events.Current is not TEvent)
            throw new ConfigYamlException(Line, "not valid YAML");
    }

    private long Line => _events.Current?.Start.Line ?? 1;

    private static bool IsNull(Scalar scalar) =>
        scalar.Style == ScalarStyle.Plain && scalar.Value is "" or "~" or "null" or "Null" or "NULL";

    private static string InOurWords(string message)
    {
        (string Theirs, string Ours)[] words =
        [
            ("simple key", "a ':' is missing after a key"),
            ("block mapping", "a key is missing or its indentation does not match"),
            ("block collection", "the indentation does not match"),
            ("quoted scalar", "a quotation is not closed or holds an unknown escape"),
            ("flow", Bracket),
            ("tab", Tab),
            ("cannot start any token", "a value that begins like this needs quotation marks"),
            ("Mapping values", "a value with ': ' in it needs quotation marks"),
        ];
        return words.FirstOrDefault(pair => message.Contains(pair.Theirs, StringComparison.OrdinalIgnoreCase)).Ours ?? "not valid YAML";
    }

    private sealed class Counter(ConfigYaml yaml)
    {
        private int _size;

        public ConfigNode Add(ConfigNode node)
        {
            _size += node.Size;   // both at most the maximum: no overflow
            return _size <= MaximumSize
                ? node
                : throw new ConfigYamlException(yaml.Line, $"more than {MaximumSize} values, aliases counted");
        }
    }
}

/// <summary>Where and why text is not a configuration; the reason quotes nothing of it.</summary>
internal sealed class ConfigYamlException(long line, string reason) : Exception(reason)
{
    public long Line { get; } = line;
}
