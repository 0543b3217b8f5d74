namespace OpenStackSev.Control.Persistence.CurrentState;

/// <summary>What is known of a compute node now. Change it with <c>with</c> and append it with the record that explains the change.</summary>
public sealed record HostState : StateChange
{
    /// <summary>UUID of the compute node, as Nova and Placement have it.</summary>
    public required Guid Node { get; init; }

    /// <summary>The node's name in Nova.</summary>
    public required string Name { get; init; }

    public required DateTimeOffset FirstSeenAt { get; init; }
    public required DateTimeOffset LastSeenAt { get; init; }

    /// <summary>When <see cref="Facts"/> last became others.</summary>
    public required DateTimeOffset FactsChangedAt { get; init; }

    /// <summary>The host's last report as JSON, at most 64 KiB.</summary>
    public required byte[] Facts { get; init; }

    /// <summary>Since when the host is held to be silent; null while it reports.</summary>
    public DateTimeOffset? SilentSince { get; init; }

    /// <summary>
    /// 0 for a row that is not there yet, else as it was read. A writer who read an older version gets <see cref="StorageCodes.Conflict"/>.
    /// </summary>
    public long Version { get; init; }
}
