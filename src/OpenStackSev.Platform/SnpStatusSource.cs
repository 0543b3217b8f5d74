using System.Buffers.Binary;

namespace OpenStackSev.Platform;

/// <summary>SNP_PLATFORM_STATUS.</summary>
/// <remarks>
/// Source: Linux include/uapi/linux/psp-sev.h, <c>struct sev_user_data_snp_status</c>; AMD 56860 "SNP_PLATFORM_STATUS". Asked only where SNP
/// is on: the answer means nothing elsewhere, and the firmware would be disturbed for it.
/// </remarks>
internal static class SnpStatusSource
{
    public const int Size = 32;

    private static readonly SourceCodes Codes =
        new(PlatformCodes.SnpStatusMissing, PlatformCodes.SnpStatusUnreadable, PlatformCodes.SnpStatusMalformed);

    public static SnpPlatformStatus? Read(ISecurityProcessor processor, bool snpIsOn, List<PlatformFinding> findings)
    {
        if (processor.IsDevice && !snpIsOn)
            return null;
        Source<SnpPlatformStatus> status = processor.Ask(SevCommand.SnpPlatformStatus).Then(Parse);
        if (status.IsFound)
            return status.Value;
        if (status.State != SourceState.Missing || snpIsOn)
            findings.Add(Codes.Finding(status, processor.Subject(SevCommand.SnpPlatformStatus)));
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
            State = bytes[2],
            RmpInitialized = (bytes[3] & (1 << 0)) != 0,
            AliasCheckComplete = (bytes[3] & (1 << 1)) != 0,
            TrustedIoEnabled = (bytes[3] & (1 << 3)) != 0,
            Build = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4)),
            MaskedChipId = (flags & (1 << 0)) != 0,
            MaskedChipKey = (flags & (1 << 1)) != 0,
            VlekLoaded = (flags & (1 << 2)) != 0,
            RaplDisabled = (flags & (1 << 4)) != 0,
            CiphertextHidingCapable = (flags & (1 << 5)) != 0,
            CiphertextHidingEnabled = (flags & (1 << 6)) != 0,
            GuestCount = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(12)),
            CurrentTcb = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(16)),
            ReportedTcb = BinaryPrimitives.ReadUInt64LittleEndian(bytes.AsSpan(24)),
        });
    }
}
