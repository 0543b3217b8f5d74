namespace OpenStackSev.Api.Capacity;

/// <summary>The traits that OpenStackSev writes. Closed lists, never a prefix: <c>CUSTOM_SEV_POOL_A</c> of an operator is not ours.</summary>
public static class SevTraits
{
    /// <summary>On every provider that we made.</summary>
    public const string Owner = "CUSTOM_OWNER_OPENSTACKSEV";

    public const string SmtOff = "CUSTOM_SEV_SMT_OFF";
    public const string CiphertextHiding = "CUSTOM_SEV_CIPHERTEXT_HIDING";
    public const string AliasChecked = "CUSTOM_SEV_ALIAS_CHECKED";
    public const string Iommu = "CUSTOM_SEV_IOMMU";

    /// <summary>The control plane's word about a host. An agent may take it from its own node, never give it.</summary>
    public const string Trusted = "CUSTOM_SEV_TRUSTED";

    /// <summary>The control plane's word: no confidential server is to come here.</summary>
    public const string Quarantined = "CUSTOM_SEV_QUARANTINED";

    private const string BaselinePrefix = "CUSTOM_SEV_TCB_";

    /// <summary>Facts about a host, on the compute node's provider. Written by the agent only.</summary>
    public static IReadOnlySet<string> RootFacts { get; } = new SortedSet<string>(StringComparer.Ordinal)
    {
        Cpu("NAPLES"), Cpu("ROME"), Cpu("MILAN"), Cpu("GENOA"), Cpu("BERGAMO"), Cpu("SIENA"), Cpu("TURIN"),
        SmtOff, CiphertextHiding, AliasChecked, Iommu,
    };

    /// <summary>On our guard providers.</summary>
    public static IReadOnlySet<string> Guard { get; } =
        new SortedSet<string>(EncryptionModels.All.Select(model => model.Trait).Append(Owner), StringComparer.Ordinal);

    /// <summary>Trait of a bulletin's baseline, e.g. <c>CUSTOM_SEV_TCB_SB_3019</c>. Written by the control plane only, for the bulletins that it knows.</summary>
    /// <param name="baseline">As <see cref="BaselineOf"/> names it.</param>
    public static string Tcb(string baseline) => BaselinePrefix + baseline;

    /// <summary>
    /// Trait of the family that <see cref="Tcb"/> names. The one family that is told by its prefix: bulletins are data, and an agent that takes
    /// baselines from its node does not know the control plane's.
    /// </summary>
    public static bool IsTcb(string trait) => trait.StartsWith(BaselinePrefix, StringComparison.Ordinal) && trait.Length > BaselinePrefix.Length;

    /// <summary>What a bulletin is called in traits, in <c>sev:tcb</c> and in the snapshot: <c>SB_3019</c> of <c>AMD-SB-3019</c>.</summary>
    public static string BaselineOf(string bulletin)
    {
        string upper = string.Concat(bulletin.ToUpperInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
        return upper.StartsWith("AMD_", StringComparison.Ordinal) ? upper[4..] : upper;
    }

    /// <summary>Trait of a product line, e.g. <c>CUSTOM_SEV_CPU_TURIN</c>.</summary>
    /// <param name="product">Upper case, e.g. <c>TURIN</c>.</param>
    public static string Cpu(string product) => "CUSTOM_SEV_CPU_" + product;
}
