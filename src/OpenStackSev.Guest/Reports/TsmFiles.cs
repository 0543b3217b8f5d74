namespace OpenStackSev.Guest.Reports;

/// <summary>The kernel's side of <c>/sys/kernel/config/tsm/report</c>, call by call. Each answers 0 or an error number.</summary>
internal interface ITsmFiles
{
    /// <summary>The kernel has the report interface. Whether a security processor stands behind it, only <see cref="MakeEntry"/> tells.</summary>
    bool IsThere { get; }

    /// <summary>Its folder says that it is a simulation.</summary>
    bool IsSimulated { get; }

    IReadOnlyList<string> Entries();

    int MakeEntry(string entry);

    int RemoveEntry(string entry);

    int Write(string entry, string attribute, ReadOnlySpan<byte> content);

    /// <param name="longest">More than that is cut, so ask for one byte more than is expected.</param>
    int Read(string entry, string attribute, int longest, out byte[] content);
}

/// <summary>By system calls.</summary>
/// <param name="folder">Usually /sys/kernel/config/tsm.</param>
internal sealed class TsmFiles(string folder) : ITsmFiles
{
    private const uint OnlyOurs = 0b111_000_000;
    private readonly string entries = Path.Join(folder, "report");

    public bool IsThere => Directory.Exists(entries);

    // configfs itself lets nobody make a file.
    public bool IsSimulated => File.Exists(Path.Join(folder, "simulated"));

    public IReadOnlyList<string> Entries()
    {
        try
        {
            return [.. Directory.EnumerateDirectories(entries).Select(path => Path.GetFileName(path))];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    public int MakeEntry(string entry) => Libc.LastError(Libc.MakeFolder(PathOf(entry), OnlyOurs));

    public int RemoveEntry(string entry)
    {
        int error = Libc.LastError(Libc.RemoveFolder(PathOf(entry)));
        // configfs takes the attributes along; a simulation's are files, and it may just be making one.
        for (int attempts = 0; error == Errno.NotEmpty && attempts < 5; attempts++)
        {
            foreach (string file in FilesOf(entry))
                _ = Libc.Unlink(file);
            error = Libc.LastError(Libc.RemoveFolder(PathOf(entry)));
        }

        return error;
    }

    public int Write(string entry, string attribute, ReadOnlySpan<byte> content)
    {
        byte[] all = content.ToArray();
        return Libc.With(Path.Join(PathOf(entry), attribute), Libc.WriteOnly, descriptor => Libc.WriteAll(descriptor, all));
    }

    public int Read(string entry, string attribute, int longest, out byte[] content)
    {
        byte[] buffer = new byte[longest];
        int length = 0;
        int error = Libc.With(Path.Join(PathOf(entry), attribute), Libc.ReadOnly, descriptor => Libc.ReadFully(descriptor, buffer, out length));
        content = buffer[..length];
        return error;
    }

    private string PathOf(string entry) => Path.Join(entries, entry);

    private string[] FilesOf(string entry)
    {
        try
        {
            return Directory.GetFiles(PathOf(entry));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
