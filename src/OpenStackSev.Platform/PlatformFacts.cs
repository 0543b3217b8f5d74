namespace OpenStackSev.Platform;

/// <summary>What one machine says about its AMD memory encryption, read once. Facts only: nothing here is judged.</summary>
/// <remarks>
/// A part whose source was missing, unreadable or malformed is null, and <see cref="Findings"/> says which source and why.
/// Trust: the machine's own word. A compromised host can report anything; see the control plane for what it may earn.
/// </remarks>
public sealed record PlatformFacts
{
    /// <summary>The folder that the facts were read below: <c>/</c> for this machine.</summary>
    public required string Root { get; init; }

    /// <summary>True when the facts come from a folder that marks itself as simulated.</summary>
    public required bool Simulated { get; init; }

    /// <summary>Processor identity and CPUID Fn8000_001F; null when the processor could not be asked.</summary>
    public required ProcessorFacts? Processor { get; init; }

    /// <summary>Parameters of the kvm_amd module; null when the module is not loaded.</summary>
    public required KvmAmdParameters? KvmAmd { get; init; }

    /// <summary>ASIDs that the kernel hands out, <c>misc.capacity</c> of the root cgroup; null when it is not there.</summary>
    public required AsidCounts? AsidCapacity { get; init; }

    /// <summary>ASIDs in use now, <c>misc.current</c> of the root cgroup; null when it is not there.</summary>
    public required AsidCounts? AsidCurrent { get; init; }

    /// <summary>The running kernel.</summary>
    public required KernelFacts? Kernel { get; init; }

    /// <summary>True when simultaneous multithreading is active, <c>/sys/devices/system/cpu/smt/active</c>.</summary>
    public required bool? SmtActive { get; init; }

    /// <summary>True when at least one IOMMU is registered, <c>/sys/class/iommu</c>.</summary>
    public required bool? IommuPresent { get; init; }

    /// <summary>Answer of the security processor to PLATFORM_STATUS; null without SEV or without <c>/dev/sev</c>.</summary>
    public required SevPlatformStatus? SevPlatformStatus { get; init; }

    /// <summary>Answer of the security processor to SNP_PLATFORM_STATUS; null without SNP or without <c>/dev/sev</c>.</summary>
    public required SnpPlatformStatus? SnpPlatformStatus { get; init; }

    /// <summary>The chip of each socket, GET_ID2: 128 hex digits, as CHIP_ID of a report; null without SEV or without <c>/dev/sev</c>.</summary>
    public required IReadOnlyList<string>? ChipIds { get; init; }

    /// <summary>
    /// Answer of the security processor to PDH_CERT_EXPORT: PDH, PEK, OCA and CEK, one after the other, 2084 bytes each. Not verified. Null
    /// without SEV, or while the platform is not initialized.
    /// </summary>
    public required byte[]? SevCertificates { get; init; }

    /// <summary>What the ccp driver says of the part; null where it says nothing.</summary>
    public required SecurityAttributes? SecurityAttributes { get; init; }

    /// <summary>What libvirt says; null where it could not be asked.</summary>
    public required VirtualizationFacts? Virtualization { get; init; }

    /// <summary>Firmware images whose descriptor names the <c>amd-sev-snp</c> feature.</summary>
    public required IReadOnlyList<FirmwareDescriptor> SnpFirmware { get; init; }

    /// <summary>Sources that were missing, unreadable or malformed.</summary>
    public required IReadOnlyList<PlatformFinding> Findings { get; init; }
}

/// <summary>A source of facts that could not be used, or facts that contradict each other.</summary>
/// <param name="Code">Stable code, see <see cref="PlatformCodes"/>.</param>
/// <param name="Subject">The file, register or device, as read (with the root folder in front).</param>
/// <param name="Detail">What was expected and what was there, in one line.</param>
public sealed record PlatformFinding(string Code, string Subject, string Detail);

/// <summary>Processor identity and what it says about memory encryption.</summary>
public sealed record ProcessorFacts
{
    /// <summary>CPUID Fn0000_0000 vendor string, e.g. <c>AuthenticAMD</c>.</summary>
    public required string Vendor { get; init; }

    /// <summary>CPUID brand string (Fn8000_0002..4), trimmed.</summary>
    public required string Brand { get; init; }

    /// <summary>Extended plus base family.</summary>
    public required int Family { get; init; }

    /// <summary>Extended model in the high nibble, base model in the low one.</summary>
    public required int Model { get; init; }

    /// <summary>Stepping.</summary>
    public required int Stepping { get; init; }

    /// <summary>CPUID Fn8000_0001 EBX[31:28]; tells Bergamo (4) from Siena (8).</summary>
    public required int PackageType { get; init; }

    /// <summary>Product line by family, model and package type; null for one that is not known.</summary>
    public required EpycProduct? Product { get; init; }

    /// <summary>CPUID Fn8000_001F; null when the processor has no such leaf.</summary>
    public required EncryptionLeaf? Encryption { get; init; }
}

/// <summary>EPYC generations that have SEV.</summary>
public enum EpycProduct
{
    Naples,
    Rome,
    Milan,
    Genoa,
    Bergamo,
    Siena,
    Turin,
    Venice,
}

/// <summary>CPUID Fn8000_001F, the four registers as read.</summary>
/// <remarks>Source: AMD 24594 (APM volume 3), "CPUID Fn8000_001F Encrypted Memory Capabilities".</remarks>
public sealed record EncryptionLeaf(uint Eax, uint Ebx, uint Ecx, uint Edx)
{
    public bool Sme => (Eax & (1 << 0)) != 0;
    public bool Sev => (Eax & (1 << 1)) != 0;
    public bool SevEs => (Eax & (1 << 3)) != 0;
    public bool SevSnp => (Eax & (1 << 4)) != 0;

    /// <summary>Position of the C-bit in a page table entry.</summary>
    public int CBitPosition => (int)(Ebx & 0x3F);

    /// <summary>Physical address bits lost while memory encryption is on.</summary>
    public int ReducedPhysicalBits => (int)((Ebx >> 6) & 0x3F);

    /// <summary>Highest ASID, which is also the number of encrypted guests at one time.</summary>
    public uint MaximumAsid => Ecx;

    /// <summary>Lowest ASID of a plain SEV guest; 1 leaves none to SEV-ES and SEV-SNP.</summary>
    public uint MinimumSevAsid => Edx;

    /// <summary>ASIDs EDX..ECX, for plain SEV.</summary>
    public uint SevAsidCount => Edx >= 1 && Edx <= Ecx ? Ecx - Edx + 1 : 0;

    /// <summary>ASIDs 1..EDX-1, shared by SEV-ES and SEV-SNP. Never more than <see cref="MaximumAsid"/>.</summary>
    public uint SevEsAndSnpAsidCount => Edx > 1 ? Math.Min(Edx - 1, Ecx) : 0;
}

/// <summary>Parameters of the loaded kvm_amd module; null for one that this kernel does not have.</summary>
/// <param name="CiphertextHidingAsids">
/// <c>ciphertext_hiding_asids</c>: how many of the SEV-ES and SEV-SNP ASIDs, from 1 on, are for SNP only; 0 when it is off.
/// </param>
public sealed record KvmAmdParameters(bool? Sev, bool? SevEs, bool? SevSnp, uint? CiphertextHidingAsids);

/// <summary>The two lines of the misc cgroup controller. A line that the kernel leaves out counts 0.</summary>
/// <param name="Sev">Plain SEV.</param>
/// <param name="SevEs">SEV-ES and SEV-SNP together.</param>
/// <remarks>Source: Linux, Documentation/admin-guide/cgroup-v2.rst, "Misc"; kernel/cgroup/misc.c.</remarks>
public sealed record AsidCounts(uint Sev, uint SevEs);

/// <param name="Release">As <c>uname -r</c>.</param>
/// <param name="CommandLine"><c>/proc/cmdline</c>, trimmed.</param>
public sealed record KernelFacts(string Release, string CommandLine);

/// <summary>A QEMU firmware descriptor that can start an SNP guest.</summary>
/// <param name="DescriptorPath">The JSON file.</param>
/// <param name="ImagePath">The image that it names.</param>
/// <param name="Features">All features of the descriptor.</param>
/// <param name="LoadedAsMemory">True when <c>mapping.device</c> is <c>memory</c>, which SNP needs (pflash cannot start it).</param>
public sealed record FirmwareDescriptor(string DescriptorPath, string ImagePath, IReadOnlyList<string> Features, bool LoadedAsMemory);

/// <summary>Attributes of the part by the ccp driver; null for one that this kernel or part does not tell. Of several sockets: true when all say so.</summary>
/// <param name="Tsme">Transparent SME encrypts all memory.</param>
/// <param name="DebugLocked">The debug port is locked.</param>
/// <param name="Fused">The part is fused, as those for production are.</param>
public sealed record SecurityAttributes(bool? Tsme, bool? DebugLocked, bool? Fused);

/// <summary>The answer to PLATFORM_STATUS, 12 bytes.</summary>
/// <remarks>Source: Linux include/uapi/linux/psp-sev.h, <c>struct sev_user_data_status</c>; AMD 55766 "PLATFORM_STATUS".</remarks>
public sealed record SevPlatformStatus
{
    public required byte ApiMajor { get; init; }
    public required byte ApiMinor { get; init; }
    public required byte Build { get; init; }

    /// <summary>0 uninitialized, 1 initialized, 2 working.</summary>
    public required byte State { get; init; }

    /// <summary>The PEK is signed by an owner's certificate, not by one that the security processor made itself.</summary>
    public required bool Owned { get; init; }

    /// <summary>Initialized for SEV-ES.</summary>
    public required bool SevEs { get; init; }

    /// <summary>SEV and SEV-ES guests that the firmware knows.</summary>
    public required uint GuestCount { get; init; }

    public bool IsInitialized => State != 0;
}

/// <summary>The answer to SNP_PLATFORM_STATUS, 32 bytes.</summary>
/// <remarks>Source: Linux include/uapi/linux/psp-sev.h, <c>struct sev_user_data_snp_status</c>; AMD 56860 "SNP_PLATFORM_STATUS".</remarks>
public sealed record SnpPlatformStatus
{
    public required byte ApiMajor { get; init; }
    public required byte ApiMinor { get; init; }
    public required uint Build { get; init; }

    /// <summary>0 uninitialized, 1 initialized.</summary>
    public required byte State { get; init; }

    public required bool RmpInitialized { get; init; }
    public required bool AliasCheckComplete { get; init; }
    public required bool CiphertextHidingCapable { get; init; }
    public required bool CiphertextHidingEnabled { get; init; }

    /// <summary>CHIP_ID of reports is zero.</summary>
    public required bool MaskedChipId { get; init; }

    /// <summary>Reports are not signed with the chip's own key.</summary>
    public required bool MaskedChipKey { get; init; }

    /// <summary>A VLEK is loaded, and signs reports unless a guest asks for the VCEK.</summary>
    public required bool VlekLoaded { get; init; }

    public required bool RaplDisabled { get; init; }

    /// <summary>SEV-TIO is on.</summary>
    public required bool TrustedIoEnabled { get; init; }

    public required uint GuestCount { get; init; }

    /// <summary>CURRENT_TCB as read, little-endian. Its layout depends on the product.</summary>
    public required ulong CurrentTcb { get; init; }

    /// <summary>REPORTED_TCB as read, little-endian. Its layout depends on the product.</summary>
    public required ulong ReportedTcb { get; init; }
}
