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

    private readonly List<PlannedResource> _resources = [];
    private readonly List<string> _unread = [];
    private int _values;
    private int _nesting;
    private long _text;

    public TemplateFiles Files { get; } = files;

    public TemplateEnvironment Environment { get; } = TemplateEnvironment.Of(files);

    public IReadOnlyList<PlannedResource> Resources => _resources;

    public IReadOnlyList<string> Unread => _unread;

    /// <exception cref="TemplateException"/>
    public void Read(IReadOnlyDictionary<string, string> given)
    {
        var parameters = new Dictionary<string, TemplateValue>(Environment.Parameters, StringComparer.Ordinal);
        foreach ((string name, string value) in given)
            parameters[name] = new TemplateText(value);
        new StackReading(this, Files.Main, [], parameters).Read();
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
            Tell($"{string.Join('.', path)}: the template {Name(file)} was not read");
            return null;
        }
        var nested = new StackReading(this, file, path, properties, open);
        nested.Read();
        return nested;
    }

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
