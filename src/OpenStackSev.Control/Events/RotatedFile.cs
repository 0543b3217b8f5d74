namespace OpenStackSev.Control.Events;

/// <summary>A file of lines that never takes more room than it may: <c>events.json</c>, then <c>events.json.1</c> and so on, the oldest last.</summary>
/// <remarks>
/// The logging library's own rolling file swallows a full disk; here a lost line has to be counted. Rotation is by renaming, as log shippers
/// expect it.
/// </remarks>
/// <param name="file">Absolute path. Its folder is made when missing.</param>
/// <param name="maximumBytes">A file that would become longer is rotated first.</param>
/// <param name="maximumFiles">Files that are kept, the current one included; at least 1.</param>
public sealed class RotatedFile(string file, long maximumBytes, int maximumFiles) : LineSink
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead;

    private readonly Lock writing = new();
    private FileStream? stream;

    public override string Name => file;

    public override void Append(ReadOnlySpan<byte> line)
    {
        byte[] whole = [.. line, (byte)'\n'];
        lock (writing)
        {
            stream ??= Open();
            if (stream.Length > 0 && stream.Length + whole.Length > maximumBytes)
                Rotate();
            long before = stream.Length;
            try
            {
                stream.Write(whole);
            }
            catch (IOException)
            {
                CutBack(before);
                throw;
            }
        }
    }

    protected override void Dispose(bool disposing)
    {
        stream?.Dispose();
        base.Dispose(disposing);
    }

    private FileStream Open()
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        return new FileStream(file, new FileStreamOptions
        {
            Mode = FileMode.Append,
            Access = FileAccess.Write,
            Share = FileShare.ReadWrite | FileShare.Delete,
            BufferSize = 0,
            UnixCreateMode = Mode,
        });
    }

    private void Rotate()
    {
        stream!.Dispose();
        stream = null;
        for (int number = maximumFiles - 1; number >= 1; number--)
        {
            string from = number == 1 ? file : $"{file}.{number - 1}";
            if (File.Exists(from))
                File.Move(from, $"{file}.{number}", overwrite: true);
        }

        if (maximumFiles == 1)
            File.Delete(file);
        stream = Open();
    }

    /// <summary>No half line stays where the disk filled up in the middle of it; the next attempt opens the file again.</summary>
    private void CutBack(long length)
    {
        try
        {
            stream!.SetLength(length);
        }
        catch (Exception e) when (e is IOException or NotSupportedException)
        {
            // the write's own failure is what the caller hears of
        }

        stream!.Dispose();
        stream = null;
    }
}
