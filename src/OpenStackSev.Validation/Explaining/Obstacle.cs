namespace OpenStackSev.Validation.Explaining;

/// <summary>Who sorts a host out.</summary>
public enum ObstacleStage
{
    /// <summary>Placement refuses the query itself, for every host: Nova then says "No valid host" as if there were none.</summary>
    Request,

    /// <summary>Placement does not offer the host.</summary>
    Placement,

    /// <summary>Placement offers it, and a filter of nova-scheduler refuses it.</summary>
    Scheduler,

    /// <summary>The host is chosen, and its driver may refuse the server: Nova then tries other hosts until none is left.</summary>
    Compute,
}

/// <summary>One reason for which a host falls out.</summary>
/// <param name="Code">One of <see cref="ExplainCodes"/>. Branch on this, never on the text.</param>
/// <param name="Subject">The resource class, trait, aggregate or service.</param>
/// <param name="Provider">Name of the provider that it is about; empty for what holds for every host.</param>
/// <param name="Message">With the numbers: lower case, no full stop.</param>
/// <param name="Origin">What in the request asked for it.</param>
/// <param name="Remedy">What to do, in words.</param>
/// <param name="Command">A runnable command: one that mends it, else one that shows more; null where there is none.</param>
/// <param name="Distance">How much would have to change: 1 for what passes by itself (somebody leaves), up to 6 for another machine.</param>
public sealed record Obstacle(
    string Code, ObstacleStage Stage, string Subject, string Provider, string Message, string Origin, string Remedy, string? Command, int Distance);

/// <summary>Why hosts fall out. Once shipped, never changed.</summary>
public static class ExplainCodes
{
    /// <summary>No provider of the host has the resource class.</summary>
    public const string ClassMissing = "explain.class.missing";

    /// <summary>No provider of the host has the trait.</summary>
    public const string TraitMissing = "explain.trait.missing";

    /// <summary>The trait is on a provider of the host from which the request takes nothing.</summary>
    public const string TraitElsewhere = "explain.trait.elsewhere";

    /// <summary>Two traits are on different providers, of which the request takes one thing only.</summary>
    public const string TraitsApart = "explain.trait.apart";

    /// <summary>The request forbids a trait that the host has.</summary>
    public const string TraitForbidden = "explain.trait.forbidden";

    /// <summary>All of the inventory is reserved.</summary>
    public const string Reserved = "explain.inventory.reserved";

    /// <summary>It would be enough if less were in use.</summary>
    public const string UsedUp = "explain.inventory.used_up";

    /// <summary>More is asked for than the host ever has.</summary>
    public const string TooSmall = "explain.inventory.too_small";

    /// <summary>More is asked for than one allocation may take.</summary>
    public const string MaximumUnit = "explain.inventory.max_unit";

    /// <summary>Less is asked for than one allocation must take.</summary>
    public const string MinimumUnit = "explain.inventory.min_unit";

    /// <summary>The amount is no multiple of the step.</summary>
    public const string StepSize = "explain.inventory.step_size";

    /// <summary>A suffixed group finds its parts, but not on one provider.</summary>
    public const string GroupSplit = "explain.group.split";

    /// <summary>Each wish can be met, but not all at once.</summary>
    public const string Combination = "explain.combination";

    /// <summary>The host is in none of the aggregates of the zone.</summary>
    public const string AggregateOutside = "explain.aggregate.outside";

    /// <summary>nova-compute was disabled.</summary>
    public const string ServiceDisabled = "explain.service.disabled";

    /// <summary>nova-compute does not report.</summary>
    public const string ServiceDown = "explain.service.down";

    /// <summary>The provider is no compute node that Nova knows.</summary>
    public const string NotOfNova = "explain.provider.not_of_nova";

    /// <summary>SevTrustFilter: something speaks against the host.</summary>
    public const string HostUntrusted = "host.untrusted";

    /// <summary>SevTrustFilter: the host is set aside.</summary>
    public const string HostQuarantined = "host.quarantined";

    /// <summary>SevTrustFilter: trust is required, and nothing that counts speaks for the host.</summary>
    public const string HostUnknown = "host.unknown";

    /// <summary>SevTrustFilter: trust is required, and the proof has ended.</summary>
    public const string HostProofExpired = "host.proof_expired";

    /// <summary>SevTrustFilter: the proof is older than the flavor allows.</summary>
    public const string HostProofTooOld = "host.proof_too_old";

    /// <summary>SevTrustFilter: the firmware does not meet a bulletin that the flavor names.</summary>
    public const string HostTcb = "host.tcb";

    /// <summary>Placement has no such trait.</summary>
    public const string TraitUnknown = "explain.request.trait_unknown";

    /// <summary>Placement has no such resource class.</summary>
    public const string ClassUnknown = "explain.request.class_unknown";

    /// <summary>One group requires and forbids the same trait.</summary>
    public const string TraitContradiction = "explain.request.trait_contradiction";

    /// <summary>A group has traits and no resources.</summary>
    public const string GroupWithoutResources = "explain.request.group_without_resources";

    /// <summary>Two suffixed groups or more, and no group_policy.</summary>
    public const string GroupPolicyMissing = "explain.request.group_policy_missing";

    /// <summary>The flavor asks for a capability that no host reports.</summary>
    public const string CapabilityUnknown = "explain.capability.unknown";

    /// <summary>The image names no machine type, and the host's default may be the wrong one.</summary>
    public const string MachineTypeUnset = "explain.machine_type.unset";
}
