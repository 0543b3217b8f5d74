namespace OpenStackSev.Validation.Templates;

/// <summary>What a template makes, as far as it is known before a stack of it is made. Pure.</summary>
public sealed class TemplateReading
{
    private readonly Dictionary<string, FlavorSpec> _flavors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ImageSpec> _images = new(StringComparer.Ordinal);
    private readonly List<PlannedServer> _servers = [];
    private readonly List<string> _unread = [];

    private TemplateReading(IReadOnlyList<PlannedResource> resources, IEnumerable<string> unread)
    {
        Resources = resources;
        _unread.AddRange(unread);
    }

    /// <summary>What the outermost stack's outputs are made of.</summary>
    internal IReadOnlyList<TemplateValue> Outputs { get; private init; } = [];

    /// <summary>By id of the resource.</summary>
    public IReadOnlyDictionary<string, FlavorSpec> Flavors => _flavors;

    /// <summary>By id of the resource.</summary>
    public IReadOnlyDictionary<string, ImageSpec> Images => _images;

    public IReadOnlyList<PlannedServer> Servers => _servers;

    /// <summary>What could not be read and may hide something, one sentence each, without a full stop.</summary>
    public IReadOnlyList<string> Unread => _unread;

    internal IReadOnlyList<PlannedResource> Resources { get; }

    /// <param name="parameters">As given on a command line; they win over environments.</param>
    /// <returns>Null with the first problem in words where nothing can be judged.</returns>
    public static TemplateReading? Of(TemplateFiles files, IReadOnlyDictionary<string, string> parameters, out string? problem)
    {
        var run = new TemplateRun(files);
        try
        {
            run.Read(parameters);
        }
        catch (TemplateException e)
        {
            problem = e.Message;
            return null;
        }
        problem = null;
        var reading = new TemplateReading(run.Resources, run.Unread) { Outputs = run.Outputs };
        foreach (PlannedResource resource in run.Resources)
            reading.Add(resource);
        return reading;
    }

    private void Add(PlannedResource resource)
    {
        TemplateMap properties = resource.Properties;
        switch (resource.Type)
        {
            case "OS::Nova::Flavor" when Texts(resource, "extra_specs") is { } specs:
                _flavors[resource.Id] = new FlavorSpec(
                    properties.Text("name") ?? resource.Id, properties.Text("flavorid"), specs,
                    Count(properties, "ram"), Count(properties, "vcpus"), Count(properties, "disk"), properties.Text("is_public") is { } text ? NovaBoolean.Of(text) : null);
                break;
            case "OS::Glance::WebImage" when Texts(resource, "extra_properties") is { } extra:
                // Heat sets the others after these.
                foreach (string own in (string[])["architecture", "kernel_id", "ramdisk_id", "os_distro", "os_version"])
                {
                    if (properties.Text(own) is { } value)
                        extra.TryAdd(own, value);
                }
                _images[resource.Id] = new ImageSpec(
                    properties.Text("name") ?? resource.Id, properties.Text("id"), extra, properties.Text("disk_format"), null, properties.Text("visibility"));
                break;
            case "OS::Nova::Server":
                _servers.Add(new(resource.Id, Choice(properties.Find("flavor"), "flavor", "OS::Nova::Flavor"), Choice(ImageOf(properties), "image", "OS::Glance::WebImage")));
                break;
            default:
                break;
        }
    }

    /// <summary>The image that it boots from, also where that is named by its first disk.</summary>
    private static TemplateValue? ImageOf(TemplateMap server)
    {
        TemplateValue? own = server.Find("image");
        TemplateMap? first = (server.Find("block_device_mapping_v2") as TemplateList)?.Items.OfType<TemplateMap>()
            .FirstOrDefault(disk => disk.Text("boot_index") is "0" or null && (own is null ? disk.Find("image") is not null : disk.Text("boot_index") == "0"));
        if (own is null || first is null)
            return own ?? first?.Find("image");
        return Names(first.Find("image")) == Names(own) ? own : new TemplateUnknown("it names an image and boots from another disk");
    }

    private static string? Names(TemplateValue? image) => image switch
    {
        TemplateText text => "name " + text.Text,
        TemplateReference reference => $"resource {reference.Stack} {reference.Name} {reference.Attribute}",
        _ => null,
    };

    private TemplateChoice Choice(TemplateValue? value, string what, string type) => value switch
    {
        TemplateText { Text.Length: > 0 } text => new(text.Text, null, null),
        TemplateReference { Attribute: null } reference when Named(reference) is { } made && made.Type == type => new(null, made.Id, null),
        TemplateUnknown unknown => new(null, null, unknown.Why),
        TemplateReference reference => new(null, null, $"its {what} is what resource {Shown.Value(reference.Name)} will be"),
        null => new(null, null, $"it names no {what}"),
        _ => new(null, null, $"its {what} is no name"),
    };

    private PlannedResource? Named(TemplateReference reference) =>
        Resources.FirstOrDefault(resource => resource.Stack == reference.Stack && resource.Name == reference.Name);

    /// <summary>A property of texts; null, and told, where one of them is not known.</summary>
    private Dictionary<string, string>? Texts(PlannedResource resource, string property)
    {
        var texts = new Dictionary<string, string>(StringComparer.Ordinal);
        switch (resource.Properties.Find(property))
        {
            case null:
                return texts;
            case TemplateMap map:
                foreach ((string key, TemplateValue value) in map.Entries)
                {
                    if (value is TemplateUnknown or TemplateReference)
                        return Untold(resource, $"{property} {Shown.Value(key)}", value);
                    if (value is TemplateText text)
                        texts[key] = text.Text;
                }
                // One that is refused takes all with it: what there is then has none of them. A finding says so.
                if (TemplateValues.Refused(resource).Any())
                    return [];
                if (texts.Count <= OpenStackBody.MaximumProperties)
                    return texts;
                _unread.Add($"{resource.Id}: more than {OpenStackBody.MaximumProperties} {property}");
                return null;
            case var other:
                return Untold(resource, property, other);
        }
    }

    private Dictionary<string, string>? Untold(PlannedResource resource, string what, TemplateValue value)
    {
        _unread.Add($"{resource.Id}: {what} {(value is TemplateUnknown unknown ? $"is not known: {unknown.Why}" : value is TemplateReference ? "is known when the stack is made" : "is no map")}");
        return null;
    }

    private static int Count(TemplateMap properties, string key) =>
        int.TryParse(properties.Text(key), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out int count) ? count : 0;
}

/// <summary>Nothing can be judged by this template; the message says why.</summary>
internal sealed class TemplateException(string message) : Exception(message);
