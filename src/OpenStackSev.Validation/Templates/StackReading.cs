using System.Globalization;

namespace OpenStackSev.Validation.Templates;

/// <summary>One template as one stack of a run: its parameters, conditions, resources and outputs.</summary>
/// <remarks>Source: heat/engine/hot/template.py and functions.py.</remarks>
internal sealed class StackReading
{
    /// <summary>What makes servers by templates or lists of its own.</summary>
    private static readonly HashSet<string> s_unopened = new(StringComparer.Ordinal)
    {
        "OS::Heat::ResourceChain", "OS::Heat::Stack", "OS::Heat::InstanceGroup", "AWS::CloudFormation::Stack", "AWS::EC2::Instance",
    };

    /// <summary>Properties by which gates are judged.</summary>
    private static readonly Dictionary<string, string[]> s_ofGates = new(StringComparer.Ordinal)
    {
        ["OS::Nova::Server"] = ["metadata"],
        ["OS::Heat::WaitConditionHandle"] = ["signal_transport"],
        ["OS::Heat::WaitCondition"] = ["handle", "timeout"],
    };

    private readonly TemplateRun _run;
    private readonly TemplateMap _template;
    private readonly string[] _path;
    private readonly string[] _open;
    private readonly string _folder;
    private readonly StackParameters _parameters;
    private readonly TemplateFunctions _functions;
    private readonly Dictionary<string, bool?> _conditions = new(StringComparer.Ordinal);
    private readonly HashSet<string> _busy = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StackReading?> _nested = new(StringComparer.Ordinal);

    /// <param name="path">Names of the resources that lead to it.</param>
    /// <param name="open">Files that it is nested in.</param>
    public StackReading(TemplateRun run, string file, string[] path, IReadOnlyDictionary<string, TemplateValue> given, string[]? open = null)
    {
        (_run, _path) = (run, path);
        _open = [.. open ?? [], file];
        _folder = Path.GetDirectoryName(file)!;
        _template = run.Files.Documents[file];
        // A part that only checks its parameters makes nothing, and is a template all the same.
        if (_template.Find("resources") is not (TemplateMap or null) || (_template.Find("resources") is null && _template.Find("heat_template_version") is null))
            throw new TemplateException($"{TemplateRun.Name(file)} has no resources, and is no template of Heat");
        _parameters = new StackParameters(run, Id, _template.Map("parameters"), given);
        _functions = new TemplateFunctions(run, this, _parameters, _folder);
    }

    public string Id => string.Join('.', _path);

    public void Read()
    {
        foreach ((string name, TemplateValue value) in _template.Map("resources").Entries)
        {
            if (value is not TemplateMap resource)
                _run.Tell($"{Full(name)}: is no map, and no resource");
            else if (IsMade(name))
                Read(name, resource);
        }
    }

    /// <summary>The resource is there: its condition holds, or nobody knows whether it does.</summary>
    public bool IsMade(string resource) =>
        _template.Map("resources").Find(resource) is TemplateMap map && (map.Find("condition") is not { } condition || Condition(condition) is not false);

    /// <summary>What an output will be; null where the stack has none of that name.</summary>
    public TemplateValue? Output(string name)
    {
        if (_template.Map("outputs").Find(name) is not TemplateMap output || output.Find("value") is not { } value)
            return null;
        return Once("output " + name, () => _functions.Evaluate(value)) ?? new TemplateUnknown($"output {Shown.Value(name)} is made of itself");
    }

    /// <summary>A condition by name, a word of truth, or a function; null where it is not known.</summary>
    public bool? Condition(TemplateValue condition)
    {
        if (condition is not TemplateText text)
            return _functions.Condition(condition);
        if (_template.Map("conditions").Find(text.Text) is not { } named)
            return StackParameters.Truth(text.Text);
        if (_conditions.TryGetValue(text.Text, out bool? known))
            return known;
        return _conditions[text.Text] = Once("condition " + text.Text, () => (object?)_functions.Condition(named)) as bool?;
    }

    /// <summary><c>get_attr</c>.</summary>
    public TemplateValue Attribute(string resource, string attribute, IReadOnlyList<TemplateValue> rest)
    {
        if (!IsMade(resource))
            return TemplateNull.Instance;
        if (!_nested.ContainsKey(resource) && _template.Map("resources").Find(resource) is TemplateMap later)
            Once("resource " + resource, () => ReadNested(resource, later));
        if (_nested.GetValueOrDefault(resource) is not { } nested)
            return new TemplateReference(Id, resource, attribute);
        TemplateValue value = nested.Output(attribute) ?? new TemplateUnknown($"resource {Shown.Value(resource)} has no output {Shown.Value(attribute)}");
        return rest.Aggregate(value, TemplateFunctions.Select);
    }

    private void Read(string name, TemplateMap resource)
    {
        string written = resource.Text("type") ?? throw new TemplateException($"resource {Shown.Value(name)} has no type");
        string type = TypeOf(name, written);
        if (TemplateFiles.IsTemplate(type))
        {
            if (!_nested.ContainsKey(name))
                ReadNested(name, resource);
            return;
        }
        TemplateMap properties = Properties(name, resource, keepGroup: true);
        string[] after = [.. resource.Find("depends_on") switch
        {
            TemplateText one => [one.Text],
            TemplateList several => several.Items.OfType<TemplateText>().Select(item => item.Text),
            _ => (IEnumerable<string>)[],
        }];
        Add(new PlannedResource(Id, name, type, properties, after));
        if (IsGroup(type))
            ReadGroup(name, type, resource.Map("properties"));
    }

    /// <summary>Takes note of a resource, and tells what of it is not known: nothing is called good that was not read.</summary>
    private void Add(PlannedResource resource)
    {
        _run.Add(resource);
        if (s_unopened.Contains(resource.Type) || resource.Type.StartsWith("AWS::AutoScaling::", StringComparison.Ordinal))
            _run.Tell($"{resource.Id}: what {resource.Type} makes is not read here, servers among it");
        else if (!resource.Type.StartsWith("OS::", StringComparison.Ordinal) && !resource.Type.StartsWith("AWS::", StringComparison.Ordinal))
            _run.Tell($"{resource.Id}: nothing says what type {Shown.Value(resource.Type)} stands for; an environment has to");
        foreach (string property in s_ofGates.GetValueOrDefault(resource.Type, []))
        {
            if (resource.Properties.Find(property) is TemplateUnknown unknown)
                _run.Tell($"{resource.Id}: its {property} is not known: {unknown.Why}");
        }
    }

    /// <summary>Empty, and told, where a function makes them of what is not known.</summary>
    private TemplateMap Properties(string name, TemplateMap resource, bool keepGroup = false)
    {
        if (_functions.Evaluate(resource.Map("properties"), keepGroup) is TemplateMap properties)
            return properties;
        _run.Tell($"{Full(name)}: its properties are not known");
        return TemplateMap.Empty;
    }

    private static bool IsGroup(string type) => type is "OS::Heat::ResourceGroup" or "OS::Heat::AutoScalingGroup";

    private object? ReadNested(string name, TemplateMap resource)
    {
        _nested[name] = null;
        string file = TypeOf(name, resource.Text("type") ?? "");
        if (TemplateFiles.IsTemplate(file))
            _nested[name] = _run.Nested(file, [.. _path, name], _open, Properties(name, resource).Entries);
        return null;
    }

    /// <summary>One member stands for all: they differ by their index.</summary>
    private void ReadGroup(string name, string type, TemplateMap properties)
    {
        if (_functions.Evaluate(properties.Find("count") ?? TemplateNull.Instance) is TemplateText { Text: "0" })
            return;
        TemplateMap member = properties.Map(type == "OS::Heat::ResourceGroup" ? "resource_def" : "resource");
        if (member.Text("type") is not { } written)
        {
            _run.Tell($"{Full(name)}: what its members are is not known");
            return;
        }
        string index = properties.Text("index_var") is { Length: > 0 } own ? own : "%index%";
        string resolved = _run.Environment.Resolve(Located(written), [.. _path, name, "0"]);
        TemplateMap first = Properties(name, member);
        if (Chooses(first, index))
            _run.Tell($"{Full(name)}: its members differ by more than their names, and only the first was read");
        TemplateMap evaluated = (TemplateMap)TemplateFunctions.Replace(first, index, "0", _run);
        if (TemplateFiles.IsTemplate(resolved))
            _run.Nested(resolved, [.. _path, name, "0"], _open, evaluated.Entries);
        else
            Add(new PlannedResource(Full(name), "0", resolved, evaluated, []));
        if (IsGroup(resolved))
            _run.Tell($"{Full(name)}: a group of groups is not read here");
    }

    /// <summary>The index stands for itself somewhere: something may be chosen by it.</summary>
    private static bool Chooses(TemplateValue value, string index) => value switch
    {
        TemplateText text => text.Text == index,
        TemplateList list => list.Items.Any(item => Chooses(item, index)),
        TemplateMap map => map.Entries.Values.Any(item => Chooses(item, index)),
        _ => false,
    };

    private string TypeOf(string name, string written) => _run.Environment.Resolve(Located(written), [.. _path, name]);

    private string Located(string type) =>
        TemplateFiles.IsTemplate(type) ? TemplateFiles.Located(type, _folder) ?? type : type;

    private string Full(string name) => _path.Length == 0 ? name : string.Create(CultureInfo.InvariantCulture, $"{Id}.{name}");

    /// <summary>Null where it is asked for while it is being found out.</summary>
    private T? Once<T>(string what, Func<T> find)
        where T : class?
    {
        if (!_busy.Add(what))
            return null;
        _run.Enter();
        try
        {
            return find();
        }
        finally
        {
            _run.Leave();
            _busy.Remove(what);
        }
    }
}
