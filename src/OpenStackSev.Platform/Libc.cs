using System.Runtime.InteropServices;

namespace OpenStackSev.Platform;

/// <summary>The five calls that .NET does not offer: a file's type before it is opened, an open that never waits, and ioctl.</summary>
internal static partial class Libc
{
    public const int NotPermitted = 1;
    public const int NoEntry = 2;
    public const int Busy = 16;
    public const int NotDirectory = 20;

    public const int ReadOnly = 0;
    public const int NonBlock = 0x800;
    public const int CloseOnExec = 0x80000;

    private const int Interrupted = 4;
    private const int CurrentFolder = -100;
    private const uint TypeAndMode = 0x3;

    /// <summary>Type of what <paramref name="path"/> leads to, links followed.</summary>
    /// <returns>0, or the errno.</returns>
    /// <remarks>statx, because its structure is the same on every architecture and stat's is not. Source: Linux include/uapi/linux/stat.h.</remarks>
    public static int FileType(string path, out FileType type)
    {
        Span<byte> buffer = stackalloc byte[256];
        type = default;
        if (StatX(CurrentFolder, path, 0, TypeAndMode, ref MemoryMarshal.GetReference(buffer)) != 0)
            return Marshal.GetLastPInvokeError();

        int mode = MemoryMarshal.Read<ushort>(buffer[28..]) & 0xF000;
        bool isNull = MemoryMarshal.Read<uint>(buffer[128..]) == 1 && MemoryMarshal.Read<uint>(buffer[132..]) == 3;
        type = mode switch
        {
            0x8000 => Platform.FileType.Regular,
            0x4000 => Platform.FileType.Directory,
            0x2000 when isNull => Platform.FileType.NullDevice,
            0x2000 => Platform.FileType.CharacterDevice,
            0x1000 => Platform.FileType.Pipe,
            _ => Platform.FileType.Other,
        };
        return 0;
    }

    /// <summary>Reads until <paramref name="buffer"/> is full or the file ends.</summary>
    /// <returns>0, or the errno.</returns>
    public static int ReadFully(int descriptor, Span<byte> buffer, out int length)
    {
        length = 0;
        while (length < buffer.Length)
        {
            nint read = Read(descriptor, ref buffer[length], buffer.Length - length);
            if (read == 0)
                return 0;
            if (read > 0)
                length += (int)read;
            else if (Marshal.GetLastPInvokeError() is not Interrupted and int error)
                return error;
        }
        return 0;
    }

    public static string Message(int error) => Marshal.GetPInvokeErrorMessage(error);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close")]
    public static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int IoControl(int descriptor, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int descriptor, ref byte buffer, nint length);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int StatX(int folder, string path, int flags, uint mask, ref byte buffer);
}

internal enum FileType
{
    Regular,
    Directory,
    Pipe,
    CharacterDevice,
    NullDevice,
    Other,
}
