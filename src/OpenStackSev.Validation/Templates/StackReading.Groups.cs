using System.Globalization;

namespace OpenStackSev.Validation.Templates;

/// <summary>Groups: each member is read as Heat would name it, and one stands for all that differ from it by their names only.</summary>
/// <remarks>Source: heat/engine/resources/openstack/heat/resource_group.py and autoscaling_group.py.</remarks>
internal sealed partial class StackReading
{
    /// <summary>Of a larger group the rest is not judged, unless its members cannot differ.</summary>
    private const int MaximumMembers = 100;

    private const string ResourceGroup = "OS::Heat::ResourceGroup";

    /// <summary>Stacks of the members; none where they are no templates.</summary>
    private readonly Dictionary<string, List<StackReading>> _groups = new(StringComparer.Ordinal);

    private static bool IsGroup(string type) => type is ResourceGroup or "OS::Heat::AutoScalingGroup";

    private void ReadGroup(string name, string type, TemplateMap group)
    {
        _groups[name] = [];
        bool indexed = type == ResourceGroup;
        TemplateValue? definition = group.Find(indexed ? "resource_def" : "resource");
        if (definition is TemplateMap { Entries.Count: 1 })
            definition = _functions.Evaluate(definition);
        if (definition is not TemplateMap member || (member.Find("type") is { } kind ? _functions.Evaluate(kind) : null) is not TemplateText { Text: var written })
        {
            _run.Tell($"{Full(name)}: what its members are is not known");
            return;
        }
        int? count = indexed ? Count(group.Find("count")) : 1;
        TemplateMap properties = Properties(name, member);
        string index = group.Text("index_var") is { Length: > 0 } own ? own : "%index%";
        bool differ = indexed && (_run.Environment.NamesResources || Differs(properties, index, !TemplateFiles.IsTemplate(TypeOfMember(name, "0", written))));
        if (differ && count is not <= MaximumMembers)
            _run.Tell($"{Full(name)}: {(count is null ? "how many members it has is not known" : "it has many members")}, and only the first {MaximumMembers} were read");
        // Where nobody knows how many there are, there may be one.
        string[] names = [.. Names(group.Find("removal_policies"), differ ? Math.Min(count ?? MaximumMembers, MaximumMembers) : Math.Min(count ?? 1, 1))];
        int first = _run.Mark, end = first;
        foreach (string one in names)
        {
            int mark = _run.Mark;
            ReadMember(name, one, written, Metadata(member), indexed ? (TemplateMap)TemplateFunctions.Replace(properties, index, one, _run) : properties);
            if (one == names[0])
                end = _run.Mark;
            else if (_run.IsRepeated(first, end, mark, PlannedResource.In(Full(name), names[0]), PlannedResource.In(Full(name), one)))
                _run.Forget(mark);
        }
    }

    private void ReadMember(string group, string name, string written, TemplateValue metadata, TemplateMap properties)
    {
        string type = TypeOfMember(group, name, written);
        if (!TemplateFiles.IsTemplate(type))
            Add(new PlannedResource(Full(group), name, type, properties, []) { Metadata = metadata });
        else if (_run.Nested(type, [.. _path, group, name], _open, properties.Entries) is { } nested)
            _groups[group].Add(nested);
        if (IsGroup(type))
            _run.Tell($"{Full(group)}: a group of groups is not read here");
    }

    private string TypeOfMember(string group, string name, string written) => _run.Environment.Resolve(Located(written), [.. _path, group, name], _open);

    /// <summary>What is known of the members may be in an attribute of the group: a credential too.</summary>
    private TemplateUnknown OfMembers(string group, string attribute, List<StackReading> members)
    {
        IEnumerable<TemplateValue> told = attribute switch
        {
            "refs" or "refs_map" => [],
            _ when attribute.Split('.', 3) is ["resource", _, var of] => members.Select(member => member.Told(of, [])),
            _ => members.SelectMany(member => member.Outputs()),
        };
        return _run.Unknown("it is what members of a group will be", told.Append(new TemplateReference(Id, group, attribute)));
    }

    /// <summary>Names of members: those that are to be removed are never made.</summary>
    private static IEnumerable<string> Names(TemplateValue? removal, int count)
    {
        HashSet<string> removed = removal is not TemplateList policies ? [] : [.. policies.Items.OfType<TemplateMap>()
            .SelectMany(policy => (policy.Find("resource_list") as TemplateList)?.Items ?? []).OfType<TemplateText>().Select(text => text.Text)];
        for (int i = 0, made = 0; made < count; i++)
        {
            string name = i.ToString(CultureInfo.InvariantCulture);
            if (removed.Contains(name))
                continue;
            made++;
            yield return name;
        }
    }

    /// <summary>Null where it is not known; one where nothing is said.</summary>
    private static int? Count(TemplateValue? count) => count switch
    {
        null => 1,
        TemplateText text when int.TryParse(text.Text, NumberStyles.Integer, CultureInfo.InvariantCulture, out int number) && number >= 0 => number,
        _ => null,
    };

    /// <summary>The index is somewhere in it, beside the name of what is no template.</summary>
    private static bool Differs(TemplateValue value, string index, bool named) => value switch
    {
        TemplateText text => text.Text.Contains(index, StringComparison.Ordinal),
        TemplateList list => list.Items.Any(item => Differs(item, index, named: false)),
        TemplateMap map => map.Entries.Any(entry => !(named && entry.Key == "name") && Differs(entry.Value, index, named: false)),
        _ => false,
    };
}
