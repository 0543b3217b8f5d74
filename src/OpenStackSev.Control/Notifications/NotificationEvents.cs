using System.Collections.Frozen;

namespace OpenStackSev.Control.Notifications;

/// <summary>What a notification is taken for.</summary>
internal enum Consequence
{
    /// <summary>Nothing that is looked after here.</summary>
    None,

    /// <summary>The instance is looked at, if it is a known one.</summary>
    Look,

    /// <summary>The instance is looked at: it may be one that is to be looked after from now on.</summary>
    LookAtAny,

    /// <summary>Another guest, or the same one started again: what was proven before is about what is gone, and it proves itself again.</summary>
    Proof,

    /// <summary>As <see cref="Proof"/>, with another flavor perhaps: it may be one that is to be looked after from now on.</summary>
    ProofOfAny,

    /// <summary>As <see cref="ProofOfAny"/>, of a guest whose disk was made anew: its verdict ends too. Also one that was moved off a dead host.</summary>
    Rebuilt,

    /// <summary>A service of Nova's was made, changed or deleted.</summary>
    Service,

    /// <summary>A flavor was made, changed or deleted.</summary>
    Flavor,
}

/// <summary>The events that something follows from. A closed list, which metrics can be told apart by.</summary>
/// <remarks>Source: Nova, "Notifications in Nova", existing versioned notifications; nova/compute/manager.py for when each is sent.</remarks>
internal static class NotificationEvents
{
    /// <summary>For metrics: all that is not in the list.</summary>
    public const string Other = "other";

    private static readonly FrozenDictionary<string, Consequence> s_known = new Dictionary<string, Consequence>(StringComparer.Ordinal)
    {
        ["instance.create.end"] = Consequence.LookAtAny,
        ["instance.create.error"] = Consequence.Look,
        ["instance.rebuild.end"] = Consequence.Rebuilt,
        ["instance.rebuild.error"] = Consequence.Look,
        // Runs on the new host, or with the new flavor, and waits to be confirmed.
        ["instance.resize_finish.end"] = Consequence.ProofOfAny,
        ["instance.resize_confirm.end"] = Consequence.ProofOfAny,
        ["instance.resize_revert.end"] = Consequence.ProofOfAny,
        ["instance.resize.error"] = Consequence.Look,
        ["instance.power_on.end"] = Consequence.Proof,
        ["instance.power_off.end"] = Consequence.Look,
        ["instance.reboot.end"] = Consequence.Proof,
        ["instance.reboot.error"] = Consequence.Look,
        ["instance.shelve.end"] = Consequence.Look,
        ["instance.shelve_offload.end"] = Consequence.Look,
        ["instance.unshelve.end"] = Consequence.Proof,
        ["instance.pause.end"] = Consequence.Look,
        ["instance.unpause.end"] = Consequence.Look,
        ["instance.suspend.end"] = Consequence.Look,
        ["instance.resume.end"] = Consequence.Proof,
        ["instance.rescue.end"] = Consequence.Look,
        ["instance.unrescue.end"] = Consequence.Proof,
        ["instance.soft_delete.end"] = Consequence.Look,
        ["instance.restore.end"] = Consequence.Proof,
        ["instance.delete.end"] = Consequence.Look,
        ["instance.live_migration_post.end"] = Consequence.Look,
        ["instance.live_migration_post_dest.end"] = Consequence.Proof,
        ["instance.live_migration_rollback.end"] = Consequence.Look,
        ["service.create"] = Consequence.Service,
        ["service.update"] = Consequence.Service,
        ["service.delete"] = Consequence.Service,
        ["flavor.create"] = Consequence.Flavor,
        ["flavor.update"] = Consequence.Flavor,
        ["flavor.delete"] = Consequence.Flavor,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static IReadOnlyDictionary<string, Consequence> Known => s_known;

    public static Consequence Of(string eventType) => s_known.GetValueOrDefault(eventType);

    /// <summary>The event's own name where it is one of the list: what comes over the wire names no metric.</summary>
    public static string Label(string eventType) => s_known.ContainsKey(eventType) ? eventType : Other;
}
