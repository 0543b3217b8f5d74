namespace OpenStackSev.Platform;

/// <summary>Facts that contradict each other. Each is reported; none is averaged away or corrected.</summary>
/// <remarks>
/// Source of the rules: Linux arch/x86/kvm/svm/sev.c, <c>sev_hardware_setup</c>, which decides the kvm_amd parameters and
/// misc.capacity from CPUID Fn8000_001F. A rule whose facts are not all known stays silent: their absence has its own code.
/// </remarks>
public static class PlatformConsistency
{
    private const string Leaf = "CPUID Fn8000_001F";
    private const string Parameters = "sys/module/kvm_amd/parameters";
    private const string Capacity = "misc.capacity";

    public static IReadOnlyList<PlatformFinding> Check(PlatformFacts facts) =>
        [.. All(facts).OfType<PlatformFinding>()];

    private static IEnumerable<PlatformFinding?> All(PlatformFacts facts)
    {
        yield return UnknownProcessor(facts);
        yield return MinimumAboveMaximum(facts);
        yield return CpuidSnpWithoutSevEs(facts);
        yield return WithoutCpuid(facts, PlatformCodes.KvmSevWithoutCpuid, "sev", facts.KvmAmd?.Sev, leaf => leaf.Sev);
        yield return WithoutCpuid(facts, PlatformCodes.KvmSevEsWithoutCpuid, "sev_es", facts.KvmAmd?.SevEs, leaf => leaf.SevEs);
        yield return WithoutCpuid(facts, PlatformCodes.KvmSevSnpWithoutCpuid, "sev_snp", facts.KvmAmd?.SevSnp, leaf => leaf.SevSnp);
        yield return SevEsWithoutSev(facts);
        yield return SnpWithoutSevEs(facts);
        yield return SevEsWithoutAsids(facts);
        yield return SevDisagrees(facts);
        yield return SevEsDisagrees(facts);
        yield return SevAbsent(facts);
        yield return SevEsAbsent(facts);
        yield return CapacityWithoutKvm(facts);
        yield return CurrentAboveCapacity(facts);
        yield return CiphertextHidingAbovePool(facts);
        yield return CiphertextHidingDisagrees(facts);
        yield return SnpNotInitialized(facts);
        yield return LibvirtSev(facts);
        yield return LibvirtSevEs(facts);
        yield return LibvirtWithoutSev(facts);
        yield return LibvirtSevWithoutKvm(facts);
        yield return NoSnpFirmware(facts);
    }

    private static PlatformFinding? UnknownProcessor(PlatformFacts facts) =>
        facts.Processor is { Product: null, Encryption.Sev: true } processor
            ? new(PlatformCodes.UnknownProcessor, "CPUID Fn0000_0001",
                $"{processor.Vendor} family 0x{processor.Family:X2} model 0x{processor.Model:X2} has SEV and is no EPYC that is known here")
            : null;

    private static PlatformFinding? MinimumAboveMaximum(PlatformFacts facts) =>
        facts.Processor?.Encryption is { Sev: true } leaf && leaf.MinimumSevAsid > leaf.MaximumAsid
            ? new(PlatformCodes.CpuidMinimumAboveMaximum, Leaf,
                $"minimum SEV ASID {leaf.MinimumSevAsid} is above the maximum {leaf.MaximumAsid}: none is left to plain SEV; lower it in the BIOS")
            : null;

    private static PlatformFinding? CpuidSnpWithoutSevEs(PlatformFacts facts) =>
        facts.Processor?.Encryption is { SevSnp: true, SevEs: false }
            ? new(PlatformCodes.CpuidSnpWithoutSevEs, Leaf, "SEV-SNP is announced without SEV-ES")
            : null;

    private static PlatformFinding? WithoutCpuid(
        PlatformFacts facts, string code, string parameter, bool? enabled, Func<EncryptionLeaf, bool> announced) =>
        enabled == true && facts.Processor is { } processor && (processor.Encryption is not { } leaf || !announced(leaf))
            ? new(code, $"{Parameters}/{parameter}", "on, but the processor does not announce it")
            : null;

    private static PlatformFinding? SevEsWithoutSev(PlatformFacts facts) =>
        facts.KvmAmd is { SevEs: true, Sev: false }
            ? new(PlatformCodes.KvmSevEsWithoutSev, $"{Parameters}/sev_es", "on, but sev is off")
            : null;

    private static PlatformFinding? SnpWithoutSevEs(PlatformFacts facts) =>
        facts.KvmAmd is { SevSnp: true, SevEs: false }
            ? new(PlatformCodes.KvmSevSnpWithoutSevEs, $"{Parameters}/sev_snp", "on, but sev_es is off")
            : null;

    private static PlatformFinding? SevEsWithoutAsids(PlatformFacts facts) =>
        facts is { KvmAmd.SevEs: true, Processor.Encryption.MinimumSevAsid: <= 1 }
            ? new(PlatformCodes.KvmSevEsWithoutAsids, $"{Parameters}/sev_es",
                $"on, but {Leaf} EDX = {facts.Processor.Encryption.MinimumSevAsid} leaves no ASID to SEV-ES; raise the minimum SEV ASID in the BIOS")
            : null;

    private static PlatformFinding? SevDisagrees(PlatformFacts facts) =>
        facts is { KvmAmd.Sev: true, AsidCapacity.Sev: > 0, Processor.Encryption: { } leaf }
        && facts.AsidCapacity.Sev != leaf.SevAsidCount
            ? new(PlatformCodes.CapacitySevDisagrees, Capacity, $"sev {facts.AsidCapacity.Sev}, but {Leaf} counts {leaf.SevAsidCount}")
            : null;

    // EDX ≤ 1 is told by SevEsWithoutAsids.
    private static PlatformFinding? SevEsDisagrees(PlatformFacts facts) =>
        facts is { KvmAmd.SevEs: true, AsidCapacity.SevEs: > 0, Processor.Encryption: { MinimumSevAsid: > 1 } leaf }
        && facts.AsidCapacity.SevEs != leaf.MinimumSevAsid - 1
            ? new(PlatformCodes.CapacitySevEsDisagrees, Capacity,
                $"sev_es {facts.AsidCapacity.SevEs}, but {Leaf} counts {leaf.MinimumSevAsid - 1}")
            : null;

    // No ASID by CPUID either is not a contradiction: the kernel says sev=Y and "unusable" then.
    private static PlatformFinding? SevAbsent(PlatformFacts facts) =>
        facts is { KvmAmd.Sev: true, AsidCapacity.Sev: 0 } && facts.Processor?.Encryption is not { SevAsidCount: 0 }
            ? new(PlatformCodes.CapacitySevAbsent, Capacity, "has no sev, but kvm_amd says sev=Y")
            : null;

    private static PlatformFinding? SevEsAbsent(PlatformFacts facts) =>
        facts is { KvmAmd.SevEs: true, AsidCapacity.SevEs: 0 } && facts.Processor?.Encryption is not { MinimumSevAsid: <= 1 }
            ? new(PlatformCodes.CapacitySevEsAbsent, Capacity, "has no sev_es, but kvm_amd says sev_es=Y")
            : null;

    // Happens on real machines: the kernel sets the capacity first, and leaves it when the firmware then fails to start.
    private static PlatformFinding? CapacityWithoutKvm(PlatformFacts facts) =>
        facts is { KvmAmd.Sev: false, AsidCapacity: { } capacity } && (capacity.Sev > 0 || capacity.SevEs > 0)
            ? new(PlatformCodes.CapacityWithoutKvm, Capacity,
                $"sev {capacity.Sev}, sev_es {capacity.SevEs}, but kvm_amd says sev=N; look for the firmware's error in the kernel log")
            : null;

    private static PlatformFinding? CurrentAboveCapacity(PlatformFacts facts) =>
        facts is { AsidCapacity: { } capacity, AsidCurrent: { } current } && (current.Sev > capacity.Sev || current.SevEs > capacity.SevEs)
            ? new(PlatformCodes.CurrentAboveCapacity, "misc.current",
                $"sev {current.Sev} of {capacity.Sev}, sev_es {current.SevEs} of {capacity.SevEs}")
            : null;

    // -1, read back as the largest number, is how an operator asks for the whole pool.
    private static PlatformFinding? CiphertextHidingAbovePool(PlatformFacts facts) =>
        facts is { KvmAmd.CiphertextHidingAsids: { } hidden and < uint.MaxValue, AsidCapacity: { } capacity } && hidden > capacity.SevEs
            ? new(PlatformCodes.CiphertextHidingAbovePool, $"{Parameters}/ciphertext_hiding_asids",
                $"{hidden}, but SEV-ES and SEV-SNP have {capacity.SevEs} ASIDs together")
            : null;

    private static PlatformFinding? CiphertextHidingDisagrees(PlatformFacts facts) =>
        facts is { KvmAmd: { SevSnp: true } kvm, SnpPlatformStatus: { } status }
        && kvm.CiphertextHidingAsids is > 0 != status.CiphertextHidingEnabled
            ? new(PlatformCodes.CiphertextHidingDisagrees, "SNP_PLATFORM_STATUS",
                $"ciphertext hiding is {(status.CiphertextHidingEnabled ? "on" : "off")}, but kvm_amd says ciphertext_hiding_asids={kvm.CiphertextHidingAsids?.ToString() ?? "(none)"}")
            : null;

    internal static PlatformFinding? SnpNotInitialized(PlatformFacts facts) =>
        facts is { KvmAmd.SevSnp: true, SnpPlatformStatus.RmpInitialized: false }
            ? new(PlatformCodes.SnpNotInitialized, "SNP_PLATFORM_STATUS", "the RMP is not initialized, but kvm_amd says sev_snp=Y")
            : null;

    // Nova believes these numbers. libvirt takes them from CPUID when it starts and keeps them: ECX - EDX + 1, and EDX - 1. That CPUID and the
    // kernel disagree has codes of its own.
    private static PlatformFinding? LibvirtSev(PlatformFacts facts) =>
        facts is { KvmAmd.Sev: true, Virtualization.Capabilities.MaximumGuests: { } guests }
            ? Libvirt(PlatformCodes.LibvirtSevDisagrees, "maxGuests", guests, facts.AsidCapacity?.Sev, facts.Processor?.Encryption?.SevAsidCount)
            : null;

    private static PlatformFinding? LibvirtSevEs(PlatformFacts facts) =>
        facts is { KvmAmd.SevEs: true, Virtualization.Capabilities.MaximumSevEsGuests: { } guests }
            ? Libvirt(PlatformCodes.LibvirtSevEsDisagrees, "maxESGuests", guests, facts.AsidCapacity?.SevEs, facts.Processor?.Encryption?.SevEsAndSnpAsidCount)
            : null;

    private static PlatformFinding? Libvirt(string code, string element, uint says, uint? capacity, uint? cpuid) =>
        capacity == says || cpuid == says || (capacity ?? cpuid) is null
            ? null
            : new(code, "domain capabilities", $"{element} {says}, but {Capacity} says {capacity?.ToString() ?? "nothing"} and {Leaf} {cpuid?.ToString() ?? "nothing"}");

    private static PlatformFinding? LibvirtWithoutSev(PlatformFacts facts) =>
        facts is { KvmAmd.Sev: true, Virtualization.Capabilities.Sev: false }
            ? new(PlatformCodes.LibvirtWithoutSev, "domain capabilities", "libvirt says that SEV is not supported, but kvm_amd says sev=Y: Nova starts no encrypted guest here")
            : null;

    private static PlatformFinding? LibvirtSevWithoutKvm(PlatformFacts facts) =>
        facts is { KvmAmd.Sev: false, Virtualization.Capabilities.Sev: true }
            ? new(PlatformCodes.LibvirtSevWithoutKvm, "domain capabilities", "libvirt says that SEV is supported, but kvm_amd says sev=N")
            : null;

    private static PlatformFinding? NoSnpFirmware(PlatformFacts facts) =>
        facts is { KvmAmd.SevSnp: true } && !facts.SnpFirmware.Any(f => f.LoadedAsMemory)
            ? new(PlatformCodes.NoSnpFirmware, "usr/share/qemu/firmware",
                "no descriptor with feature amd-sev-snp and mapping.device memory, so libvirt finds no firmware for SEV-SNP; install an OVMF built for it")
            : null;
}
