namespace OpenStackSev.Cli;

/// <summary>Files that the command line names, read to a bound: the end of a pipe or of <c>/dev/zero</c> may never come.</summary>
internal static class InputFile
{
    /// <param name="option">Which option names it.</param>
    /// <param name="path"><c>-</c> is standard input.</param>
    /// <param name="maximum">Most bytes that are taken.</param>
    /// <exception cref="CommandException">The file is not there or is a folder: <see cref="ExitCode.BadUsage"/>. It could not be read or is too
    /// long: <see cref="ExitCode.NotJudged"/>.</exception>
    public static byte[] Read(string option, string path, int maximum)
    {
        byte[]? content;
        try
        {
            using Stream stream = Open(option, path);
            content = Read(stream, maximum);
        }
        catch (IOException e)
        {
            throw Unreadable(option, path, e);
        }
        return content ?? throw new CommandException($"{option} {path}: is longer than {maximum} bytes", "name another file", ExitCode.NotJudged);
    }

    /// <summary>For what reads it piece by piece.</summary>
    /// <inheritdoc cref="Read(string, string, int)"/>
    public static Stream Open(string option, string path)
    {
        if (path != "-" && Directory.Exists(path))
            throw CommandException.BadUsage($"{option} {path}: is a folder", "name a file");
        try
        {
            return path == "-"
                ? Console.OpenStandardInput()
                : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException or ArgumentException)
        {
            throw CommandException.BadUsage($"{option} {path}: there is no such file", "name a file that is there");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw Unreadable(option, path, e);
        }
    }

    /// <returns>Null when there is more than <paramref name="maximum"/>.</returns>
    public static byte[]? Read(Stream stream, int maximum)
    {
        byte[] buffer = new byte[4096];
        int length = 0;
        for (int read; (read = stream.Read(buffer, length, buffer.Length - length)) > 0;)
        {
            length += read;
            if (length > maximum)
                return null;
            if (length == buffer.Length)
                Array.Resize(ref buffer, (int)Math.Min(2L * buffer.Length, maximum + 1L));
        }
        return buffer[..length];
    }

    private static CommandException Unreadable(string option, string path, Exception e) =>
        new($"{option} {path}: {e.Message.TrimEnd('.')}", "make the file readable", ExitCode.NotJudged, e);
}
