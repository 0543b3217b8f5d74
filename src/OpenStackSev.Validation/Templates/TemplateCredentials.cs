namespace OpenStackSev.Validation.Templates;

/// <summary>Credentials of handles, and which servers' hosts get them.</summary>
/// <remarks>
/// Source: heat/engine/resources/openstack/heat/wait_condition_handle.py; heat/engine/service.py, resource_signal and _get_stack: a token of a stack's own
/// user is good for all resources of that stack and of those that share its project of users, which nested ones do.
/// </remarks>
internal sealed class TemplateCredentials
{
    private const string Handle = "OS::Heat::WaitConditionHandle";

    /// <summary>Attributes of a handle by which whoever reads them gives its signal.</summary>
    private static readonly HashSet<string> s_attributes = new(["curl_cli", "token", "endpoint", "signal", TemplateReference.All], StringComparer.Ordinal);

    /// <summary>Handles that are themselves a signed URL, also without an attribute: good for them alone.</summary>
    private static readonly HashSet<string> s_signed = new(["AWS::CloudFormation::WaitConditionHandle", "OS::Heat::UpdateWaitConditionHandle"], StringComparer.Ordinal);

    private readonly Dictionary<(string Stack, string Name), PlannedResource> _named;
    private readonly ILookup<string, PlannedResource> _members;
    private readonly PlannedResource[] _deployments;
    private readonly HashSet<PlannedResource> _told = [];

    public TemplateCredentials(IReadOnlyList<PlannedResource> resources, IReadOnlyList<TemplateValue> outputs)
    {
        // By both parts: a name may contain the dot that joins them.
        _named = resources.DistinctBy(resource => (resource.Stack, resource.Name)).ToDictionary(resource => (resource.Stack, resource.Name));
        _members = resources.ToLookup(resource => resource.Stack, StringComparer.Ordinal);
        _deployments = [.. resources.Where(resource => resource.Type.StartsWith("OS::Heat::S", StringComparison.Ordinal) && resource.Type.Contains("Deployment", StringComparison.Ordinal))];
        foreach (TemplateReference reference in resources.SelectMany(resource => (TemplateValue[])[resource.Properties, resource.Metadata]).Concat(outputs).SelectMany(value => value.Mentions))
            _told.UnionWith(Given(reference));
    }

    public PlannedResource? Find(string stack, string name) => _named.GetValueOrDefault((stack, name));

    /// <summary>A credential of it is used somewhere.</summary>
    public bool IsTold(PlannedResource handle) => _told.Contains(handle);

    /// <summary>A credential of one is good for every gate of the stacks.</summary>
    public static bool OpensAll(PlannedResource told) => !s_signed.Contains(told.Type);

    /// <summary>Resources whose credentials reach the server by what the host reads, also through others that its properties are made of.</summary>
    public IReadOnlyCollection<PlannedResource> ToldTo(PlannedResource server)
    {
        var told = new HashSet<PlannedResource>();
        var seen = new HashSet<PlannedResource>();
        var open = new Stack<TemplateValue>([server.Properties, server.Metadata]);
        foreach (PlannedResource deployment in _deployments)
        {
            if (((string[])["server", "servers"]).Select(key => deployment.Properties.Find(key)).OfType<TemplateValue>().Any(value => value.Mentions.Any(of => of.Stack == server.Stack && of.Name == server.Name)))
                open.Push(deployment.Properties);
        }
        while (open.TryPop(out TemplateValue? value))
        {
            foreach (TemplateReference reference in value.Mentions)
            {
                told.UnionWith(Given(reference));
                if (Find(reference.Stack, reference.Name) is { } resource && resource.Type is not (Handle or "OS::Nova::Server") && !s_signed.Contains(resource.Type) && seen.Add(resource))
                    open.Push(resource.Properties);
            }
        }
        return told;
    }

    /// <summary>What is a credential of this reference; of a group, its members'.</summary>
    private IEnumerable<PlannedResource> Given(TemplateReference reference)
    {
        if (Find(reference.Stack, reference.Name) is not { } resource)
            return [];
        if (resource.Type is "OS::Heat::ResourceGroup" or "OS::Heat::AutoScalingGroup")
            return reference.Attribute is null ? [] : _members[resource.Id].Where(member => s_signed.Contains(member.Type) || (member.Type == Handle && reference.Attribute is not ("refs" or "refs_map")));
        bool given = s_signed.Contains(resource.Type)
            || (resource.Type == Handle && reference.Attribute is { } attribute && s_attributes.Contains(attribute))
            || (resource.Type == "AWS::IAM::AccessKey" && reference.Attribute is "SecretAccessKey" or TemplateReference.All);
        return given ? [resource] : [];
    }
}
