namespace OpenStackSev.Control.Persistence.CurrentState;

/// <summary>A chip that a node reported: one a socket. A chip belongs to one node in the whole cloud.</summary>
public sealed record HostChip : StateChange
{
    /// <summary>CHIP_ID in lower-case hexadecimal, 16 or 128 digits.</summary>
    public required string ChipId { get; init; }

    public required Guid Node { get; init; }
    public required ChipStatus Status { get; init; }
    public required DateTimeOffset FirstSeenAt { get; init; }

    /// <summary>User who approved it, or the rule that did; null while it is pending.</summary>
    public string? ApprovedBy { get; init; }

    public DateTimeOffset? ApprovedAt { get; init; }

    /// <summary>As of <see cref="HostState.Version"/>.</summary>
    public long Version { get; init; }
}

/// <summary>How far the enrolment of a chip is.</summary>
public enum ChipStatus
{
    /// <summary>Reported, and nobody said yes or no.</summary>
    Pending,

    /// <summary>Evidence of this chip counts for its node.</summary>
    Approved,

    /// <summary>Refused, or no longer in the node: evidence of this chip counts for nobody.</summary>
    Withdrawn,
}
