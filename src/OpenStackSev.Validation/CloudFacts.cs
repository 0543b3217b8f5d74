using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Validation;

/// <summary>What one cloud has, as far as flavors and images ask for it. Immutable; made once for many pairs.</summary>
/// <param name="Traits">Every trait that exists: <c>GET /traits</c>. Null when it is not known; the rules that need it are then silent.</param>
/// <param name="ResourceClasses">Every resource class that exists: <c>GET /resource_classes</c>. Null when it is not known.</param>
/// <param name="Nodes">Every compute node with its tree of providers. Null when it is not known.</param>
public sealed record CloudFacts(
    IReadOnlySet<string>? Traits = null, IReadOnlySet<string>? ResourceClasses = null, IReadOnlyList<NodeFacts>? Nodes = null)
{
    // What is derived below would be stale after a copy with other nodes.
    public IReadOnlyList<NodeFacts>? Nodes { get; } = Nodes;

    /// <summary>The models that hosts offer encryption contexts for, the weakest first. Null when the nodes are not known.</summary>
    public IReadOnlyList<string>? Models { get; } = Nodes is null ? null : [.. ModelNames.Ours.Where(model => Nodes.Any(node => Offers(node, model)))];

    /// <summary>Resource classes that some provider has; null when the nodes are not known.</summary>
    internal IReadOnlySet<string>? ProvidedClasses { get; } = Nodes is null ? null
        : Providers(Nodes).SelectMany(provider => provider.Inventories.Keys).ToHashSet(StringComparer.Ordinal);

    /// <summary>Traits that some provider has; null when the nodes are not known.</summary>
    internal IReadOnlySet<string>? ProvidedTraits { get; } = Nodes is null ? null
        : Providers(Nodes).SelectMany(provider => provider.Traits).ToHashSet(StringComparer.Ordinal);

    /// <summary>Nodes with encryption contexts whose memory may be given out more than once, with the ratio.</summary>
    internal IReadOnlyList<(NodeFacts Node, double Ratio)> Overcommitted { get; } = Nodes is null ? []
        : [.. Nodes.Where(node => ModelNames.Ours.Any(model => Offers(node, model)))
            .Select(node => (node, node.Root.Inventories.TryGetValue("MEMORY_MB", out InventoryFacts? memory) ? memory.AllocationRatio : 1.0))
            .Where(found => found.Item2 > 1.0)];

    private static IEnumerable<ProviderFacts> Providers(IReadOnlyList<NodeFacts> nodes) => nodes.SelectMany(node => node.Providers);

    /// <summary>Contexts of a model: on a child with its trait since 2025.2, before on the root, where all of them are plain SEV.</summary>
    private static bool Offers(NodeFacts node, string model) => node.Providers.Any(provider =>
        provider.Inventories.TryGetValue(SevNames.Context, out InventoryFacts? contexts) && contexts.Total > contexts.Reserved
        && (provider.Parent is null ? model == ModelNames.Sev : SevNames.NovaTrait(model) is { } trait && provider.Traits.Contains(trait)));
}
