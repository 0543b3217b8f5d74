namespace OpenStackSev.Validation.Templates;

/// <summary>Environments laid over each other, the later one on top: parameters, their defaults, and what a type stands for.</summary>
/// <remarks>Source: heat/engine/environment.py.</remarks>
internal sealed class TemplateEnvironment
{
    private const int LongestChain = 8;

    private readonly Dictionary<string, TemplateValue> _parameters = new(StringComparer.Ordinal);
    private readonly Dictionary<string, TemplateValue> _defaults = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _types = new(StringComparer.Ordinal);
    private readonly List<(string[] Path, string Type, string Target)> _resources = [];

    public IReadOnlyDictionary<string, TemplateValue> Parameters => _parameters;

    /// <summary>Hold in nested stacks too.</summary>
    public IReadOnlyDictionary<string, TemplateValue> Defaults => _defaults;

    public static TemplateEnvironment Of(TemplateFiles files)
    {
        var environment = new TemplateEnvironment();
        foreach (string path in files.Environments)
            environment.Add(path, files.Documents[path]);
        return environment;
    }

    /// <summary>The type that is made, or the path of the template that stands for it.</summary>
    /// <param name="path">Names of the nested stacks, then of the resource.</param>
    public string Resolve(string type, IReadOnlyList<string> path)
    {
        for (int i = 0; i < LongestChain; i++)
        {
            string? target = OfResource(type, path) ?? _types.GetValueOrDefault(type) ?? OfWildcard(type);
            if (target is null || target == type)
                return type;
            type = target;
        }
        return type;
    }

    private void Add(string path, TemplateMap document)
    {
        foreach ((string name, TemplateValue value) in document.Map("parameters").Entries)
            _parameters[name] = value;
        foreach ((string name, TemplateValue value) in document.Map("parameter_defaults").Entries)
            _defaults[name] = value;
        string folder = Path.GetDirectoryName(path)!;
        foreach ((string type, TemplateValue value) in document.Map("resource_registry").Entries)
        {
            if (type == "resources" && value is TemplateMap resources)
                Add(resources, [], folder);
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

    private string? OfResource(string type, IReadOnlyList<string> path) =>
        _resources.FindLast(entry => entry.Type == type && entry.Path.Length == path.Count && entry.Path.Zip(path).All(names => Matches(names.First, names.Second))).Target;

    /// <summary><c>OS::Networking::*</c> for <c>OS::Neutron::*</c>.</summary>
    private string? OfWildcard(string type)
    {
        foreach ((string pattern, string target) in _types)
        {
            if (pattern.EndsWith('*') && target.EndsWith('*') && type.StartsWith(pattern[..^1], StringComparison.Ordinal))
                return target[..^1] + type[(pattern.Length - 1)..];
        }
        return null;
    }

    private static bool Matches(string pattern, string name) =>
        pattern == name || System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);

    private static string Located(string target, string folder) =>
        TemplateFiles.IsTemplate(target) ? TemplateFiles.Located(target, folder) ?? target : target;
}
