namespace OpenStackSev.Platform;

/// <summary>Codes of <see cref="PlatformFinding"/>. Once shipped, a code never changes; each has a line in this folder's README.</summary>
/// <remarks>
/// <c>missing</c>: the source is not there. <c>unreadable</c>: it is there and cannot be read as a file (permission, directory,
/// pipe, device, loop, over its size limit). <c>malformed</c>: it was read and does not have the form that the kernel gives it.
/// </remarks>
public static class PlatformCodes
{
    public const string RootMissing = "platform.root.missing";

    public const string CpuidMissing = "platform.cpuid.missing";
    public const string CpuidUnreadable = "platform.cpuid.unreadable";
    public const string CpuidMalformed = "platform.cpuid.malformed";

    public const string KvmAmdMissing = "platform.kvm_amd.missing";
    public const string KvmAmdUnreadable = "platform.kvm_amd.unreadable";
    public const string KvmAmdMalformed = "platform.kvm_amd.malformed";

    public const string CapacityMissing = "platform.misc.capacity.missing";
    public const string CapacityUnreadable = "platform.misc.capacity.unreadable";
    public const string CapacityMalformed = "platform.misc.capacity.malformed";

    public const string CurrentMissing = "platform.misc.current.missing";
    public const string CurrentUnreadable = "platform.misc.current.unreadable";
    public const string CurrentMalformed = "platform.misc.current.malformed";

    public const string KernelMissing = "platform.kernel.missing";
    public const string KernelUnreadable = "platform.kernel.unreadable";
    public const string KernelMalformed = "platform.kernel.malformed";

    public const string SmtMissing = "platform.smt.missing";
    public const string SmtUnreadable = "platform.smt.unreadable";
    public const string SmtMalformed = "platform.smt.malformed";

    public const string IommuMissing = "platform.iommu.missing";
    public const string IommuUnreadable = "platform.iommu.unreadable";

    public const string FirmwareUnreadable = "platform.firmware.unreadable";
    public const string FirmwareMalformed = "platform.firmware.malformed";
    public const string FirmwareTooMany = "platform.firmware.too_many";
    public const string FirmwareImageMissing = "platform.firmware.image_missing";

    public const string SnpStatusMissing = "platform.snp_status.missing";
    public const string SnpStatusUnreadable = "platform.snp_status.unreadable";
    public const string SnpStatusMalformed = "platform.snp_status.malformed";

    public const string ChipIdMissing = "platform.chip_id.missing";
    public const string ChipIdUnreadable = "platform.chip_id.unreadable";
    public const string ChipIdMalformed = "platform.chip_id.malformed";

    public const string SevStatusMissing = "platform.sev_status.missing";
    public const string SevStatusUnreadable = "platform.sev_status.unreadable";
    public const string SevStatusMalformed = "platform.sev_status.malformed";

    public const string SevCertificatesMissing = "platform.sev_certificates.missing";
    public const string SevCertificatesUnreadable = "platform.sev_certificates.unreadable";
    public const string SevCertificatesMalformed = "platform.sev_certificates.malformed";

    public const string CcpUnreadable = "platform.ccp.unreadable";
    public const string CcpMalformed = "platform.ccp.malformed";
    public const string CcpSocketsDisagree = "platform.ccp.sockets_disagree";

    public const string LibvirtMissing = "platform.libvirt.missing";
    public const string LibvirtUnreadable = "platform.libvirt.unreadable";
    public const string LibvirtMalformed = "platform.libvirt.malformed";

    // Contradictions, PlatformConsistency.

    public const string UnknownProcessor = "platform.cpuid.unknown_processor";
    public const string CpuidMinimumAboveMaximum = "platform.cpuid.minimum_asid_above_maximum";
    public const string CpuidSnpWithoutSevEs = "platform.cpuid.sev_snp_without_sev_es";

    public const string KvmSevWithoutCpuid = "platform.kvm_amd.sev_without_cpuid";
    public const string KvmSevEsWithoutCpuid = "platform.kvm_amd.sev_es_without_cpuid";
    public const string KvmSevSnpWithoutCpuid = "platform.kvm_amd.sev_snp_without_cpuid";
    public const string KvmSevEsWithoutSev = "platform.kvm_amd.sev_es_without_sev";
    public const string KvmSevSnpWithoutSevEs = "platform.kvm_amd.sev_snp_without_sev_es";
    public const string KvmSevEsWithoutAsids = "platform.kvm_amd.sev_es_without_asids";

    public const string CapacitySevDisagrees = "platform.misc.capacity.sev_disagrees";
    public const string CapacitySevEsDisagrees = "platform.misc.capacity.sev_es_disagrees";
    public const string CapacitySevAbsent = "platform.misc.capacity.sev_absent";
    public const string CapacitySevEsAbsent = "platform.misc.capacity.sev_es_absent";
    public const string CapacityWithoutKvm = "platform.misc.capacity.without_kvm";
    public const string CurrentAboveCapacity = "platform.misc.current.above_capacity";

    public const string CiphertextHidingAbovePool = "platform.ciphertext_hiding.above_pool";
    public const string CiphertextHidingDisagrees = "platform.ciphertext_hiding.disagrees";
    public const string SnpNotInitialized = "platform.snp_status.not_initialized";
    public const string LibvirtSevDisagrees = "platform.libvirt.sev_disagrees";
    public const string LibvirtSevEsDisagrees = "platform.libvirt.sev_es_disagrees";
    public const string LibvirtWithoutSev = "platform.libvirt.without_sev";
    public const string LibvirtSevWithoutKvm = "platform.libvirt.sev_without_kvm";
    public const string NoSnpFirmware = "platform.firmware.none_for_sev_snp";

    // What the pools lost, AsidPools.

    public const string SevEsWithdrawn = "platform.sev_es.withdrawn";
    public const string SevEsUnknown = "platform.sev_es.unknown";

    /// <summary>Every code, in the order of the README.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        RootMissing,
        CpuidMissing, CpuidUnreadable, CpuidMalformed,
        KvmAmdMissing, KvmAmdUnreadable, KvmAmdMalformed,
        CapacityMissing, CapacityUnreadable, CapacityMalformed,
        CurrentMissing, CurrentUnreadable, CurrentMalformed,
        KernelMissing, KernelUnreadable, KernelMalformed,
        SmtMissing, SmtUnreadable, SmtMalformed,
        IommuMissing, IommuUnreadable,
        FirmwareUnreadable, FirmwareMalformed, FirmwareTooMany, FirmwareImageMissing,
        SnpStatusMissing, SnpStatusUnreadable, SnpStatusMalformed,
        ChipIdMissing, ChipIdUnreadable, ChipIdMalformed,
        SevStatusMissing, SevStatusUnreadable, SevStatusMalformed,
        SevCertificatesMissing, SevCertificatesUnreadable, SevCertificatesMalformed,
        CcpUnreadable, CcpMalformed, CcpSocketsDisagree,
        LibvirtMissing, LibvirtUnreadable, LibvirtMalformed,
        UnknownProcessor, CpuidMinimumAboveMaximum, CpuidSnpWithoutSevEs,
        KvmSevWithoutCpuid, KvmSevEsWithoutCpuid, KvmSevSnpWithoutCpuid,
        KvmSevEsWithoutSev, KvmSevSnpWithoutSevEs, KvmSevEsWithoutAsids,
        CapacitySevDisagrees, CapacitySevEsDisagrees, CapacitySevAbsent, CapacitySevEsAbsent, CapacityWithoutKvm,
        CurrentAboveCapacity,
        CiphertextHidingAbovePool, CiphertextHidingDisagrees,
        SnpNotInitialized,
        LibvirtSevDisagrees, LibvirtSevEsDisagrees, LibvirtWithoutSev, LibvirtSevWithoutKvm,
        NoSnpFirmware,
        SevEsWithdrawn, SevEsUnknown,
    ];
}
