namespace OpenStackSev.Control.Persistence.CurrentState;

/// <summary>How a gate stands.</summary>
public enum GateStanding
{
    /// <summary>Nothing is to be signalled yet.</summary>
    Waiting,

    /// <summary>A signal is written down and not confirmed.</summary>
    Signalling,

    /// <summary>Heat has our SUCCESS.</summary>
    Opened,

    /// <summary>Heat has our FAILURE.</summary>
    Closed,

    /// <summary>What the server names is not its gate: nothing is ever signalled.</summary>
    Refused,

    /// <summary>Over without a signal.</summary>
    Ended,
}

/// <summary>The wait condition's handle that a server names in its metadata, and what became of it. Change it as <see cref="HostState"/>.</summary>
/// <remarks>Stack and resource are words of whoever can write the server's metadata: they only name what is looked up in Heat.</remarks>
public sealed record GateState : StateChange
{
    public const int MaximumNameLength = 255;
    public const int MaximumReasonLength = 1000;
    public const int MaximumDataLength = 2000;
    public const int MaximumDetailLength = 500;

    /// <summary>Nova's UUID of the server.</summary>
    public required Guid Instance { get; init; }

    /// <summary>Keystone's id of its project.</summary>
    public required string Project { get; init; }

    /// <summary>As it is in the metadata.</summary>
    public required string Stack { get; init; }

    /// <inheritdoc cref="Stack"/>
    public required string Resource { get; init; }

    public GateStanding Standing { get; init; }

    /// <summary>When it was first seen in the metadata.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>When Heat had all three of it: stack, handle and server; null before the first time.</summary>
    public DateTimeOffset? CheckedAt { get; init; }

    /// <summary>Stable code: why it was closed, refused or ended; null for none.</summary>
    public string? Code { get; init; }

    /// <summary>The same for people.</summary>
    public string? Detail { get; init; }

    /// <summary>What is signalled, or was; null before.</summary>
    public bool? IsSuccess { get; init; }

    /// <summary>Of the signal.</summary>
    public string? Reason { get; init; }

    /// <summary>Of the signal: JSON.</summary>
    public string? Data { get; init; }

    /// <summary>In a row.</summary>
    public int Failures { get; init; }

    /// <summary>Of the last failure; null since something succeeded.</summary>
    public string? FailureCode { get; init; }

    public string? FailureDetail { get; init; }

    /// <summary>Nobody is asked about it before; while a signal is on its way, no other control plane takes it up before.</summary>
    public required DateTimeOffset NextLookAt { get; init; }

    /// <summary>When it was opened, closed, refused or ended.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    /// <summary>As of <see cref="HostState.Version"/>.</summary>
    public long Version { get; init; }

    public bool IsOpen => Standing is GateStanding.Waiting or GateStanding.Signalling;
}
