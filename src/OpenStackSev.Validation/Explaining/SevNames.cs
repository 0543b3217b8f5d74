namespace OpenStackSev.Validation.Explaining;

/// <summary>Names in Placement that have to do with memory encryption, and who writes them.</summary>
/// <remarks>A copy of what OpenStackSev.Api publishes, since the rules know no other project; a test of the command compares them.</remarks>
public static class SevNames
{
    /// <summary>Nova's own resource class.</summary>
    public const string Context = "MEM_ENCRYPTION_CONTEXT";

    /// <summary>Judgement of the control plane: the host's evidence was good a short while ago.</summary>
    public const string Trusted = "CUSTOM_SEV_TRUSTED";

    /// <summary>Judgement of the control plane: no new confidential guests here.</summary>
    public const string Quarantined = "CUSTOM_SEV_QUARANTINED";

    /// <summary>Our class, our trait and Nova's trait of each model.</summary>
    public static IReadOnlyList<(string Model, string ResourceClass, string Trait, string NovaTrait)> Models { get; } =
    [
        ("amd-sev", "CUSTOM_SEV_ASID", "CUSTOM_SEV", "HW_CPU_X86_AMD_SEV"),
        ("amd-sev-es", "CUSTOM_SEV_ES_ASID", "CUSTOM_SEV_ES", "HW_CPU_X86_AMD_SEV_ES"),
        ("amd-sev-snp", "CUSTOM_SEV_SNP_ASID", "CUSTOM_SEV_SNP", "HW_CPU_X86_AMD_SEV_SNP"),
    ];

    /// <summary>The trait that Nova asks for with a model; null for one that it does not know.</summary>
    public static string? NovaTrait(string? model) => model == "intel-tdx" ? "HW_CPU_X86_INTEL_TDX" : Models.FirstOrDefault(known => known.Model == model).NovaTrait;

    /// <summary>Published by openstack-sev-agent on a child of the compute node's provider.</summary>
    public static bool IsGuardClass(string resourceClass) => Models.Any(known => known.ResourceClass == resourceClass);

    /// <summary>Published by openstack-sev-agent on a child of the compute node's provider.</summary>
    public static bool IsGuardTrait(string trait) => Models.Any(known => known.Trait == trait);

    /// <summary>Published by openstack-sev-agent on the compute node's provider.</summary>
    public static bool IsFact(string trait) =>
        trait is "CUSTOM_SEV_SMT_OFF" or "CUSTOM_SEV_CIPHERTEXT_HIDING" or "CUSTOM_SEV_ALIAS_CHECKED" or "CUSTOM_SEV_IOMMU"
        || trait.StartsWith("CUSTOM_SEV_CPU_", StringComparison.Ordinal);

    /// <summary>Published by the control plane on the compute node's provider.</summary>
    public static bool IsJudgement(string trait) =>
        trait is Trusted or Quarantined || trait.StartsWith("CUSTOM_SEV_TCB_", StringComparison.Ordinal);
}
