using System.Runtime.InteropServices;

namespace OpenStackSev.Platform;

/// <summary>Commands to the security processor by ioctl on <c>/dev/sev</c>.</summary>
/// <remarks>Source: Linux include/uapi/linux/psp-sev.h. Only read-only commands, which need no more than to open the device.</remarks>
internal static class SevDevice
{
    public const uint GetId2 = 8;
    public const uint SnpPlatformStatus = 9;

    private const uint IssueCommandRequest = 0xC010_5300;

    /// <summary>Issues <paramref name="command"/> with the structure that it takes, which holds its answer afterwards.</summary>
    public static unsafe Source<byte[]> Issue(string path, uint command, byte[] structure)
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
            fixed (byte* address = structure)
            {
                IssueCommand request = new() { Command = command, Address = (ulong)address };
                if (Libc.IoControl(descriptor, IssueCommandRequest, (nint)(&request)) == 0)
                    return Source<byte[]>.Found(structure);
                return Source<byte[]>.Unreadable(
                    $"{Libc.Message(Marshal.GetLastPInvokeError())}; the firmware answers error 0x{request.Error:X}");
            }
        }
        finally
        {
            _ = Libc.Close(descriptor);
        }
    }

    [StructLayout(LayoutKind.Sequential, Pack = 1)]
    private struct IssueCommand
    {
        public uint Command;
        public ulong Address;
        public uint Error;
    }
}
