using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Validation;

/// <summary>What one cloud has, as far as flavors and images ask for it. Immutable; made once for many pairs.</summary>
/// <param name="Traits">Every trait that exists: <c>GET /traits</c>. Null when it is not known; the rules that need it are then silent.</param>
/// <param name="ResourceClasses">Every resource class that exists: <c>GET /resource_classes</c>. Null when it is not known.</param>
/// <param name="Nodes">Every compute node with its tree of providers. Null when it is not known.</param>
public sealed record CloudFacts(
    IReadOnlySet<string>? Traits = null, IReadOnlySet<string>? ResourceClasses = null, IReadOnlyList<NodeFacts>? Nodes = null);
