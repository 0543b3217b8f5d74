namespace OpenStackSev.Simulation;

/// <summary>A processor generation that can be simulated, with the numbers that a machine of it has out of the box.</summary>
/// <param name="Name">As typed after <c>--model</c>.</param>
/// <param name="Summary">One line for people.</param>
/// <param name="Brand">CPUID brand string, at most 47 characters.</param>
/// <param name="Identity">CPUID Fn0000_0001 EAX: family, model, stepping.</param>
/// <param name="PackageType">CPUID Fn8000_0001 EBX[31:28]; tells Bergamo (4) from Siena (8).</param>
/// <param name="EncryptionEax">CPUID Fn8000_001F EAX: what the processor can do.</param>
/// <param name="EncryptionEbx">CPUID Fn8000_001F EBX: C-bit position, lost address bits, VMPLs.</param>
/// <param name="MaximumAsid">CPUID Fn8000_001F ECX: highest ASID.</param>
/// <param name="MinimumSevAsid">CPUID Fn8000_001F EDX: lowest ASID of plain SEV. An option of the BIOS.</param>
/// <param name="HiddenAsids"><c>kvm_amd.ciphertext_hiding_asids</c>; null where the kernel and the processor do not have it.</param>
/// <param name="Release"><c>uname -r</c>.</param>
/// <param name="Firmware">The security processor; null without SNP.</param>
/// <remarks>
/// Sources: AMD 24594 (APM volume 3) "CPUID Fn8000_001F Encrypted Memory Capabilities"; 509 and 1006 ASIDs and the split at
/// 253 as real Milan and Genoa machines print them. The other bits are plausible rather than captured.
/// </remarks>
public sealed record HostModel(
    string Name,
    string Summary,
    string Brand,
    uint Identity,
    uint PackageType,
    uint EncryptionEax,
    uint EncryptionEbx,
    uint MaximumAsid,
    uint MinimumSevAsid,
    uint? HiddenAsids,
    string Release,
    SecurityProcessor? Firmware)
{
    private const string Stable = "6.12.48+deb13-amd64";
    private const string WithCiphertextHiding = "6.18.6-amd64";

    // VMPLs 4, 5 address bits lost, C-bit 51.
    private const uint FourVmpls = 0x4173;
    private const uint SnpCapable = 0x0101_FD3F;
    private const uint SegmentedRmp = 1 << 23;

    /// <summary>True for a processor and firmware that can run SNP guests.</summary>
    public bool CanSnp => Firmware is not null;

    /// <summary>Version of the security processor's API; SEV's own where there is no SNP.</summary>
    public byte ApiMajor => Firmware?.ApiMajor ?? 0;

    public byte ApiMinor => Firmware?.ApiMinor ?? 24;

    /// <summary>Every model, oldest first.</summary>
    public static IReadOnlyList<HostModel> All { get; } =
    [
        new("naples", "Zen 1: 15 ASIDs, SEV and SEV-ES", "AMD EPYC 7601 32-Core Processor",
            0x0080_0F12, 4, 0x0000_000F, 0x016F, 15, 5, null, Stable, null),
        new("rome", "Zen 2: 509 ASIDs, SEV and SEV-ES", "AMD EPYC 7742 64-Core Processor",
            0x0083_0F10, 4, 0x0001_000F, 0x016F, 509, 100, null, Stable, null),
        new("milan", "Zen 3: 509 ASIDs, the first with SEV-SNP", "AMD EPYC 7763 64-Core Processor",
            0x00A0_0F11, 4, SnpCapable, FourVmpls, 509, 100, null, Stable, SecurityProcessor.BeforeZen5(0x18, 0xDB)),
        new("genoa", "Zen 4: 1006 ASIDs", "AMD EPYC 9654 96-Core Processor",
            0x00A1_0F11, 4, SnpCapable, FourVmpls, 1006, 253, null, Stable, SecurityProcessor.BeforeZen5(0x17, 0x54)),
        new("bergamo", "Zen 4c: 1006 ASIDs", "AMD EPYC 9754 128-Core Processor",
            0x00AA_0F02, 4, SnpCapable, FourVmpls, 1006, 253, null, Stable, SecurityProcessor.BeforeZen5(0x17, 0x19)),
        new("siena", "Zen 4c in the small socket: 1006 ASIDs", "AMD EPYC 8534P 64-Core Processor",
            0x00AA_0F02, 8, SnpCapable, FourVmpls, 1006, 253, null, Stable, SecurityProcessor.BeforeZen5(0x17, 0x19)),
        new("turin", "Zen 5: 1006 ASIDs", "AMD EPYC 9755 128-Core Processor",
            0x00B0_0F21, 4, SnpCapable | SegmentedRmp, FourVmpls, 1006, 253, 0, WithCiphertextHiding, SecurityProcessor.Zen5(3, 0x48)),
        new("turin-cth", "Zen 5 with ciphertext hiding: SEV-ES and SEV-SNP have pools of their own",
            "AMD EPYC 9755 128-Core Processor",
            0x00B0_0F21, 4, SnpCapable | SegmentedRmp, FourVmpls, 1006, 253, 128, WithCiphertextHiding, SecurityProcessor.Zen5(3, 0x48)),
    ];

    /// <returns>Null for a name that is none.</returns>
    public static HostModel? Named(string name) =>
        All.FirstOrDefault(model => string.Equals(model.Name, name, StringComparison.OrdinalIgnoreCase));
}

/// <summary>What the security processor of a host with SNP reports.</summary>
/// <param name="CurrentTcb">TCB_VERSION, little-endian as a number; Turin moved its parts.</param>
/// <param name="WithdrawnTcb">The same firmware after the mitigation of CVE-2025-48514: it starts no SEV-ES guest while SNP is on.</param>
/// <param name="CanHideCiphertext">From Zen 5 on.</param>
/// <param name="HasShortChipId">From Zen 5 on: 8 bytes, and zeros to 64.</param>
/// <remarks>
/// Source: AMD 56860 "SNP_PLATFORM_STATUS" and "TCB_VERSION"; the threshold is AMD-SB-3023: snp 0x1B on Zen 3 and Zen 4, 4 on Zen 5.
/// </remarks>
public sealed record SecurityProcessor(
    byte ApiMajor, byte ApiMinor, uint Build, ulong CurrentTcb, ulong WithdrawnTcb, bool CanHideCiphertext, bool HasShortChipId)
{
    // bytes: bootloader, TEE, 4 reserved, SNP, microcode
    internal static SecurityProcessor BeforeZen5(byte snp, byte microcode)
    {
        ulong Tcb(ulong version) => (ulong)microcode << 56 | version << 48 | 0x04;
        return new(1, 55, snp + 21u, Tcb(snp), Tcb(0x1B), CanHideCiphertext: false, HasShortChipId: false);
    }

    // bytes: FMC, bootloader, TEE, SNP, 3 reserved, microcode
    internal static SecurityProcessor Zen5(byte snp, byte microcode)
    {
        ulong Tcb(ulong version) => (ulong)microcode << 56 | version << 24 | 0x01_01_01;
        return new(1, 58, snp + 55u, Tcb(snp), Tcb(0x04), CanHideCiphertext: true, HasShortChipId: true);
    }
}
