namespace OpenStackSev.Validation.Explaining;

/// <summary>Who sorts a host out.</summary>
public enum ObstacleStage
{
    /// <summary>Placement does not even offer the host.</summary>
    Placement,

    /// <summary>Placement offers it, and a filter of nova-scheduler refuses it.</summary>
    Scheduler,
}

/// <summary>One reason for which a host falls out.</summary>
/// <param name="Code">One of <see cref="ExplainCodes"/>. Branch on this, never on the text.</param>
/// <param name="Subject">The resource class, trait, aggregate or service.</param>
/// <param name="Provider">Name of the provider that it is about.</param>
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

    /// <summary>A numbered group finds its parts, but not on one provider.</summary>
    public const string GroupSplit = "explain.group.split";

    /// <summary>Each wish can be met, but not all at once.</summary>
    public const string Combination = "explain.combination";

    /// <summary>nova-compute was disabled.</summary>
    public const string ServiceDisabled = "explain.service.disabled";

    /// <summary>nova-compute does not report.</summary>
    public const string ServiceDown = "explain.service.down";

    /// <summary>The host is in none of the aggregates of the zone.</summary>
    public const string AggregateOutside = "explain.aggregate.outside";

    /// <summary>The provider is no compute node that Nova knows.</summary>
    public const string NotOfNova = "explain.provider.not_of_nova";
}
