using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Inspection;

/// <summary>The trust of all hosts, as SevTrustFilter is told it; or why nobody knows.</summary>
/// <param name="Hosts">Null when it could not be read.</param>
/// <param name="Unread">Why, in words; null when it was read.</param>
public sealed record TrustReading(TrustedHosts? Hosts, string? Unread)
{
    public static TrustReading Of(TrustedHosts hosts) => new(hosts, null);

    public static TrustReading Failed(string why) => new(null, why);
}

/// <summary>One host, and what the control plane says of it.</summary>
/// <param name="Node">UUID of the compute node.</param>
public sealed record TrustedHost(Guid Node, string Name, HostTrustFacts Trust);

/// <summary>All hosts at one time.</summary>
public sealed class TrustedHosts(IReadOnlyCollection<TrustedHost> hosts, DateTimeOffset now)
{
    private readonly Dictionary<Guid, HostTrustFacts> byNode = hosts.GroupBy(host => host.Node).ToDictionary(group => group.Key, group => group.Last().Trust);

    private readonly Dictionary<string, HostTrustFacts> byName = hosts.GroupBy(host => host.Name, StringComparer.Ordinal).Where(group => group.Count() == 1)
        .ToDictionary(group => group.Key, group => group.First().Trust, StringComparer.Ordinal);

    /// <summary>As the filter finds it: by UUID, else by a name that one host alone has, which makes none trusted.</summary>
    public TrustStanding Of(NodeFacts node) => new(
        byNode.TryGetValue(node.Root.Uuid, out HostTrustFacts? known) ? known
        : byName.TryGetValue(node.Name, out HostTrustFacts? named) && named.Trust != FilterRule.Trusted ? named : null, now);
}
