namespace OpenStackSev.Validation;

/// <summary>Who runs on which processors.</summary>
public static partial class RequestRules
{
    private static IEnumerable<Rule> Processors =>
    [
        new("request.cpu_policy.conflict", FindingLevel.Error,
            "An image may ask for dedicated processors where the flavor says nothing; where it says otherwise, Nova answers 400 "
            + "ImageCPUPinningForbidden.",
            "nova/virt/hardware.py, get_cpu_policy_constraint",
            CpuPolicyConflict),
        new("request.cpu_policy.mixed_without_mask", FindingLevel.Error,
            "The mixed policy needs to know which processors are dedicated, and only the flavor says so. Nova answers 400 "
            + "RequiredMixedOrRealtimeCPUMask.",
            "nova/virt/hardware.py, numa_get_constraints",
            MixedWithoutMask),
        new("request.cpu_policy.mask_without_mixed", FindingLevel.Error,
            "A mask of dedicated processors means something with the mixed policy only. Nova answers 400 RequiredMixedInstancePolicy.",
            "nova/virt/hardware.py, numa_get_constraints",
            MaskWithoutMixed),
        new("request.cpu_thread_policy.conflict", FindingLevel.Error,
            "Flavor and image say different things about sibling threads. Nova answers 400 ImageCPUThreadPolicyForbidden.",
            "nova/virt/hardware.py, get_cpu_thread_policy_constraint",
            ThreadPolicyConflict),
        new("request.cpu_thread_policy.without_dedicated", FindingLevel.Error,
            "Sibling threads can be kept or avoided for dedicated processors only. Nova answers 400 CPUThreadPolicyConfigurationInvalid.",
            "nova/virt/hardware.py, numa_get_constraints",
            ThreadPolicyWithoutDedicated),
        new("request.cpu_policy.shared", FindingLevel.Hint,
            "Without dedicated processors and cpu_thread_policy=isolate, another guest runs on the sibling thread of the same core and "
            + "may observe by its caches what encryption hides.",
            "nova, doc/source/admin/cpu-topologies.rst",
            SharedCores),
    ];

    private static Objection? CpuPolicyConflict(Subject s)
    {
        if (s.Flavor["hw:cpu_policy"] is not { } flavor || s.Image["hw_cpu_policy"] is not { } image)
            return null;
        bool refused = flavor == "shared" && image is "dedicated" or "mixed" || flavor == "mixed" && image == "dedicated";
        return !refused ? null : new("image hw_cpu_policy",
            $"{s.FlavorName} has hw:cpu_policy {Shown.Value(flavor)}, and {s.ImageName} has hw_cpu_policy {Shown.Value(image)}; let the "
            + "flavor decide",
            Fix.UnsetImage(s.Image, "hw_cpu_policy"));
    }

    private static Objection? MixedWithoutMask(Subject s)
    {
        if (CpuPolicy(s) != "mixed" || s.Flavor["hw:cpu_dedicated_mask"] is { Length: > 0 }
            || s.Flavor["hw:cpu_realtime"] is { } realtime && NovaBoolean.Of(realtime))
            return null;
        return s.Flavor["hw:cpu_policy"] == "mixed"
            ? new("flavor hw:cpu_policy", $"{s.FlavorName} has hw:cpu_policy 'mixed' without hw:cpu_dedicated_mask; dedicate all",
                Fix.SetFlavor(s.Flavor, "hw:cpu_policy=dedicated"))
            : new("image hw_cpu_policy", $"{s.ImageName} has hw_cpu_policy 'mixed', and {s.FlavorName} has no hw:cpu_dedicated_mask; unset it",
                Fix.UnsetImage(s.Image, "hw_cpu_policy"));
    }

    private static Objection? MaskWithoutMixed(Subject s) =>
        s.Flavor["hw:cpu_dedicated_mask"] is not { Length: > 0 } mask || CpuPolicy(s) == "mixed" ? null : new("flavor hw:cpu_dedicated_mask",
            $"{s.FlavorName} has hw:cpu_dedicated_mask {Shown.Value(mask)} without hw:cpu_policy=mixed; unset it",
                Fix.UnsetFlavor(s.Flavor, "hw:cpu_dedicated_mask"));

    private static Objection? ThreadPolicyConflict(Subject s)
    {
        if (s.Flavor["hw:cpu_thread_policy"] is not { } flavor || s.Image["hw_cpu_thread_policy"] is not { Length: > 0 } image
            || flavor == image || flavor == "prefer")
            return null;
        return new("image hw_cpu_thread_policy",
            $"{s.FlavorName} has hw:cpu_thread_policy {Shown.Value(flavor)}, and {s.ImageName} has hw_cpu_thread_policy "
            + $"{Shown.Value(image)}; let the flavor decide",
            Fix.UnsetImage(s.Image, "hw_cpu_thread_policy"));
    }

    private static Objection? ThreadPolicyWithoutDedicated(Subject s)
    {
        if (CpuPolicy(s) is "dedicated" or "mixed" || s.Wishes.Classes.Exists(wish => wish.OnFlavor && wish.Name == "PCPU"))
            return null;
        if (s.Flavor["hw:cpu_thread_policy"] is { Length: > 0 } flavor)
        {
            return new("flavor hw:cpu_thread_policy",
                $"{s.FlavorName} has hw:cpu_thread_policy {Shown.Value(flavor)} without dedicated processors; unset it",
                Fix.UnsetFlavor(s.Flavor, "hw:cpu_thread_policy"));
        }
        return s.Image["hw_cpu_thread_policy"] is not { Length: > 0 } image ? null : new("image hw_cpu_thread_policy",
            $"{s.ImageName} has hw_cpu_thread_policy {Shown.Value(image)} without dedicated processors; unset it",
                Fix.UnsetImage(s.Image, "hw_cpu_thread_policy"));
    }

    private static string? CpuPolicy(Subject s) => s.Flavor["hw:cpu_policy"] is { Length: > 0 } flavor ? flavor : s.Image["hw_cpu_policy"];

    private static Objection? SharedCores(Subject s)
    {
        if (!s.Encrypted || CpuPolicy(s) == "dedicated" && (s.Flavor["hw:cpu_thread_policy"] ?? s.Image["hw_cpu_thread_policy"]) == "isolate")
            return null;
        // Hosts without SMT have no siblings.
        if (s.Wishes.Required.Exists(wish => wish.Name == "CUSTOM_SEV_SMT_OFF"))
            return null;
        return new("flavor hw:cpu_policy",
            $"{s.FlavorName} shares cores with other guests; dedicate and isolate them where that matters, or require CUSTOM_SEV_SMT_OFF",
            CpuPolicy(s) == "mixed" ? null : Fix.SetFlavor(s.Flavor, "hw:cpu_policy=dedicated", "hw:cpu_thread_policy=isolate"));
    }
}
