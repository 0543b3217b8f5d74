using System.Runtime.InteropServices;
using System.Text;

namespace OpenStackSev.Platform;

/// <summary>Bounded reading below one root. Nothing here waits, throws on what it finds, or reads more than the limit it is given.</summary>
/// <remarks>
/// Not a jail: links are followed as the kernel follows them, so an absolute link below a copied root leads out of it.
/// </remarks>
internal sealed class SourceFolder
{
    /// <summary>Enough for every single value of sysfs, procfs and cgroupfs.</summary>
    public const int TextLimit = 64 * 1024;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    public SourceFolder(string root)
    {
        Root = System.IO.Path.TrimEndingDirectorySeparator(root.Contains('\0') ? root : System.IO.Path.GetFullPath(root));
        IsMachine = Root == "/";
    }

    public string Root { get; }

    /// <summary>True for <c>/</c>: CPUID and the security processor can be asked themselves.</summary>
    public bool IsMachine { get; }

    public string Path(string relative) => IsMachine ? "/" + relative : $"{Root}/{relative}";

    /// <summary>What <paramref name="path"/> leads to. No <see cref="SourceState.Malformed"/>.</summary>
    public static Source<FileType> TypeOf(string path)
    {
        // A C string ends at the first NUL, so such a name would open another file.
        if (path.Contains('\0'))
            return Source<FileType>.Missing("name with a NUL");
        return Libc.FileType(path, out FileType type) is not 0 and int error ? Failed<FileType>(error) : Source<FileType>.Found(type);
    }

    /// <summary>All bytes of a regular file.</summary>
    public static Source<byte[]> ReadBytes(string path, int limit)
    {
        Source<FileType> type = TypeOf(path);
        if (!type.IsFound)
            return type.As<byte[]>();
        if (type.Value != FileType.Regular)
            return Source<byte[]>.Unreadable($"expected a file, found {Describe(type.Value)}");

        // Without NonBlock a pipe put in the file's place since then would wait for its writer.
        int descriptor = Libc.Open(path, Libc.ReadOnly | Libc.NonBlock | Libc.CloseOnExec);
        if (descriptor < 0)
            return Failed<byte[]>(Marshal.GetLastPInvokeError());
        try
        {
            // Files of sysfs and procfs say size 0 or 4096, so the size is known only at the end.
            byte[] buffer = new byte[limit + 1];
            if (Libc.ReadFully(descriptor, buffer, out int length) is not 0 and int error)
                return Source<byte[]>.Unreadable(Libc.Message(error));
            return length > limit
                ? Source<byte[]>.Unreadable($"longer than {limit} bytes")
                : Source<byte[]>.Found(buffer[..length]);
        }
        finally
        {
            _ = Libc.Close(descriptor);
        }
    }

    /// <summary>A UTF-8 file without NUL, at most <see cref="TextLimit"/> long.</summary>
    public static Source<string> ReadText(string path)
    {
        Source<byte[]> bytes = ReadBytes(path, TextLimit);
        return bytes.IsFound ? Decode(bytes.Value) : bytes.As<string>();
    }

    internal static Source<string> Decode(byte[] bytes)
    {
        if (bytes.Contains((byte)0))
            return Source<string>.Malformed("a NUL byte in a text");
        try
        {
            return Source<string>.Found(StrictUtf8.GetString(bytes));
        }
        catch (DecoderFallbackException)
        {
            return Source<string>.Malformed("not UTF-8");
        }
    }

    /// <summary>Names of the entries of a folder, sorted; unreadable when there are more than <paramref name="limit"/>.</summary>
    public static Source<IReadOnlyList<string>> List(string path, int limit)
    {
        Source<FileType> type = TypeOf(path);
        if (!type.IsFound)
            return type.As<IReadOnlyList<string>>();
        if (type.Value != FileType.Directory)
            return Source<IReadOnlyList<string>>.Unreadable($"expected a folder, found {Describe(type.Value)}");
        try
        {
            List<string> names = [.. Directory.EnumerateFileSystemEntries(path).Take(limit + 1).Select(p => System.IO.Path.GetFileName(p))];
            if (names.Count > limit)
                return Source<IReadOnlyList<string>>.Unreadable($"more than {limit} entries");
            names.Sort(StringComparer.Ordinal);
            return Source<IReadOnlyList<string>>.Found(names);
        }
        catch (DirectoryNotFoundException)
        {
            return Source<IReadOnlyList<string>>.Missing("not there");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return Source<IReadOnlyList<string>>.Unreadable("the folder cannot be listed: " + e.GetType().Name);
        }
    }

    public static string Describe(FileType type) => type switch
    {
        FileType.Regular => "a file",
        FileType.Directory => "a folder",
        FileType.Pipe => "a pipe",
        FileType.CharacterDevice or FileType.NullDevice => "a device",
        _ => "neither file nor folder",
    };

    private static Source<T> Failed<T>(int error) => error is Libc.NoEntry or Libc.NotDirectory
        ? Source<T>.Missing("not there")
        : Source<T>.Unreadable(Libc.Message(error));
}
