namespace OpenStackSev.Platform;

/// <summary>What is asked of the security processor. None of these changes anything; numbers as in Linux include/uapi/linux/psp-sev.h.</summary>
internal enum SevCommand : uint
{
    PlatformStatus = 1,
    PdhCertExport = 5,
    GetId2 = 8,
    SnpPlatformStatus = 9,
}

/// <summary>The security processor of a machine: a device, or the files that stand for one.</summary>
internal interface ISecurityProcessor
{
    /// <summary>True for one that works for its answer, so that it is left alone where the answer would mean nothing.</summary>
    bool IsDevice { get; }

    /// <summary>Where the answer to <paramref name="command"/> comes from, for findings.</summary>
    string Subject(SevCommand command);

    /// <summary>
    /// The answer as the firmware wrote it, its size not yet checked. Of <see cref="SevCommand.PdhCertExport"/> the PDH with the chain behind it.
    /// </summary>
    Source<byte[]> Ask(SevCommand command);
}

/// <summary>A simulated host: one file for each command.</summary>
internal sealed class SecurityProcessorFolder(SourceFolder folder) : ISecurityProcessor
{
    public bool IsDevice => false;

    public string Subject(SevCommand command) => folder.Path(command switch
    {
        SevCommand.PlatformStatus => "dev/sev.platform_status",
        SevCommand.PdhCertExport => "dev/sev.pdh_cert_export",
        SevCommand.GetId2 => "dev/sev.get_id2",
        SevCommand.SnpPlatformStatus => "dev/sev.snp_platform_status",
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, null),
    });

    public Source<byte[]> Ask(SevCommand command) => SourceFolder.ReadBytes(Subject(command), SourceFolder.TextLimit);
}
