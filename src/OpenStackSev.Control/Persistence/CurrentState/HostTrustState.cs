using OpenStackSev.Api.Hosts;

namespace OpenStackSev.Control.Persistence.CurrentState;

/// <summary>What was last said of a host's trust. Change it as <see cref="HostState"/>.</summary>
/// <remarks>Every control plane goes by this row: what it says is what Placement and the scheduler are told.</remarks>
public sealed record HostTrustState : StateChange
{
    public const int MaximumResultBytes = 32 * 1024;
    public const int MaximumTraitsLength = 8 * 1024;

    /// <summary>UUID of the compute node.</summary>
    public required Guid Node { get; init; }

    /// <summary>Nova's name of the node.</summary>
    public required string Name { get; init; }

    public required TrustLevel Level { get; init; }

    /// <summary>Since when it is of this level.</summary>
    public required DateTimeOffset Since { get; init; }

    /// <summary>When anything here last became other than it was.</summary>
    public required DateTimeOffset JudgedAt { get; init; }

    /// <summary>What the level rests on, as JSON, at most <see cref="MaximumResultBytes"/>.</summary>
    public required byte[] Result { get; init; }

    /// <summary>When a chip of it last signed a report that counts; null for never, or where what was proven is no longer so.</summary>
    public DateTimeOffset? ProvenAt { get; init; }

    /// <summary>The instance that asked for the report.</summary>
    public Guid? ProvenBy { get; init; }

    /// <summary>When trust ends; null for a host that is not trusted.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Judgement traits that we last wrote on its provider in Placement, separated by commas; null before the first time.</summary>
    public string? IssuedTraits { get; init; }

    /// <summary>As of <see cref="HostState.Version"/>.</summary>
    public long Version { get; init; }
}

/// <summary>A host that was set aside once. Change it as <see cref="HostState"/>.</summary>
public sealed record HostQuarantineState : StateChange
{
    public const int MaximumReasonLength = 255;

    /// <summary>UUID of the compute node.</summary>
    public required Guid Node { get; init; }

    /// <summary>Null while it is in none.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>For people, of the last one.</summary>
    public required string Reason { get; init; }

    /// <summary>User's name, or the rule, of the last one.</summary>
    public required string By { get; init; }

    /// <summary>It was a rule and no person: it may end by the rule too.</summary>
    public bool ByRule { get; init; }

    /// <summary>The compute service is to be disabled in Nova as long as it lasts.</summary>
    public bool DisablesService { get; init; }

    /// <summary>Nova's name of the service's host that we disabled and that is ours to enable again; null for none.</summary>
    public string? DisabledService { get; init; }

    /// <summary>The whole reason that Nova was last given by us; null for none. With another one the service is somebody else's.</summary>
    public string? DisabledReason { get; init; }

    /// <summary>A person ended the last one: no rule begins another until what it is about was over once.</summary>
    public bool RuleWaits { get; init; }

    /// <summary>What Nova was or is about to be asked, and has not confirmed.</summary>
    public ServiceRequest Pending { get; init; }

    public DateTimeOffset? PendingSince { get; init; }

    /// <summary>When the service is looked at again; null for at once.</summary>
    public DateTimeOffset? NextLookAt { get; init; }

    /// <summary>In a row, of the pending request.</summary>
    public int Failures { get; init; }

    /// <summary>Code of why the service is not as the quarantine wants it; null for nothing.</summary>
    public string? ServiceProblem { get; init; }

    /// <summary>As of <see cref="HostState.Version"/>.</summary>
    public long Version { get; init; }
}

/// <summary>What Nova is asked to do with a compute service.</summary>
public enum ServiceRequest
{
    None,
    Disable,
    Enable,
}
