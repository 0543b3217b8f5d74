using System.Runtime.InteropServices;

namespace OpenStackSev.Platform;

/// <summary>What the kernel gave back for a command.</summary>
/// <param name="Error">0, or the errno.</param>
/// <param name="FirmwareError">Status of the security processor; 0 when it was not asked or had nothing to object.</param>
internal readonly record struct SevIssueResult(int Error, uint FirmwareError);

/// <summary>The kernel's door to the security processor: one command with the structure that it takes.</summary>
internal interface ISevDevice
{
    string Path { get; }

    /// <param name="structure">Holds the answer afterwards; after a refusal for a buffer's length, the length that is needed.</param>
    /// <returns>Missing or unreadable when the device could not be opened. A command that failed is a result.</returns>
    Source<SevIssueResult> Issue(SevCommand command, byte[] structure);
}

/// <summary>Commands by ioctl on <c>/dev/sev</c>.</summary>
/// <remarks>
/// Opened for reading only, on purpose: to a reader the kernel refuses (EPERM) each command that would initialize the platform or change
/// its keys, so that looking at a machine cannot change it. Of our commands that concerns PDH_CERT_EXPORT on a platform which is not
/// initialized yet. Source: Linux drivers/crypto/ccp/sev-dev.c, <c>sev_ioctl</c> and <c>sev_ioctl_do_pdh_export</c>.
/// </remarks>
internal sealed class SevDevice(string path) : ISevDevice
{
    private const uint IssueCommandRequest = 0xC010_5300;

    public string Path => path;

    public unsafe Source<SevIssueResult> Issue(SevCommand command, byte[] structure)
    {
        Source<FileType> type = SourceFolder.TypeOf(path);
        if (!type.IsFound)
            return type.As<SevIssueResult>();
        if (type.Value != FileType.CharacterDevice)
            return Source<SevIssueResult>.Unreadable($"expected a device, found {SourceFolder.Describe(type.Value)}");
        int descriptor = Libc.Open(path, Libc.ReadOnly | Libc.CloseOnExec);
        if (descriptor < 0)
            return Source<SevIssueResult>.Unreadable(Libc.Message(Marshal.GetLastPInvokeError()));
        try
        {
            fixed (byte* address = structure)
            {
                IssueCommand request = new() { Command = (uint)command, Address = (ulong)address };
                int error = Libc.IoControl(descriptor, IssueCommandRequest, (nint)(&request)) == 0 ? 0 : Marshal.GetLastPInvokeError();
                return Source<SevIssueResult>.Found(new(error, request.Error));
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
