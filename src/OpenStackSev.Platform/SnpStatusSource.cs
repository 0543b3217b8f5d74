using System.Buffers.Binary;
using System.Runtime.InteropServices;

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
    private const uint SevIssueCommand = 0xC010_5300;
    private const uint SnpPlatformStatusCommand = 9;

    private static readonly SourceCodes Codes =
        new(PlatformCodes.SnpStatusMissing, PlatformCodes.SnpStatusUnreadable, PlatformCodes.SnpStatusMalformed);

    public static SnpPlatformStatus? Read(SourceFolder folder, bool snpIsOn, List<PlatformFinding> findings)
    {
        if (folder.IsMachine && !snpIsOn)
            return null;
        string path = folder.Path(folder.IsMachine ? "dev/sev" : FolderFile);
        Source<SnpPlatformStatus> status = (folder.IsMachine ? Ask(path) : SourceFolder.ReadBytes(path, SourceFolder.TextLimit)).Then(Parse);
        if (status.IsFound)
            return status.Value;
        if (status.State != SourceState.Missing || snpIsOn)
            findings.Add(Codes.Finding(status, path));
        return null;
    }

    private static unsafe Source<byte[]> Ask(string path)
    {
        Source<FileType> type = SourceFolder.TypeOf(path);
        if (!type.IsFound)
            return type.As<byte[]>();
        if (type.Value != FileType.CharacterDevice)
            return Source<byte[]>.Unreadable($"expected a device, found {SourceFolder.Describe(type.Value)}");
        int descriptor = Libc.Open(path, Libc.ReadOnly | Libc.CloseOnExec);
        if (descriptor < 0)
            return Source<byte[]>.Unreadable(Libc.Message(Marshal.GetLastPInvokeError()));
        try
        {
            byte[] answer = new byte[Size];
            fixed (byte* address = answer)
            {
                IssueCommand command = new() { Command = SnpPlatformStatusCommand, Address = (ulong)address };
                if (Libc.IoControl(descriptor, SevIssueCommand, (nint)(&command)) == 0)
                    return Source<byte[]>.Found(answer);
                return Source<byte[]>.Unreadable(
                    $"{Libc.Message(Marshal.GetLastPInvokeError())}; the firmware answers error 0x{command.Error:X}");
            }
        }
        finally
        {
            _ = Libc.Close(descriptor);
        }
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

    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private struct IssueCommand
    {
        public uint Command;
        public ulong Address;
        public uint Error;
    }
}
