namespace OpenStackSev.Validation.Templates;

/// <summary>One template as one stack of a run: its parameters, conditions, resources and outputs.</summary>
/// <remarks>Source: heat/engine/hot/template.py and functions.py.</remarks>
internal sealed partial class StackReading
{
    /// <summary>What makes servers by templates or lists of its own.</summary>
    private static readonly HashSet<string> s_unopened = new(StringComparer.Ordinal)
    {
        "OS::Heat::ResourceChain", "OS::Heat::Stack", "OS::Heat::InstanceGroup", "AWS::CloudFormation::Stack", "AWS::EC2::Instance",
        "OS::Magnum::Cluster", "OS::Senlin::Cluster", "OS::Senlin::Node", "OS::Senlin::Profile", "OS::Sahara::Cluster", "OS::Trove::Instance", "OS::Trove::Cluster",
    };

    /// <summary>Properties by which gates are judged.</summary>
    private static readonly Dictionary<string, string[]> s_ofGates = new(StringComparer.Ordinal)
    {
        ["OS::Nova::Server"] = ["metadata", "user_data_format"],
        ["OS::Heat::WaitConditionHandle"] = ["signal_transport"],
        ["OS::Heat::WaitCondition"] = ["handle", "timeout", "count"],
        ["AWS::CloudFormation::WaitCondition"] = ["Handle", "Timeout", "Count"],
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
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);
    private readonly Dictionary<string, StackReading?> _nested = new(StringComparer.Ordinal);

    /// <param name="path">Names of the resources that lead to it.</param>
    /// <param name="open">Files that it is nested in.</param>
    public StackReading(TemplateRun run, string file, string[] path, IReadOnlyDictionary<string, TemplateValue> given, string[]? open = null)
    {
        (_run, _path, Id) = (run, path, path.Aggregate("", PlannedResource.In));
        _open = [.. open ?? [], file];
        _folder = Path.GetDirectoryName(file)!;
        _template = run.Files.Documents[file];
        // A part that only checks its parameters makes nothing, and is a template all the same.
        if (_template.Find("resources") is not (TemplateMap or null) || (_template.Find("resources") is null && _template.Find("heat_template_version") is null))
            throw new TemplateException($"{TemplateRun.Name(file)} has no resources, and is no template of Heat");
        TemplateVersion version = TemplateVersion.Of(_template.Text("heat_template_version"))
            ?? throw new TemplateException($"{TemplateRun.Name(file)} has no heat_template_version that Heat knows");
        if (!version.HasConditions && (_template.Find("conditions") is not null || _template.Map("resources").Entries.Values.Any(value => value is TemplateMap resource && resource.Entries.ContainsKey("condition"))))
            throw new TemplateException($"{TemplateRun.Name(file)} has conditions, which its heat_template_version has not");
        _parameters = new StackParameters(run, Id, _template.Map("parameters"), given);
        _functions = new TemplateFunctions(run, this, _parameters, version, _folder);
    }

    public string Id { get; }

    public void Read()
    {
        foreach ((string name, TemplateValue value) in _template.Map("resources").Entries)
        {
            if (value is not TemplateMap resource)
                _run.Tell($"{Full(name)}: is no map, and no resource");
            else if (IsMade(name))
                Once("resource " + name, () => Read(name, resource));
        }
    }

    public bool HasResource(string name) => _template.Map("resources").Find(name) is TemplateMap;

    /// <summary>The resource is there: its condition holds, or nobody knows whether it does, which is told.</summary>
    public bool IsMade(string resource)
    {
        if (_template.Map("resources").Find(resource) is not TemplateMap map)
            return false;
        if (map.Find("condition") is not { } condition)
            return true;
        bool? made = Condition(condition);
        if (made is null)
            _run.Tell($"{Full(resource)}: whether its condition holds is not known");
        return made is not false;
    }

    /// <summary>What an output will be; null where the stack has none of that name.</summary>
    public TemplateValue? Output(string name)
    {
        if (_template.Map("outputs").Find(name) is not TemplateMap output || output.Find("value") is not { } value)
            return null;
        if (output.Find("condition") is { } condition && Condition(condition) is false)
            return TemplateNull.Instance;
        return Once("output " + name, () => _functions.Evaluate(value)) ?? new TemplateUnknown($"output {Shown.Value(name)} is made of itself");
    }

    /// <summary>All that the stack tells by its outputs.</summary>
    public IEnumerable<TemplateValue> Outputs() => _template.Map("outputs").Entries.Keys.Select(Output).OfType<TemplateValue>();

    /// <summary>A condition by name, true, false, or a function; null where it is not known. None at all holds.</summary>
    public bool? Condition(TemplateValue condition)
    {
        if (condition is TemplateNull)
            return true;
        if (condition is not TemplateText text)
            return _functions.Condition(condition);
        if (text.Scalar == TemplateScalar.Boolean)
            return text.Text == "True";
        // The words 'true' and 'yes' in quotes are names like all others.
        if (!text.IsText || _template.Map("conditions").Find(text.Text) is not { } named)
            return null;
        if (_conditions.TryGetValue(text.Text, out bool? known))
            return known;
        return _conditions[text.Text] = named is TemplateText { Scalar: TemplateScalar.Boolean } truth ? truth.Text == "True"
            : Once("condition " + text.Text, () => (object?)_functions.Condition(named)) as bool?;
    }

    /// <summary><c>get_attr</c>.</summary>
    public TemplateValue Attribute(string resource, string attribute, IReadOnlyList<TemplateValue> rest)
    {
        if (_template.Map("resources").Find(resource) is TemplateMap later)
            Once("resource " + resource, () => Read(resource, later));
        if (_groups.TryGetValue(resource, out List<StackReading>? members))
            return OfMembers(resource, attribute, members);
        return _nested.GetValueOrDefault(resource) is { } nested ? nested.Told(attribute, rest) : new TemplateReference(Id, resource, attribute);
    }

    /// <summary>An attribute of what the stack is nested in: an output, or an attribute of a resource in it.</summary>
    private TemplateValue Told(string attribute, IReadOnlyList<TemplateValue> rest)
    {
        if (attribute.Split('.', 3) is ["resource", var inner, .. var of])
            return of.Length == 0 ? new TemplateReference(Id, inner, null) : IsMade(inner) ? Attribute(inner, of[0], rest) : new TemplateUnknown($"stack {Shown.Value(Id)} has no resource {Shown.Value(inner)}");
        if (attribute is "outputs" or TemplateReference.All)
            return _run.Unknown("all outputs of a nested stack", Outputs());
        TemplateValue value = Output(attribute) ?? new TemplateUnknown($"stack {Shown.Value(Id)} has no output {Shown.Value(attribute)}");
        return _functions.Select(value, rest);
    }

    /// <summary>Once a run: what it makes may be asked for before it is its turn.</summary>
    private object? Read(string name, TemplateMap resource)
    {
        if (!_read.Add(name))
            return null;
        string written = resource.Text("type") ?? throw new TemplateException($"resource {Shown.Value(name)} has no type");
        string type = TypeOf(name, written);
        if (resource.Find("external_id") is not null)
        {
            _run.Tell($"{Full(name)}: it has an external_id: it is there already, and nothing here says how it is");
            return null;
        }
        TemplateMap properties = Properties(name, resource, keepGroup: IsGroup(type));
        string[] after = [.. resource.Find("depends_on") switch
        {
            TemplateText one => [one.Text],
            TemplateList several => several.Items.OfType<TemplateText>().Select(item => item.Text),
            _ => (IEnumerable<string>)[],
        }];
        var planned = new PlannedResource(Id, name, type, properties, after) { Metadata = Metadata(resource) };
        if (TemplateFiles.IsTemplate(type))
        {
            _run.Add(planned);
            _nested[name] = null;
            _nested[name] = _run.Nested(type, [.. _path, name], _open, properties.Entries);
            return null;
        }
        Add(planned);
        if (IsGroup(type))
            ReadGroup(name, type, properties);
        return null;
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
            TellUnknown(resource, property, resource.Properties.Find(property));
        if (resource.Type == "OS::Nova::Server")
        {
            foreach (string key in TemplateRules.Keys)
                TellUnknown(resource, "metadata " + key, resource.Properties.Map("metadata").Find(key));
        }
    }

    private void TellUnknown(PlannedResource resource, string what, TemplateValue? value)
    {
        if (value is TemplateUnknown unknown)
            _run.Tell($"{resource.Id}: its {what} is not known: {unknown.Why}");
    }

    /// <summary>Empty, and told, where a function makes them of what is not known.</summary>
    private TemplateMap Properties(string name, TemplateMap resource, bool keepGroup = false)
    {
        TemplateValue properties = _functions.Evaluate(resource.Find("properties") ?? TemplateMap.Empty, keepGroup);
        if (properties is TemplateMap map)
            return map;
        if (properties is not (TemplateNull or TemplateAbsent))
            _run.Tell($"{Full(name)}: its properties are not known");
        return TemplateMap.Empty;
    }

    private TemplateValue Metadata(TemplateMap resource) => _functions.Evaluate(resource.Find("metadata") ?? TemplateMap.Empty);

    private string TypeOf(string name, string written) => _run.Environment.Resolve(Located(written), [.. _path, name], _open);

    private string Located(string type) =>
        TemplateFiles.IsTemplate(type) ? TemplateFiles.Located(type, _folder) ?? type : type;

    private string Full(string name) => PlannedResource.In(Id, name);

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
