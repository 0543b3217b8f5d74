namespace OpenStackSev.Platform.Tests;

/// <summary>Facts that agree with each other; each test changes only what it is about.</summary>
internal static class Given
{
    public const uint Sev = 1 << 1, SevEs = 1 << 3, SevSnp = 1 << 4;

    /// <summary>An EPYC 7003 with SEV-SNP on: 410 ASIDs for SEV, 99 that SEV-ES and SEV-SNP share.</summary>
    public static PlatformFacts Facts() => new()
    {
        Root = "/",
        Simulated = false,
        Processor = Processor(EpycProduct.Milan),
        KvmAmd = new KvmAmdParameters(true, true, true, 0),
        AsidCapacity = new AsidCounts(410, 99),
        AsidCurrent = new AsidCounts(3, 2),
        Kernel = new KernelFacts("6.12", ""),
        SmtActive = true,
        IommuPresent = true,
        SnpPlatformStatus = Status(),
        SevPlatformStatus = SevStatusSource.Parse(HostFolder.SevStatusBytes()).Value,
        SevCertificates = HostFolder.CertificateBytes(),
        SecurityAttributes = new SecurityAttributes(Tsme: false, DebugLocked: true, Fused: true),
        Virtualization = Virtualization(410, 99),
        ChipIds = [new string('a', 128)],
        SnpFirmware = [new FirmwareDescriptor("/usr/share/qemu/firmware/60-snp.json", "/usr/share/OVMF/OVMF.amdsev.fd", ["amd-sev-snp"], true)],
        Findings = [],
    };

    public static VirtualizationFacts Virtualization(uint sev, uint sevEs, bool supported = true) =>
        new("compute1", "10.0.0", "8.2.2", new DomainCapabilities(supported, sev, sevEs, ["sev", "sev-snp"]), TimeSpan.Zero);

    public static ProcessorFacts Processor(EpycProduct? product, uint eax = Sev | SevEs | SevSnp, uint maximum = 509, uint minimum = 100) => new()
    {
        Vendor = "AuthenticAMD",
        Brand = "AMD EPYC 7313",
        Family = 0x19,
        Model = 1,
        Stepping = 1,
        PackageType = 4,
        Product = product,
        Encryption = new EncryptionLeaf(eax, 0x73, maximum, minimum),
    };

    public static SnpPlatformStatus Status(byte snp = 0x18) => new()
    {
        ApiMajor = 1,
        ApiMinor = 55,
        Build = 29,
        State = 1,
        RmpInitialized = true,
        AliasCheckComplete = true,
        CiphertextHidingCapable = true,
        CiphertextHidingEnabled = false,
        MaskedChipId = false,
        MaskedChipKey = false,
        VlekLoaded = false,
        RaplDisabled = false,
        TrustedIoEnabled = false,
        GuestCount = 0,
        CurrentTcb = (ulong)snp << 48,
        ReportedTcb = (ulong)snp << 48,
    };
}
