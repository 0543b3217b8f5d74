namespace OpenStackSev.Platform;

/// <summary>Reads what a machine says about its memory encryption: this one, or a folder laid out like one.</summary>
public static class PlatformProbe
{
    /// <param name="root">
    /// <c>/</c> asks this machine, its processor and its security processor included. Any other folder is only read; for its layout
    /// see this folder's README.
    /// </param>
    /// <returns>
    /// The facts, never an exception for what is there: a source that cannot be used is null and has a line in
    /// <see cref="PlatformFacts.Findings"/>. Contradictions are not in there; for those ask <see cref="PlatformConsistency.Check"/>.
    /// </returns>
    /// <param name="libvirt">
    /// Of this machine, for who reads again and again: it is asked beside the reading then. Null asks it once, for at most two seconds.
    /// </param>
    public static PlatformFacts Read(string root, LibvirtWatch? libvirt = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(root);
        SourceFolder folder = new(root);
        return Read(folder, folder.IsMachine
            ? new SecurityProcessorDevice(new SevDevice(folder.Path("dev/sev")))
            : new SecurityProcessorFolder(folder), libvirt);
    }

    internal static PlatformFacts Read(SourceFolder folder, ISecurityProcessor securityProcessor, LibvirtWatch? libvirt = null)
    {
        List<PlatformFinding> findings = [];
        Source<FileType> type = SourceFolder.TypeOf(folder.Root);
        if (type is not { IsFound: true, Value: FileType.Directory })
        {
            string reason = type.IsFound ? $"expected a folder, found {SourceFolder.Describe(type.Value)}" : type.Reason;
            findings.Add(new(PlatformCodes.RootMissing, folder.Root, reason));
            return Nothing(folder.Root, findings);
        }

        ProcessorFacts? processor = CpuidSource.Read(folder, findings);
        KvmAmdParameters? kvm = KvmAmdSource.Read(folder, findings);
        bool sevIsOn = processor?.Encryption?.Sev == true && kvm?.Sev == true;
        bool snpIsOn = processor?.Encryption?.SevSnp == true && kvm?.SevSnp == true;
        SevPlatformStatus? sevStatus = SevStatusSource.Read(securityProcessor, sevIsOn, findings);
        return new PlatformFacts
        {
            Root = folder.Root,
            Simulated = SourceFolder.TypeOf(folder.Path("simulated")).State != SourceState.Missing,
            Processor = processor,
            KvmAmd = kvm,
            AsidCapacity = MiscCgroupSource.ReadCapacity(folder, findings),
            AsidCurrent = MiscCgroupSource.ReadCurrent(folder, findings),
            Kernel = KernelSource.Read(folder, findings),
            SmtActive = KernelSource.ReadSmt(folder, findings),
            IommuPresent = KernelSource.ReadIommu(folder, findings),
            SnpPlatformStatus = SnpStatusSource.Read(securityProcessor, snpIsOn, findings),
            ChipIds = ChipIdSource.Read(securityProcessor, sevIsOn, findings),
            SevPlatformStatus = sevStatus,
            SevCertificates = SevCertificatesSource.Read(securityProcessor, sevIsOn, sevStatus, findings),
            SecurityAttributes = SecurityAttributesSource.Read(folder, findings),
            Virtualization = folder.IsMachine ? (libvirt ?? new LibvirtWatch()).Read(findings) : VirtualizationSource.Read(new LibvirtFolder(folder), findings),
            SnpFirmware = FirmwareSource.Read(folder, findings),
            Findings = findings,
        };
    }

    private static PlatformFacts Nothing(string root, List<PlatformFinding> findings) => new()
    {
        Root = root,
        Simulated = false,
        Processor = null,
        KvmAmd = null,
        AsidCapacity = null,
        AsidCurrent = null,
        Kernel = null,
        SmtActive = null,
        IommuPresent = null,
        SnpPlatformStatus = null,
        ChipIds = null,
        SevPlatformStatus = null,
        SevCertificates = null,
        SecurityAttributes = null,
        Virtualization = null,
        SnpFirmware = [],
        Findings = findings,
    };
}
