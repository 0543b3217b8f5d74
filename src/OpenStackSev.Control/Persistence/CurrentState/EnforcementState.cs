namespace OpenStackSev.Control.Persistence.CurrentState;

/// <summary>What can be done about an instance, the mildest first. One that is more severe has a greater value.</summary>
[Flags]
public enum Measures
{
    None = 0,

    /// <summary>A row of history.</summary>
    Record = 1,

    /// <summary>An event that somebody should look at.</summary>
    Event = 2,

    /// <summary>A server tag.</summary>
    Tag = 4,

    /// <summary>Locked in Nova, with a reason.</summary>
    Lock = 8,

    Stop = 16,
    Shelve = 32,
}

/// <summary>How enforcement stands to an instance.</summary>
public enum EnforcementStanding
{
    /// <summary>Nothing speaks against it, and nothing of ours is in place.</summary>
    Clear,

    /// <summary>It is bad, and not for long enough yet.</summary>
    Waiting,

    /// <summary>A request to Nova is written down and not confirmed.</summary>
    Acting,

    /// <summary>What the rules want is done.</summary>
    Acted,

    /// <summary>The rules want something, and <see cref="EnforcementState.Reason"/> says why it is not done.</summary>
    Withheld,

    /// <summary>As withheld, because rules are only tried.</summary>
    DryRun,
}

/// <summary>What enforcement knows and did of an instance that was found bad once. Change it as <see cref="HostState"/>.</summary>
/// <remarks>What is to be done is decided anew each time; here is only what was seen and what was done by us.</remarks>
public sealed record EnforcementState : StateChange
{
    /// <summary>Nova's UUID of the server.</summary>
    public required Guid Instance { get; init; }

    /// <summary>Keystone's id of its project.</summary>
    public required string Project { get; init; }

    public EnforcementStanding Standing { get; init; }

    /// <summary>Stable code; null where the standing says all.</summary>
    public string? Reason { get; init; }

    /// <summary>Since when it is bad without a pause, as it was noticed here; null while it is not.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Judgements that found it bad since then, and the time of the last one that was counted.</summary>
    public int Rounds { get; init; }

    public DateTimeOffset? JudgedAt { get; init; }

    /// <summary>Done by us, and still ours to undo.</summary>
    public Measures Done { get; init; }

    /// <summary>Tried and refused, or so already by somebody else: left aside until <see cref="SkippedUntil"/>.</summary>
    public Measures Skipped { get; init; }

    public DateTimeOffset? SkippedUntil { get; init; }

    /// <summary>The one measure that is written down and not confirmed.</summary>
    public Measures Pending { get; init; }

    /// <summary>True: <see cref="Pending"/> is to be undone.</summary>
    public bool PendingUndo { get; init; }

    public DateTimeOffset? PendingSince { get; init; }

    /// <summary>In a row.</summary>
    public int Failures { get; init; }

    /// <summary>Of the last failure; null since something succeeded.</summary>
    public string? FailureCode { get; init; }

    /// <summary>What is pending is not tried before; null for at once.</summary>
    public DateTimeOffset? NextTryAt { get; init; }

    /// <summary>When Nova last did something for us.</summary>
    public DateTimeOffset? LastActionAt { get; init; }

    /// <summary>What speaks against it speaks against its host.</summary>
    public bool BlamesHost { get; init; }

    /// <summary>It was part of a request to quarantine its host.</summary>
    public bool QuarantineRequested { get; init; }

    /// <summary>An administrator released it until then; null for no release.</summary>
    public DateTimeOffset? ReleasedUntil { get; init; }

    /// <summary>As of <see cref="HostState.Version"/>.</summary>
    public long Version { get; init; }

    public static EnforcementState New(InstanceState instance) => new() { Instance = instance.Instance, Project = instance.Project };
}

/// <summary>Whether enforcement stands still because too many turned bad at once: one row, once there was a reason for it.</summary>
public sealed record BreakerState : StateChange
{
    /// <summary>Always <see cref="TheOnly"/>.</summary>
    public int Id { get; init; } = TheOnly;

    public const int TheOnly = 1;

    /// <summary>Null while it is closed.</summary>
    public DateTimeOffset? OpenedAt { get; init; }

    /// <summary>Why it opened last, for people.</summary>
    public string? Reason { get; init; }

    /// <summary>Instances that were judged, and those that had turned bad, when it opened last.</summary>
    public int Judged { get; init; }

    public int Bad { get; init; }

    /// <summary>When an administrator last let enforcement go on: what turned bad before does not open it again.</summary>
    public DateTimeOffset? ResumedAt { get; init; }

    /// <summary>User's name.</summary>
    public string? ResumedBy { get; init; }

    /// <summary>Digest of the rules that were last in force, so that a change of them is noticed over a restart.</summary>
    public string? Rules { get; init; }

    /// <summary>As of <see cref="HostState.Version"/>.</summary>
    public long Version { get; init; }
}
