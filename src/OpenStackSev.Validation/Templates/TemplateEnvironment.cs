namespace OpenStackSev.Validation.Templates;

/// <summary>Environments laid over each other, the later one on top: parameters, their defaults, and what a type stands for.</summary>
/// <remarks>Source: heat/engine/environment.py.</remarks>
internal sealed class TemplateEnvironment
{
    private const int LongestChain = 8;

    private static readonly HashSet<string> s_sections = new(
        ["parameters", "resource_registry", "parameter_defaults", "encrypted_param_names", "event_sinks", "parameter_merge_strategies"], StringComparer.Ordinal);

    private readonly Dictionary<string, TemplateValue> _parameters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TemplateValue> _defaults = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _types = new(StringComparer.Ordinal);
    private readonly List<(string[] Path, string Type, string Target)> _resources = [];
    private readonly List<string> _unread = [];

    public IReadOnlyDictionary<string, TemplateValue> Parameters => _parameters;

    /// <summary>Hold in nested stacks too.</summary>
    public IReadOnlyDictionary<string, TemplateValue> Defaults => _defaults;

    /// <summary>What of it is not read here, or refused by Heat, one sentence each.</summary>
    public IReadOnlyList<string> Unread => _unread;

    /// <summary>A resource by its name is something else than its type says.</summary>
    public bool NamesResources => _resources.Count > 0;

    public static TemplateEnvironment Of(TemplateFiles files)
    {
        var environment = new TemplateEnvironment();
        foreach (string path in files.Environments)
            environment.Add(path, files.Documents[path]);
        return environment;
    }

    /// <summary>The type that is made, or the path of the template that stands for it.</summary>
    /// <param name="path">Names of the nested stacks, then of the resource.</param>
    /// <param name="open">Templates that it is in: what led to one of them leads on to what it stands for.</param>
    /// <exception cref="TemplateException">Types stand for each other in a circle.</exception>
    public string Resolve(string type, IReadOnlyList<string> path, IReadOnlyList<string> open)
    {
        for (int i = 0; i < LongestChain; i++)
        {
            // A template that is named by its file is that file, whatever a registry says.
            if (TemplateFiles.IsTemplate(type))
                return type;
            string? target = Candidates(type, path).FirstOrDefault(one => one != type && !open.Contains(one, StringComparer.Ordinal));
            if (target is null)
                return type;
            type = target;
        }
        throw new TemplateException($"type {Shown.Value(type)} stands for others, and those for others, more than {LongestChain} times");
    }

    /// <summary>In Heat's own order, in which a wildcard comes before the type that is written out. No wildcard stands for a template.</summary>
    private IEnumerable<string> Candidates(string type, IReadOnlyList<string> path)
    {
        if (OfResource(type, path) is { } named)
            yield return named;
        foreach ((string pattern, string target) in _types.Where(entry => entry.Key.EndsWith('*') && type != entry.Value && !TemplateFiles.IsTemplate(entry.Value) && type.StartsWith(entry.Key[..^1], StringComparison.Ordinal)).OrderBy(entry => entry.Key, StringComparer.Ordinal))
            yield return target.EndsWith('*') ? target[..^1] + type[(pattern.Length - 1)..] : target;
        if (_types.GetValueOrDefault(type) is { } mapped)
            yield return mapped;
    }

    private void Add(string path, TemplateMap document)
    {
        foreach (string section in document.Entries.Keys.Where(key => !s_sections.Contains(key)))
            _unread.Add($"environment {TemplateRun.Name(path)} has {Shown.Value(section)}, which is no section of one");
        if (document.Map("parameter_merge_strategies").Entries.Any(entry => entry.Value is not TemplateText { Text: "overwrite" }))
            _unread.Add($"environment {TemplateRun.Name(path)} merges parameters, which is not read here");
        foreach ((string name, TemplateValue value) in document.Map("parameters").Entries.Where(entry => entry.Value is not TemplateNull))
            _parameters[name] = value;
        foreach ((string name, TemplateValue value) in document.Map("parameter_defaults").Entries.Where(entry => entry.Value is not TemplateNull))
            _defaults[name] = value;
        string folder = Path.GetDirectoryName(path)!;
        if (document.Map("resource_registry").Find("base_url") is not null)
            _unread.Add($"environment {TemplateRun.Name(path)} has a base_url, which is not read here");
        foreach ((string type, TemplateValue value) in document.Map("resource_registry").Entries)
        {
            if (type == "resources" && value is TemplateMap resources)
            {
                // all of an environment's before it are gone then: Heat merges registries one level deep
                _resources.Clear();
                Add(resources, [], folder);
            }
            else if (value is TemplateText { Text: var target })
                _types[type] = Located(target, folder);
        }
    }

    private void Add(TemplateMap level, string[] path, string folder)
    {
        foreach ((string key, TemplateValue value) in level.Entries)
        {
            if (value is TemplateMap inner && path.Length < 16)
                Add(inner, [.. path, key], folder);
            else if (value is TemplateText { Text: var target } && path.Length > 0 && key is not ("hooks" or "restricted_actions"))
                _resources.Add((path, key, Located(target, folder)));
        }
    }

    /// <summary>Stacks on the way by pattern, the resource itself by its name.</summary>
    private string? OfResource(string type, IReadOnlyList<string> path) =>
        _resources.FindLast(entry => entry.Type == type && entry.Path.Length == path.Count && entry.Path[^1] == path[^1] && entry.Path.Zip(path).All(names => Matches(names.First, names.Second))).Target;

    private static bool Matches(string pattern, string name) =>
        pattern == name || System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);

    private static string Located(string target, string folder) =>
        TemplateFiles.IsTemplate(target) ? TemplateFiles.Located(target, folder) ?? target : target;
}
