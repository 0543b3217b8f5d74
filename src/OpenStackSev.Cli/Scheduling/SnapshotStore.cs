using System.Runtime.InteropServices;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace OpenStackSev.Cli.Scheduling;

/// <summary>A file that others read at any time: a whole one is put in its place, or it stays as it is. Everybody may read it.</summary>
internal sealed partial class SnapshotStore(string path)
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
    private const string Suffix = ".new";
    private const int OpenDirectory = 0x10000 | 0x80000;    // O_RDONLY | O_DIRECTORY | O_CLOEXEC

    private readonly string folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
    private readonly string name = System.IO.Path.GetFileName(path);

    public string Path => path;

    public bool IsThere => File.Exists(path);

    /// <returns>Null when there is none, or none of a bearable size.</returns>
    /// <exception cref="SnapshotException">It is there and cannot be read.</exception>
    public byte[]? Read(int maximum)
    {
        try
        {
            using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            if (stream.Length > maximum)
                return null;
            byte[] content = new byte[stream.Length];
            return stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false) == content.Length ? content : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SnapshotException("file.unreadable", $"{path}: {e.Message.TrimEnd('.')}", "make it readable, or name another with --file", e);
        }
    }

    /// <summary>Puts it in place of what is there, also for a machine that loses its power in the next moment.</summary>
    /// <exception cref="SnapshotException">It cannot be written; what was there still is.</exception>
    public void Put(ReadOnlySpan<byte> content)
    {
        string beside = System.IO.Path.Join(folder, $".{name}.{RandomNumberGenerator.GetHexString(12, lowercase: true)}{Suffix}");
        try
        {
            using (FileStream stream = new(beside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = Mode, BufferSize = 0 }))
            {
                // Whatever the process' umask is: nova reads it.
                File.SetUnixFileMode(stream.SafeFileHandle, Mode);
                stream.Write(content);
                stream.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
            KeepName();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Remove(beside);
            throw new SnapshotException("file.not_written", $"{path}: {e.Message.TrimEnd('.')}", "is there space, and may this user write the folder?", e);
        }
    }

    /// <summary>Takes away what a killed process left between writing and renaming.</summary>
    public void RemoveLeftovers()
    {
        try
        {
            foreach (string left in Directory.EnumerateFiles(folder, $".{name}.*{Suffix}"))
                Remove(left);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The first round says what is wrong with the folder.
        }
    }

    private static void Remove(string file)
    {
        try
        {
            File.Delete(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // At the next start again.
        }
    }

    /// <summary>The name is in the folder, and the folder in memory.</summary>
    private void KeepName()
    {
        using SafeFileHandle handle = new(Open(folder, OpenDirectory), ownsHandle: true);
        if (!handle.IsInvalid)
            RandomAccess.FlushToDisk(handle);
    }

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8, SetLastError = true)]
    private static partial nint Open(string path, int flags);
}
