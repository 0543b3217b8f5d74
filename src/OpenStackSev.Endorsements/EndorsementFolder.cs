using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Endorsements;

/// <summary>Certificates and CRLs as files that people can read the names of. Several processes may use one folder.</summary>
/// <remarks>Files are written beside and renamed, so that a reader has the old one or the new one, whole. What a file holds is not believed here.</remarks>
public sealed class EndorsementFolder
{
    /// <summary>Longest file that is read, in bytes.</summary>
    public const int MaximumFileSize = RevocationList.MaximumSize;

    /// <summary>Files that are listed.</summary>
    public const int MaximumFiles = 200_000;

    private const UnixFileMode FolderMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
        | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute;
    private const UnixFileMode FileModeOfAll = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    private static readonly EnumerationOptions s_plainFiles = new()
    {
        RecurseSubdirectories = true,
        MaxRecursionDepth = 4,
        AttributesToSkip = FileAttributes.ReparsePoint,
        IgnoreInaccessible = false,
    };

    public EndorsementFolder(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        Path = System.IO.Path.GetFullPath(path);
    }

    public string Path { get; }

    /// <summary>Where a file is, or would be.</summary>
    public string At(EndorsementFile file) => System.IO.Path.Join(Path, file.Path);

    /// <summary>The bytes of a file; null when it is not there.</summary>
    /// <exception cref="EndorsementFolderException">It is there and cannot be read, or is too long.</exception>
    public byte[]? Read(EndorsementFile file)
    {
        try
        {
            using FileStream stream = new(At(file), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            if (stream.Length > MaximumFileSize)
                throw new EndorsementFolderException($"{At(file)} has more than {MaximumFileSize} bytes", "it is no certificate or CRL; remove it");
            byte[] content = new byte[stream.Length];
            int length = stream.ReadAtLeast(content, content.Length, throwOnEndOfStream: false);
            return content[..length];
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EndorsementFolderException($"{At(file)} cannot be read: {e.Message}", "give it to this program's user", e);
        }
    }

    /// <summary>When a file was written last; null when it is not there.</summary>
    public DateTimeOffset? WrittenAt(EndorsementFile file)
    {
        FileInfo info = new(At(file));
        return info.Exists ? new DateTimeOffset(info.LastWriteTimeUtc, TimeSpan.Zero) : null;
    }

    /// <summary>Writes beside, flushes and renames.</summary>
    /// <param name="at">Becomes the time of the file: when it was fetched.</param>
    /// <exception cref="EndorsementFolderException">It cannot be written.</exception>
    public void Write(EndorsementFile file, ReadOnlySpan<byte> content, DateTimeOffset at)
    {
        string path = At(file), folder = System.IO.Path.GetDirectoryName(path)!;
        string beside = System.IO.Path.Join(folder, $".{Guid.NewGuid():N}.new");
        try
        {
            Directory.CreateDirectory(folder, FolderMode);
            try
            {
                using (FileStream stream = new(beside, new FileStreamOptions
                {
                    Mode = FileMode.CreateNew,
                    Access = FileAccess.Write,
                    UnixCreateMode = FileModeOfAll,
                }))
                {
                    stream.Write(content);
                    stream.Flush(flushToDisk: true);
                }
                File.SetLastWriteTimeUtc(beside, at.UtcDateTime);
                // The folder is not flushed: after a crash the old file or none may be there, and it is fetched again.
                File.Move(beside, path, overwrite: true);
            }
            finally
            {
                File.Delete(beside);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EndorsementFolderException($"{path} cannot be written: {e.Message}", "give the folder to this program's user, or name another one", e);
        }
    }

    /// <summary>Marks a file as fetched now.</summary>
    public void Touch(EndorsementFile file, DateTimeOffset at)
    {
        try
        {
            File.SetLastWriteTimeUtc(At(file), at.UtcDateTime);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EndorsementFolderException($"{At(file)} cannot be written: {e.Message}", "give the folder to this program's user", e);
        }
    }

    /// <summary>The files whose names this folder gives, by path.</summary>
    /// <param name="findings">Files with other names, and what could not be looked at.</param>
    public IReadOnlyList<EndorsementFile> List(out IReadOnlyList<Finding> findings)
    {
        List<EndorsementFile> files = [];
        List<Finding> wrong = [];
        findings = wrong;
        try
        {
            foreach (string path in Directory.EnumerateFiles(Path, "*", s_plainFiles).Take(MaximumFiles))
            {
                string relative = System.IO.Path.GetRelativePath(Path, path);
                if (EndorsementFile.Parse(relative) is { } file)
                    files.Add(file);
                else if (!IsBesideFile(relative) && relative != EndorsementArchive.Manifest)
                    wrong.Add(EndorsementCodes.FileUnknown.Finds(Shown(relative), "a name of an endorsement folder", "another one"));
            }
        }
        catch (DirectoryNotFoundException)
        {
            // A folder that is not there is empty.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            wrong.Add(EndorsementCodes.FileUnreadable.Finds(Path, "a folder that can be listed", e.Message));
        }
        files.Sort((one, other) => string.CompareOrdinal(one.Path, other.Path));
        wrong.Sort((one, other) => string.CompareOrdinal(one.Subject, other.Subject));
        return files;
    }

    /// <summary>ASKs or ASVKs of a line, the first one first.</summary>
    internal IReadOnlyList<EndorsementFile> Issuers(ProductLine line, SigningKey of)
    {
        EndorsementFile first = EndorsementFile.Authority(of == SigningKey.Vcek ? AuthorityRole.Ask : AuthorityRole.Asvk, line);
        string folder = System.IO.Path.Join(Path, line.ToString());
        try
        {
            return
            [
                first,
                .. Directory.EnumerateFiles(folder, "as*-*.der").Order(StringComparer.Ordinal).Take(16)
                    .Select(path => EndorsementFile.Parse($"{line}/{System.IO.Path.GetFileName(path)}"))
                    .OfType<EndorsementFile>().Where(file => file.Kind == first.Kind),
            ];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [first];
        }
    }

    private static bool IsBesideFile(string relative)
    {
        string name = System.IO.Path.GetFileName(relative);
        return name.StartsWith('.') && name.EndsWith(".new", StringComparison.Ordinal);
    }

    /// <summary>Somebody's file name, fit to be printed.</summary>
    internal static string Shown(string name)
    {
        string printable = string.Concat(name.Select(c => c is >= ' ' and <= '~' ? c : '?'));
        return printable.Length <= 200 ? printable : printable[..200] + "…";
    }
}

/// <summary>An endorsement folder cannot be used.</summary>
public sealed class EndorsementFolderException(string message, string hint, Exception? inner = null) : Exception(message, inner)
{
    public string Hint { get; } = hint;
}
