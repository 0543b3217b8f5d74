namespace OpenStackSev.Attestation.Hosts;

/// <summary>Every check of a host. README.md of this project has a line for each.</summary>
/// <remarks>Of tier <see cref="Verdict.Contraindicated"/> are those that speak against a host, of <see cref="Verdict.None"/> those that leave it unknown.</remarks>
public static class HostCodes
{
    public static Check ProductUnknown { get; } = new("host.product.unknown", Stage.Structure, Verdict.None,
        "the processor is one that is known to run encrypted guests");
    public static Check RmpNotInitialized { get; } = new("host.rmp.not_initialized", Stage.Structure, Verdict.Contraindicated,
        "where SEV-SNP is on, the table that keeps guests' pages apart is set up");
    public static Check FactsContradicted { get; } = new("host.facts.contradicted", Stage.Binding, Verdict.Contraindicated,
        "what the host says of its platform is what its chip signed");

    public static Check ProductNotTrusted { get; } = new("host.product.not_trusted", Stage.Policy, Verdict.Contraindicated,
        "the product line is not on the policy's list of refused ones");
    public static Check ChipDenied { get; } = new("host.chip.denied", Stage.Policy, Verdict.Contraindicated,
        "no chip of the host is on the policy's list of denied ones");
    public static Check ChipNotAllowed { get; } = new("host.chip.not_allowed", Stage.Policy, Verdict.Contraindicated,
        "every chip of the host is on the policy's list of allowed ones, where there is one");
    public static Check ChipMasked { get; } = new("host.chip.masked", Stage.Policy, Verdict.Contraindicated,
        "reports name the chip, unless policy lets it be masked");
    public static Check TcbBelowMinimum { get; } = new("host.tcb.below_minimum", Stage.Policy, Verdict.Contraindicated,
        "REPORTED_TCB meets the minima of the policy and its bulletins");
    public static Check TcbUncommitted { get; } = new("host.tcb.uncommitted", Stage.Policy, Verdict.Contraindicated,
        "the firmware that runs is committed, where policy refuses provisional firmware");
    public static Check FirmwareBelowMinimum { get; } = new("host.firmware.below_minimum", Stage.Policy, Verdict.Contraindicated,
        "the firmware's version meets the minima of the policy and its bulletins");
    public static Check MitigationMissing { get; } = new("host.mitigation.missing", Stage.Policy, Verdict.Contraindicated,
        "CURRENT_MIT_VECTOR has the bits that the policy and its bulletins require");
    public static Check PlatformRefused { get; } = new("host.platform.not_allowed", Stage.Policy, Verdict.Contraindicated,
        "the platform has no setting that the policy refuses");
    public static Check PlatformRequired { get; } = new("host.platform.required", Stage.Policy, Verdict.Contraindicated,
        "the platform has every setting that the policy and its bulletins require");
    public static Check PlatformUnknown { get; } = new("host.platform.unknown", Stage.Policy, Verdict.None,
        "the host, or its chip, tells of every setting that the policy and its bulletins require");
    public static Check DebugUnlocked { get; } = new("host.debug.unlocked", Stage.Policy, Verdict.Contraindicated,
        "the security processor's debug port is locked");
    public static Check PartUnfused { get; } = new("host.part.unfused", Stage.Policy, Verdict.Contraindicated,
        "the processor is one for production");
    public static Check KernelBelowMinimum { get; } = new("host.kernel.below_minimum", Stage.Policy, Verdict.Contraindicated,
        "the kernel is as new as the policy asks for");

    public static IReadOnlyList<Check> All { get; } =
    [
        ProductUnknown, RmpNotInitialized, FactsContradicted, ProductNotTrusted, ChipDenied, ChipNotAllowed, ChipMasked, TcbBelowMinimum, TcbUncommitted,
        FirmwareBelowMinimum, MitigationMissing, PlatformRefused, PlatformRequired, PlatformUnknown, DebugUnlocked, PartUnfused, KernelBelowMinimum,
    ];
}
