namespace OpenStackSev.Validation.Templates;

/// <summary>What is looked for in a template beside its flavors and images. Codes never change.</summary>
public static partial class TemplateRules
{
    /// <summary>Seconds after which the control plane judges silence unless its operator says otherwise: [sweep] grace.</summary>
    public const int Grace = 900;

    /// <summary>Code, level, why, source.</summary>
    public static IReadOnlyList<TemplateRule> All { get; } =
    [
        NoOp, ValueRefused, OpensItself, ByUserData, Unprovable, HalfNamed, HandleMissing, OtherStack, NotWaited, WrongCount, Deadlock, TimeoutShort, NotAfter, Unclaimed,
        UpdatedInPlace, WithoutGate,
    ];

    internal static TemplateRule NoOp => new("heat.image.no_op", FindingLevel.Error,
        "Heat takes OS::Glance::Image and makes nothing: the stack completes, and there is no image with these properties.",
        "heat/engine/resources/openstack/glance/image.py, GlanceImage");

    internal static TemplateRule ValueRefused => new("heat.value.refused", FindingLevel.Error,
        "Heat hands on what YAML makes of a value, and without quotes true, yes and on are no texts. Nova takes texts and numbers as extra specs, Glance texts only as properties. "
        + "The flavor or image is there by then, with none of them: whoever finds it by its name boots unencrypted.",
        "nova/api/openstack/compute/schemas/flavors_extraspecs.py; heat/engine/resources/openstack/glance/image.py, handle_create");

    internal static TemplateRule OpensItself => new("heat.gate.opens_itself", FindingLevel.Error,
        "With signal_transport NO_SIGNAL Heat gives the signal itself as soon as the wait condition looks: the stack completes whatever the verdict is. "
        + "HEAT_SIGNAL waits for the control plane.",
        "heat/engine/resources/signal_responder.py, _service_signal");

    internal static TemplateRule ByUserData => new("heat.gate.by_user_data", FindingLevel.Error,
        "User data and metadata are the host's to read. With a credential of the stack, or of one around or in it, the host opens every gate of these stacks, whatever runs in the server.",
        "heat/engine/resources/openstack/heat/wait_condition_handle.py, curl_cli, token, endpoint and signal");

    internal static TemplateRule Unprovable => new("heat.gate.unprovable", FindingLevel.Error,
        "Only guests of SEV-SNP report about themselves. Of all others the control plane fails the gate at once: the stack can never complete.",
        "openstack-sev-control, README, gates");

    internal static TemplateRule HalfNamed => new("heat.gate.half_named", FindingLevel.Error,
        "The control plane finds a gate by both keys of the server's metadata. With one of them there is none, and the stack ends by its time-out.",
        "openstack-sev-control, README, gates");

    internal static TemplateRule HandleMissing => new("heat.gate.handle_missing", FindingLevel.Error,
        "The control plane signals an OS::Heat::WaitConditionHandle of this name in the server's own stack, and nothing else.",
        "openstack-sev-control, README, gates");

    internal static TemplateRule OtherStack => new("heat.gate.other_stack", FindingLevel.Error,
        "The control plane signals only in the stack that holds the server itself. In a nested template that is its own OS::stack_id, not that of the template around it.",
        "openstack-sev-control, README, gates");

    internal static TemplateRule NotWaited => new("heat.gate.not_waited", FindingLevel.Error,
        "A handle alone holds nothing: the stack waits for an OS::Heat::WaitCondition of it.",
        "heat/engine/resources/openstack/heat/wait_condition.py");

    internal static TemplateRule WrongCount => new("heat.gate.count", FindingLevel.Error,
        "The control plane signals a handle once for each server that names it. A wait condition that counts fewer opens before all of them are judged; one that counts more never does.",
        "heat/engine/resources/openstack/heat/wait_condition.py, count");

    internal static TemplateRule Deadlock => new("heat.gate.deadlock", FindingLevel.Error,
        "The server is made after the wait condition, which waits for the verdict about the server: the stack ends by its time-out.",
        "heat/engine/dependencies.py");

    internal static TemplateRule NotAfter => new("heat.gate.not_after_server", FindingLevel.Warning,
        "The time-out of a wait condition that does not depend on the server runs while the server is still being made, and an update takes the old server away before the new one "
        + "is attested.",
        "heat/engine/dependencies.py");

    internal static TemplateRule Unclaimed => new("heat.gate.unclaimed", FindingLevel.Warning,
        "A wait condition waits for a handle that no server names in its metadata and whose credential nobody gets: nothing that the template makes can open it.",
        "openstack-sev-control, README, gates");

    internal static TemplateRule TimeoutShort => new("heat.gate.timeout_short", FindingLevel.Warning,
        "Until its grace is over the control plane waits for a server that boots, 900 seconds unless its operator says otherwise. A shorter time-out fails the stack before "
        + "anybody can tell why.",
        "openstack-sev-control, [sweep] grace");

    internal static TemplateRule UpdatedInPlace => new("heat.gate.update_in_place", FindingLevel.Warning,
        "An update that changes image or flavor rebuilds or resizes the server in place, and its gate is open already: the update completes without attestation. With REPLACE and "
        + "another gate it waits.",
        "heat/engine/resources/openstack/nova/server.py, image_update_policy and flavor_update_policy");

    internal static TemplateRule WithoutGate => new("heat.server.without_gate", FindingLevel.Hint,
        "The server's guest can prove itself, and the stack does not wait for it: it completes whatever the host did.",
        "heat-templates, README");
}

/// <summary>One thing that can be wrong with a template.</summary>
public sealed record TemplateRule(string Code, FindingLevel Level, string Why, string Source)
{
    internal Finding Of(string resource, string message) => new(Code, Level, "resource " + Shown.Plain(resource), message, Why, null, Source);
}
