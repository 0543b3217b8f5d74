using System.Net;
using System.Net.Sockets;

namespace OpenStackSev.Agent.Capacity;

/// <summary>How this node is called in Placement: by UUID where one is known, else by the names to try, in order.</summary>
/// <param name="UuidSource">Where <paramref name="Uuid"/> comes from, for messages.</param>
public sealed record NodeIdentity(Guid? Uuid, string? UuidSource, IReadOnlyList<string> Names)
{
    /// <summary>Why neither a UUID nor a name can be tried; null when one can.</summary>
    public string? Problem { get; init; }

    private const int MaximumFileBytes = 4096;
    private static readonly TimeSpan LookupLimit = TimeSpan.FromSeconds(2);

    /// <summary>Configured UUID, else Nova's compute_id, else names: the configured one, or libvirt's, then the host name in full and in short.</summary>
    /// <param name="libvirtHostName">By which Nova registers a node; null where libvirt did not say.</param>
    /// <remarks>
    /// A UUID is exclusive: falling back to a name would find the provider of a former installation, which Nova itself refuses to use.
    /// </remarks>
    public static async Task<NodeIdentity> ReadAsync(CapacityOptions options, string platformRoot, string? libvirtHostName, CancellationToken ct)
    {
        if (options.NodeUuid is { } configured)
            return new NodeIdentity(configured, "[capacity] node_uuid", []);
        string computeId = Path.Join(platformRoot, options.ComputeIdFile);
        if (Guid.TryParse(ReadSmall(computeId), out Guid uuid))
            return new NodeIdentity(uuid, computeId, []);
        if (File.Exists(computeId))
            return new NodeIdentity(null, null, []) { Problem = $"{computeId} is there but holds no UUID that can be read" };
        if (options.NodeName is { } name)
            return new NodeIdentity(null, null, [name]);
        return new NodeIdentity(null, null, await HostNamesAsync(platformRoot, libvirtHostName, ct));
    }

    public override string ToString() =>
        Problem ?? (Uuid is { } uuid ? $"{uuid} (from {UuidSource})" : string.Join(", ", Names.Select(name => $"'{name}'")));

    private static async Task<IReadOnlyList<string>> HostNamesAsync(string platformRoot, string? libvirtHostName, CancellationToken ct)
    {
        var names = new List<string>();
        if (!string.IsNullOrEmpty(libvirtHostName))
            names.Add(libvirtHostName);
        string? own = ReadSmall(Path.Join(platformRoot, "etc/hostname"));
        bool thisMachine = Path.GetFullPath(platformRoot) == "/";
        if (thisMachine)
        {
            own = Dns.GetHostName();
            // What libvirt would say: it asks the resolver for the canonical one.
            if (await CanonicalNameAsync(own, ct) is { } canonical)
                names.Add(canonical);
        }

        if (!string.IsNullOrEmpty(own))
        {
            names.Add(own);
            names.Add(own.Split('.')[0]);
        }

        return [.. names.Distinct(StringComparer.Ordinal)];
    }

    private static async Task<string?> CanonicalNameAsync(string host, CancellationToken ct)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(LookupLimit);
        try
        {
            return (await Dns.GetHostEntryAsync(host, limit.Token)).HostName;
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException && !ct.IsCancellationRequested)
        {
            return null;
        }
    }

    private static string? ReadSmall(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return file.Exists && file.Length <= MaximumFileBytes ? File.ReadAllText(path).Trim() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}

/// <summary>No resource provider of Placement is this node. A daemon waits for it: Nova registers a node when nova-compute first starts.</summary>
public sealed class NodeNotFoundException(NodeIdentity identity, IReadOnlyList<string> nearest) : Exception(
    $"no resource provider is this node; tried {identity}; " +
    (nearest.Count == 0 ? "Placement has no compute node at all" : $"the nearest that exist are {string.Join(", ", nearest.Select(name => $"'{name}'"))}"))
{
    public NodeIdentity Identity { get; } = identity;
    public IReadOnlyList<string> Nearest { get; } = nearest;
}
