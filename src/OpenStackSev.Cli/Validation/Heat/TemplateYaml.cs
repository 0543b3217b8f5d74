using System.Collections.Immutable;
using OpenStackSev.Validation.Templates;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace OpenStackSev.Cli.Validation.Heat;

/// <summary>Reads a template or an environment within bounds, from the parser's events: depth and size are known before memory is spent.</summary>
internal sealed class TemplateYaml
{
    private const int MaximumDepth = 32;

    /// <summary>Aliases multiply: ten lines can stand for a billion values.</summary>
    private const int MaximumValues = 50_000;

    private readonly Parser _events;
    private readonly Dictionary<string, (TemplateValue Value, int Size)> _anchors = new(StringComparer.Ordinal);

    private TemplateYaml(string text) => _events = new Parser(new StringReader(text));

    private long Line => _events.Current?.Start.Line ?? 1;

    /// <returns>Null with the problem in words, with its line.</returns>
    public static TemplateMap? Parse(string text, out string? problem)
    {
        var yaml = new TemplateYaml(text);
        try
        {
            TemplateValue root = yaml.Root();
            problem = root is TemplateMap ? null : "is no map of keys";
            return root as TemplateMap;
        }
        catch (YamlException e)
        {
            problem = $"line {e.Start.Line}: is no YAML that can be read";
        }
        catch (TemplateYamlException e)
        {
            problem = $"line {e.Line}: {e.Message}";
        }
        catch (ArgumentException)   // YamlDotNet 18.1.0 of a tag that is no URI
        {
            problem = $"line {yaml.Line}: a tag that Heat cannot read";
        }
        catch (InvalidOperationException)   // YamlDotNet 18.1.0 of text in an open bracket that goes on in the next line
        {
            problem = $"line {yaml.Line}: a bracket or a brace is not closed";
        }
        return null;
    }

    private TemplateValue Root()
    {
        _events.MoveNext();
        _events.MoveNext();
        if (_events.Current is not DocumentStart)
            return TemplateMap.Empty;
        _events.MoveNext();
        (TemplateValue root, _) = Node(0);
        _events.MoveNext();
        if (!_events.MoveNext() || _events.Current is not StreamEnd)
            throw new TemplateYamlException(Line, "a second document begins");
        return root;
    }

    /// <summary>The node that begins at the current event, and how many values it is, aliases counted; its last event is current then.</summary>
    private (TemplateValue Value, int Size) Node(int depth)
    {
        if (depth > MaximumDepth)
            throw new TemplateYamlException(Line, $"nesting is deeper than {MaximumDepth}");
        switch (_events.Current)
        {
            case AnchorAlias alias:
                return _anchors.TryGetValue(alias.Value.Value, out (TemplateValue, int) shared) ? shared : throw new TemplateYamlException(Line, "an alias has no anchor before it");
            case Scalar scalar:
                return Anchored(scalar.Anchor, (Read(scalar), 1));
            case SequenceStart { Tag: var tag } when !IsOf(tag, "seq"):
            case MappingStart { Tag: var other } when !IsOf(other, "map"):
                throw new TemplateYamlException(Line, "a tag that Heat cannot read");
            case SequenceStart start:
                return Anchored(start.Anchor, List(depth));
            case MappingStart start:
                return Anchored(start.Anchor, Map(depth));
            default:
                throw new TemplateYamlException(Line, "a value is expected");
        }
    }

    private static bool IsOf(TagName tag, string kind) => tag.IsEmpty || tag.Value is "!" || tag.Value == "tag:yaml.org,2002:" + kind;

    private (TemplateValue, int) List(int depth)
    {
        var items = new List<TemplateValue>();
        int size = 1;
        while (_events.MoveNext() && _events.Current is not SequenceEnd)
            items.Add(Counted(Node(depth + 1), ref size));
        return (new TemplateList([.. items]), size);
    }

    private (TemplateValue, int) Map(int depth)
    {
        var entries = new Dictionary<string, TemplateValue>(StringComparer.Ordinal);
        var merged = new Dictionary<string, TemplateValue>(StringComparer.Ordinal);
        int size = 1;
        while (_events.MoveNext() && _events.Current is not MappingEnd)
        {
            long line = Line;
            bool merges = _events.Current is Scalar { Value: "<<", Style: ScalarStyle.Plain, Tag.IsEmpty: true };
            TemplateValue? key = merges ? null : Node(depth + 1).Value;
            if (key is TemplateList or TemplateMap)
                throw new TemplateYamlException(line, "a key is not text");
            _events.MoveNext();
            TemplateValue value = Counted(Node(depth + 1), ref size);
            if (key is null)
                Merge(value, merged, line);
            else if (!entries.TryAdd(YamlScalar.Key(key), value))
                throw new TemplateYamlException(line, "a key is there twice");
        }
        foreach ((string key, TemplateValue value) in merged)
            entries.TryAdd(key, value);
        return (new TemplateMap(entries), size);
    }

    /// <summary>What <c>&lt;&lt;</c> brings: of several maps the first wins, and what is written out over all.</summary>
    private static void Merge(TemplateValue value, Dictionary<string, TemplateValue> merged, long line)
    {
        ImmutableArray<TemplateValue> maps = value is TemplateList list ? list.Items : [value];
        if (merged.Count > 0 || maps.Any(map => map is not TemplateMap))
            throw new TemplateYamlException(line, "'<<' brings no map, or is there twice");
        foreach ((string key, TemplateValue brought) in maps.Cast<TemplateMap>().SelectMany(map => map.Entries))
            merged.TryAdd(key, brought);
    }

    private TemplateValue Counted((TemplateValue Value, int Size) node, ref int size)
    {
        size += node.Size;   // both at most the maximum: no overflow
        return size <= MaximumValues ? node.Value : throw new TemplateYamlException(Line, $"more than {MaximumValues} values, aliases counted");
    }

    private (TemplateValue, int) Anchored(AnchorName anchor, (TemplateValue, int) node)
    {
        // only now, when the node is complete: a node cannot contain itself
        if (!anchor.IsEmpty)
            _anchors[anchor.Value] = node;
        return node;
    }

    private TemplateValue Read(Scalar scalar) =>
        YamlScalar.Of(scalar.Value, scalar.Style is ScalarStyle.Plain or ScalarStyle.Any, scalar.Tag.IsEmpty ? null : scalar.Tag.Value)
            ?? throw new TemplateYamlException(Line, "a value that Heat cannot read");

    private sealed class TemplateYamlException(long line, string reason) : Exception(reason)
    {
        public long Line { get; } = line;
    }
}
