namespace OpenStackSev.Validation.Templates;

/// <summary>One reading of a template with all below it: what was found, and how much may still be spent.</summary>
internal sealed class TemplateRun(TemplateFiles files)
{
    /// <summary>Heat's max_nested_stack_depth.</summary>
    private const int MaximumDepth = 5;

    /// <summary>Heat's max_resources_per_stack.</summary>
    private const int MaximumResources = 1000;

    /// <summary>Evaluated values. Ten lines of repeat and nested stacks can ask for a billion.</summary>
    private const int MaximumValues = 200_000;

    /// <summary>Characters that functions made.</summary>
    private const int MaximumText = 16 * 1024 * 1024;

    /// <summary>Values, conditions and resources that are found out one for the other.</summary>
    private const int MaximumNesting = 300;

    private const int MaximumUnread = 100;

    /// <summary>Resources that one value is made of. A credential among more must not get lost: beyond it nothing is judged.</summary>
    private const int MaximumMentions = 1000;

    private readonly List<PlannedResource> _resources = [];
    private readonly List<string> _unread = [];
    private int _values;
    private int _nesting;
    private long _text;

    public TemplateFiles Files { get; } = files;

    public TemplateEnvironment Environment { get; } = TemplateEnvironment.Of(files);

    public IReadOnlyList<PlannedResource> Resources => _resources;

    public IReadOnlyList<string> Unread => _unread;

    /// <summary>What the outermost stack tells whoever may read it.</summary>
    public IReadOnlyList<TemplateValue> Outputs { get; private set; } = [];

    /// <exception cref="TemplateException"/>
    public void Read(IReadOnlyDictionary<string, string> given)
    {
        foreach (string problem in Environment.Unread)
            Tell(problem);
        var parameters = new Dictionary<string, TemplateValue>(Environment.Parameters, StringComparer.Ordinal);
        foreach ((string name, string value) in given)
        {
            // Heat lays the files of the client over what the client's options say, against its own documentation.
            if (parameters.TryGetValue(name, out TemplateValue? other) && other.ToString() != value)
                Tell($"parameter {Shown.Value(name)} is in the parameters of an environment too, with another value: Heat takes that one");
            parameters[name] = new TemplateText(value);
        }
        var stack = new StackReading(this, Files.Main, [], parameters);
        stack.Read();
        Outputs = [.. stack.Outputs()];
    }

    /// <summary>A nested stack; null, and told, where its template was not read.</summary>
    /// <exception cref="TemplateException">Nested too deep, or in itself.</exception>
    public StackReading? Nested(string file, string[] path, string[] open, IReadOnlyDictionary<string, TemplateValue> properties)
    {
        if (open.Contains(file, StringComparer.Ordinal))
            throw new TemplateException($"{Name(file)} contains itself");
        if (open.Length > MaximumDepth)
            throw new TemplateException($"nested deeper than {MaximumDepth} templates");
        if (!Files.Documents.ContainsKey(file))
        {
            Tell($"{path.Aggregate("", PlannedResource.In)}: the template {Name(file)} was not read");
            return null;
        }
        var nested = new StackReading(this, file, path, properties, open);
        nested.Read();
        return nested;
    }

    /// <summary>What is not known, with all that it is made of.</summary>
    /// <exception cref="TemplateException">Of more than can be kept.</exception>
    public TemplateUnknown Unknown(string why, params IEnumerable<TemplateValue> parts)
    {
        var seen = new HashSet<(string Stack, string Name, string? Attribute)>();
        var mentions = new List<TemplateReference>();
        foreach (TemplateReference mention in parts.SelectMany(part => part.Mentions))
        {
            Spend();
            if (!seen.Add((mention.Stack, mention.Name, mention.Attribute)))
                continue;
            if (mentions.Count == MaximumMentions)
                throw new TemplateException($"a value is made of more than {MaximumMentions} resources");
            mentions.Add(mention);
        }
        return new(why, mentions);
    }

    /// <summary>How many resources were read so far.</summary>
    public int Mark => _resources.Count;

    /// <summary>What was read since <paramref name="mark"/> is once more what stands between the two other marks, at another place.</summary>
    public bool IsRepeated(int first, int end, int mark, string here, string there)
    {
        for (int i = 0; i < end - first; i++)
        {
            Spend();
            if (mark + i >= _resources.Count || !_resources[first + i].IsLike(_resources[mark + i], here, there))
                return false;
        }
        return _resources.Count - mark == end - first;
    }

    /// <summary>Forgets what was read since a mark.</summary>
    public void Forget(int mark) => _resources.RemoveRange(mark, _resources.Count - mark);

    public void Add(PlannedResource resource)
    {
        if (_resources.Count == MaximumResources)
            throw new TemplateException($"more than {MaximumResources} resources");
        _resources.Add(resource);
    }

    public void Tell(string unread)
    {
        if (_unread.Count < MaximumUnread && !_unread.Contains(unread, StringComparer.Ordinal))
            _unread.Add(unread);
    }

    /// <summary>One level deeper. A stack that overflows ends the process without a word.</summary>
    public void Enter()
    {
        if (++_nesting > MaximumNesting)
            throw new TemplateException($"values that rest on others are nested deeper than {MaximumNesting}");
    }

    public void Leave() => _nesting--;

    public void Spend()
    {
        if (++_values > MaximumValues)
            throw new TemplateException($"more than {MaximumValues} values");
    }

    public void Spend(long characters)
    {
        _text += characters;
        if (_text > MaximumText)
            throw new TemplateException($"functions make more than {MaximumText} characters");
    }

    /// <summary>Of a file, for a message.</summary>
    public static string Name(string file) => Shown.Value(Path.GetFileName(file));
}
