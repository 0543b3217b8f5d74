using System.Buffers.Binary;

namespace OpenStackSev.Platform;

/// <summary>The security processor behind <c>/dev/sev</c>: builds each command's structure and takes the answer out of it.</summary>
/// <remarks>
/// Buffers are asked for before they are given: kernels before the middle of 2026 copy as many bytes as the firmware would have liked, into
/// whatever was offered, when a buffer is too short.
/// Source: Linux include/uapi/linux/psp-sev.h; drivers/crypto/ccp/sev-dev.c; AMD 55766 "PLATFORM_STATUS", "GET_ID", "PDH_CERT_EXPORT".
/// </remarks>
internal sealed class SecurityProcessorDevice(ISevDevice device) : ISecurityProcessor
{
    /// <summary>As the kernel: SEV_FW_BLOB_MAX_SIZE.</summary>
    public const int LongestAnswer = 16 * 1024;

    private const uint InvalidLength = 4;

    public bool IsDevice => true;

    public string Subject(SevCommand command) => device.Path;

    public Source<byte[]> Ask(SevCommand command) => command switch
    {
        SevCommand.PlatformStatus => Fixed(command, SevStatusSource.Size),
        SevCommand.SnpPlatformStatus => Fixed(command, SnpStatusSource.Size),
        SevCommand.GetId2 => WithBuffers(command, 1),
        SevCommand.PdhCertExport => WithBuffers(command, 2),
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, null),
    };

    private Source<byte[]> Fixed(SevCommand command, int size)
    {
        byte[] structure = new byte[size];
        return device.Issue(command, structure).Then(result => Worked(result) ? Source<byte[]>.Found(structure) : Refused(result));
    }

    // The structures of both commands are pairs of a buffer's address (8 bytes) and length (4 bytes).
    private unsafe Source<byte[]> WithBuffers(SevCommand command, int buffers)
    {
        byte[] structure = new byte[buffers * BufferPair.Size];
        Source<SevIssueResult> asked = device.Issue(command, structure);
        if (!asked.IsFound)
            return asked.As<byte[]>();
        if (!Worked(asked.Value) && asked.Value.FirmwareError != InvalidLength)
            return Refused(asked.Value);

        uint[] lengths = BufferPair.Lengths(structure);
        if (lengths.Any(length => length is 0 or > LongestAnswer))
            return Source<byte[]>.Malformed($"the firmware asks for {string.Join(" and ", lengths)} bytes");
        byte[] answer = new byte[lengths.Sum(length => length)];
        fixed (byte* address = answer)
        {
            ulong at = (ulong)address;
            for (int i = 0; i < buffers; i++)
            {
                BufferPair.Write(structure, i, at, lengths[i]);
                at += lengths[i];
            }

            return device.Issue(command, structure).Then(result => !Worked(result) ? Refused(result)
                : BufferPair.Lengths(structure).SequenceEqual(lengths) ? Source<byte[]>.Found(answer)
                : Source<byte[]>.Malformed($"the firmware asked for {string.Join(" and ", lengths)} bytes and wrote {string.Join(" and ", BufferPair.Lengths(structure))}"));
        }
    }

    private static bool Worked(SevIssueResult result) => result is { Error: 0, FirmwareError: 0 };

    private static Source<byte[]> Refused(SevIssueResult result)
    {
        string said = result.FirmwareError == 0 ? "" : $"; the firmware answers error 0x{result.FirmwareError:X}";
        return Source<byte[]>.Unreadable(result.Error switch
        {
            0 => $"the firmware answers error 0x{result.FirmwareError:X}",
            Libc.NotPermitted => "the platform is not initialized, and is left so",
            Libc.Busy => "the kernel has given the security processor up since it did not answer once; reboot" + said,
            _ => Libc.Message(result.Error) + said,
        });
    }

    private static class BufferPair
    {
        public const int Size = 12;

        public static uint[] Lengths(byte[] structure) =>
            [.. structure.Chunk(Size).Select(pair => BinaryPrimitives.ReadUInt32LittleEndian(pair.AsSpan(8)))];

        public static void Write(byte[] structure, int index, ulong address, uint length)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(structure.AsSpan(index * Size), address);
            BinaryPrimitives.WriteUInt32LittleEndian(structure.AsSpan(index * Size + 8), length);
        }
    }
}
