using System.Buffers.Binary;

namespace OpenStackSev.Platform;

/// <summary>SNP_PLATFORM_STATUS: asked of <c>/dev/sev</c> on this machine, read from a file in a folder.</summary>
/// <remarks>
/// Source: Linux include/uapi/linux/psp-sev.h. Asked only where SNP is on: the answer means nothing elsewhere, and the firmware
/// would be disturbed for it. The command is read-only and needs no more than to open the device.
/// </remarks>
internal static class SnpStatusSource
{
    public const int Size = 32;

    private const string FolderFile = "dev/sev.snp_platform_status";

    private static readonly SourceCodes Codes =
        new(PlatformCodes.SnpStatusMissing, PlatformCodes.SnpStatusUnreadable, PlatformCodes.SnpStatusMalformed);

    public static SnpPlatformStatus? Read(SourceFolder folder, bool snpIsOn, List<PlatformFinding> findings)
    {
        if (folder.IsMachine && !snpIsOn)
            return null;
        string path = folder.Path(folder.IsMachine ? "dev/sev" : FolderFile);
        Source<SnpPlatformStatus> status = (folder.IsMachine ? SevDevice.Issue(path, SevDevice.SnpPlatformStatus, new byte[Size]) : SourceFolder.ReadBytes(path, SourceFolder.TextLimit)).Then(Parse);
        if (status.IsFound)
            return status.Value;
        if (status.State != SourceState.Missing || snpIsOn)
            findings.Add(Codes.Finding(status, path));
        return null;
    }

    internal static Source<SnpPlatformStatus> Parse(byte[] bytes)
    {
        if (bytes.Length != Size)
            return Source<SnpPlatformStatus>.Malformed($"expected {Size} bytes, found {bytes.Length}");
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8));
        return Source<SnpPlatformStatus>.Found(new SnpPlatformStatus
        {
            ApiMajor = bytes[0],
            ApiMinor = bytes[1],
            RmpInitialized = (bytes[3] & (1 << 0)) != 0,
            AliasCheckComplete = (bytes[3] & (1 << 1)) != 0,
            Build = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4)),
            MaskedChipId = (flags & (1 << 0)) != 0,
            CiphertextHidingCapable = (flags & (1 << 5)) != 0,
            CiphertextHidingEnabled = (flags & (1 << 6)) != 0,
            GuestCount = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(12)),
            CurrentTcb = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(16)),
            ReportedTcb = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(24)),
        });
    }
}
