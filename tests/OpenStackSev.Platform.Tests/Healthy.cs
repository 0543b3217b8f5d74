namespace OpenStackSev.Platform.Tests;

/// <summary>A machine on which nothing is wrong. Tests take it and break one thing.</summary>
internal static class Healthy
{
    public const uint Sev = 394;
    public const uint SevEs = 115;

    public static PlatformFacts Milan { get; } = new()
    {
        Root = "/",
        Simulated = false,
        Processor = new ProcessorFacts
        {
            Vendor = "AuthenticAMD",
            Brand = "AMD EPYC 7763 64-Core Processor",
            Family = 0x19,
            Model = 0x01,
            Stepping = 1,
            PackageType = 4,
            Product = EpycProduct.Milan,
            Encryption = new EncryptionLeaf(0x0101FD3F, 0x00004173, 509, 116),
        },
        KvmAmd = new KvmAmdParameters(Sev: true, SevEs: true, SevSnp: true, CiphertextHidingAsids: 0),
        AsidCapacity = new AsidCounts(Sev, SevEs),
        AsidCurrent = new AsidCounts(3, 2),
        Kernel = new KernelFacts("6.14.0", "root=/dev/sda1"),
        SmtActive = true,
        IommuPresent = true,
        SnpPlatformStatus = new SnpPlatformStatus
        {
            ApiMajor = 1,
            ApiMinor = 55,
            Build = 22,
            RmpInitialized = true,
            AliasCheckComplete = true,
            CiphertextHidingCapable = false,
            CiphertextHidingEnabled = false,
            MaskedChipId = false,
            GuestCount = 2,
            CurrentTcb = 0xDB18_0000_0000_0004,
            ReportedTcb = 0xDB18_0000_0000_0004,
        },
        SnpFirmware = [new FirmwareDescriptor("/usr/share/qemu/firmware/60.json", "/usr/share/OVMF/OVMF.amdsev.fd", ["amd-sev-snp"], LoadedAsMemory: true)],
        Findings = [],
    };

    public static PlatformFacts Turin { get; } = Milan.With(EpycProduct.Turin, currentTcb: 0x4800_0000_0301_0101);

    public static PlatformFacts With(this PlatformFacts facts, EpycProduct? product, ulong currentTcb) => facts with
    {
        Processor = facts.Processor! with { Product = product },
        SnpPlatformStatus = facts.SnpPlatformStatus! with { CurrentTcb = currentTcb, ReportedTcb = currentTcb },
    };

    public static PlatformFacts WithLeaf(this PlatformFacts facts, Func<EncryptionLeaf, EncryptionLeaf?> change) => facts with
    {
        Processor = facts.Processor! with { Encryption = change(facts.Processor.Encryption!) },
    };

    public static PlatformFacts WithKvm(this PlatformFacts facts, Func<KvmAmdParameters, KvmAmdParameters> change) => facts with
    {
        KvmAmd = change(facts.KvmAmd!),
    };

    public static PlatformFacts WithStatus(this PlatformFacts facts, Func<SnpPlatformStatus, SnpPlatformStatus> change) => facts with
    {
        SnpPlatformStatus = change(facts.SnpPlatformStatus!),
    };
}
