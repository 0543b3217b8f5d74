using System.Buffers.Binary;

namespace OpenStackSev.Platform;

/// <summary>PLATFORM_STATUS: the firmware's version, and whether its keys have an owner.</summary>
/// <remarks>Source: Linux include/uapi/linux/psp-sev.h, <c>struct sev_user_data_status</c>; AMD 55766 "PLATFORM_STATUS".</remarks>
internal static class SevStatusSource
{
    public const int Size = 12;

    private static readonly SourceCodes Codes =
        new(PlatformCodes.SevStatusMissing, PlatformCodes.SevStatusUnreadable, PlatformCodes.SevStatusMalformed);

    public static SevPlatformStatus? Read(ISecurityProcessor processor, bool sevIsOn, List<PlatformFinding> findings)
    {
        if (processor.IsDevice && !sevIsOn)
            return null;
        Source<SevPlatformStatus> status = processor.Ask(SevCommand.PlatformStatus).Then(Parse);
        if (status.IsFound)
            return status.Value;
        if (status.State != SourceState.Missing || sevIsOn)
            findings.Add(Codes.Finding(status, processor.Subject(SevCommand.PlatformStatus)));
        return null;
    }

    // The 32 bits of flags are not aligned: the structure is packed.
    internal static Source<SevPlatformStatus> Parse(byte[] bytes)
    {
        if (bytes.Length != Size)
            return Source<SevPlatformStatus>.Malformed($"expected {Size} bytes, found {bytes.Length}");
        uint flags = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(3));
        return Source<SevPlatformStatus>.Found(new SevPlatformStatus
        {
            ApiMajor = bytes[0],
            ApiMinor = bytes[1],
            State = bytes[2],
            Owned = (flags & (1 << 0)) != 0,
            SevEs = (flags & (1 << 8)) != 0,
            Build = bytes[7],
            GuestCount = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(8)),
        });
    }
}
