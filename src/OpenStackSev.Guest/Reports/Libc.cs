using System.Runtime.InteropServices;

namespace OpenStackSev.Guest.Reports;

/// <summary>Calls whose error number decides what to do, which .NET's own files do not give.</summary>
internal static partial class Libc
{
    public const int ReadOnly = 0, WriteOnly = 1, ReadWrite = 2, CloseOnExec = 0x80000, NonBlock = 0x800;

    public static string Message(int error) => Marshal.GetPInvokeErrorMessage(error);

    /// <summary>Opens, does one thing, closes.</summary>
    /// <returns>0, or the error number of the first call that failed.</returns>
    public static int With(string path, int flags, Func<int, int> use)
    {
        // A pipe in the place of a file must not hold up the daemon.
        int descriptor = Open(path, flags | CloseOnExec | NonBlock);
        if (descriptor < 0)
            return Marshal.GetLastPInvokeError();
        int error = use(descriptor);
        // Of configfs, closing is what writes.
        return Close(descriptor) == 0 || error != 0 ? error : Marshal.GetLastPInvokeError();
    }

    /// <summary>One write of all.</summary>
    public static int WriteAll(int descriptor, ReadOnlySpan<byte> content)
    {
        nint written = Write(descriptor, in MemoryMarshal.GetReference(content), content.Length);
        return written == content.Length ? 0 : written < 0 ? Marshal.GetLastPInvokeError() : Errno.InputOutput;
    }

    /// <summary>Reads until <paramref name="buffer"/> is full or the file ends.</summary>
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
            else if (Marshal.GetLastPInvokeError() is not Errno.Interrupted and int error)
                return error;
        }

        return 0;
    }

    public static int LastError(int result) => result == 0 ? 0 : Marshal.GetLastPInvokeError();

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    public static partial int IoControl(int descriptor, nuint request, nint argument);

    [LibraryImport("libc", EntryPoint = "mkdir", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int MakeFolder(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "rmdir", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int RemoveFolder(string path);

    [LibraryImport("libc", EntryPoint = "unlink", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    public static partial int Unlink(string path);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);

    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    private static partial nint Read(int descriptor, ref byte buffer, nint length);

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, in byte content, nint length);
}

/// <summary>Error numbers of Linux that are told apart here.</summary>
internal static class Errno
{
    public const int NoEntry = 2, Interrupted = 4, InputOutput = 5, NoDevice = 6, TryAgain = 11, Busy = 16, Exists = 17, Invalid = 22, NotEmpty = 39, TimedOut = 110;

    /// <summary>The same call may succeed a little later: the host limits how often a guest may ask.</summary>
    public static bool IsTransient(int error) => error is Busy or TryAgain or Interrupted or TimedOut;
}
