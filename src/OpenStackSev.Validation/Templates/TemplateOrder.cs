namespace OpenStackSev.Validation.Templates;

/// <summary>What Heat makes before what: by <c>depends_on</c>, and by all that a property is made of. Within one stack.</summary>
/// <remarks>Source: heat/engine/dependencies.py; heat/engine/resource.py, add_dependencies.</remarks>
internal sealed class TemplateOrder
{
    private readonly ILookup<PlannedResource, PlannedResource> _before;
    private readonly ILookup<PlannedResource, PlannedResource> _after;

    public TemplateOrder(IReadOnlyList<PlannedResource> resources)
    {
        ILookup<(string Stack, string Name), PlannedResource> named = resources.ToLookup(resource => (resource.Stack, resource.Name));
        (PlannedResource Later, PlannedResource Earlier)[] edges =
        [
            .. resources.SelectMany(resource => resource.DependsOn.Concat(resource.Properties.Mentions.Select(reference => InStack(reference, resource.Stack)).OfType<string>())
                .Distinct(StringComparer.Ordinal).SelectMany(name => named[(resource.Stack, name)]).Select(earlier => (resource, earlier))),
        ];
        _before = edges.ToLookup(edge => edge.Later, edge => edge.Earlier);
        _after = edges.ToLookup(edge => edge.Earlier, edge => edge.Later);
    }

    public HashSet<PlannedResource> Before(PlannedResource resource) => Reached(resource, _before);

    public HashSet<PlannedResource> After(PlannedResource resource) => Reached(resource, _after);

    private static HashSet<PlannedResource> Reached(PlannedResource from, ILookup<PlannedResource, PlannedResource> edges)
    {
        var reached = new HashSet<PlannedResource>();
        var open = new Stack<PlannedResource>([from]);
        while (open.TryPop(out PlannedResource? one))
        {
            foreach (PlannedResource other in edges[one])
            {
                if (reached.Add(other))
                    open.Push(other);
            }
        }
        return reached;
    }

    /// <summary>Of a nested stack, the resource that it belongs to.</summary>
    private static string? InStack(TemplateReference reference, string stack)
    {
        if (reference.Stack == stack)
            return reference.Name;
        string prefix = stack.Length == 0 ? "" : stack + ".";
        return reference.Stack.StartsWith(prefix, StringComparison.Ordinal) ? reference.Stack[prefix.Length..].Split('.')[0] : null;
    }
}
