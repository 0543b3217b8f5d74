namespace OpenStackSev.Control.Events;

/// <summary>A request that would change something, and how it ended.</summary>
public sealed record AuditRecord
{
    public required Guid Id { get; init; }
    public required DateTimeOffset Time { get; init; }
    public required string Method { get; init; }

    /// <summary>Path without query.</summary>
    public required string Path { get; init; }

    /// <summary>Status of the answer.</summary>
    public required int Status { get; init; }

    public required string RequestId { get; init; }

    /// <summary>The id in the path that it was about, or null.</summary>
    public string? Target { get; init; }

    /// <summary>Keystone user, or node, or null for one who did not authenticate.</summary>
    public string? InitiatorId { get; init; }

    public string? InitiatorName { get; init; }
    public string? ProjectId { get; init; }
    public string? Address { get; init; }
    public string? UserAgent { get; init; }

    /// <summary>True: the initiator is a compute node that showed its certificate.</summary>
    public bool IsNode { get; init; }
}
