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
        // What is in a nested stack, or a member of a group, is before what the resource is that holds it.
        ILookup<string, PlannedResource> holding = resources.ToLookup(resource => resource.Id, StringComparer.Ordinal);
        (PlannedResource Later, PlannedResource Earlier)[] edges =
        [
            .. resources.SelectMany(resource => resource.DependsOn.SelectMany(name => named[(resource.Stack, name)])
                .Concat(resource.Properties.Mentions.Select(reference => (reference.Stack, reference.Name)).Distinct().SelectMany(of => of.Stack == resource.Stack ? named[of] : Holders(of.Stack, resource.Stack, holding)))
                .Distinct().Select(earlier => (resource, earlier))),
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

    /// <summary>Of a nested stack, the resource that it belongs to in the stack around it.</summary>
    private static IEnumerable<PlannedResource> Holders(string stack, string around, ILookup<string, PlannedResource> holding)
    {
        for (int end = stack.Length; end > 0; end = stack.LastIndexOf('.', end - 1))
        {
            foreach (PlannedResource holder in holding[stack[..end]].Where(holder => holder.Stack == around))
                yield return holder;
        }
    }
}
