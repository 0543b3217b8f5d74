using System.Formats.Tar;
using System.Security.Cryptography;
using System.Text;
using OpenStackSev.Attestation;

namespace OpenStackSev.Endorsements;

/// <summary>One file of an archive or folder, under the name that it has there, which is nothing but text.</summary>
public sealed record ArchivedFile(string Name, ReadOnlyMemory<byte> Content);

/// <summary>Endorsements for a place without a network: a tar of the folder's files, and <c>SHA256SUMS</c> first.</summary>
/// <remarks>
/// The same folder gives the same bytes: entries in the order of their names, ustar, no times, no owners. The hashes tell a damaged copy from
/// a whole one; what the files are worth is verified when they are imported, against AMD's roots.
/// </remarks>
public static class EndorsementArchive
{
    /// <summary>The list of hashes, as <c>sha256sum</c> writes and checks it.</summary>
    public const string Manifest = "SHA256SUMS";

    /// <summary>First line of the list; a comment to <c>sha256sum</c>.</summary>
    public const string Header = "# openstack-sev endorsements 1";

    /// <summary>Most files in an archive, and most bytes in all of them.</summary>
    public const int MaximumFiles = EndorsementFolder.MaximumFiles, MaximumSize = 256 * 1024 * 1024;

    private const int MaximumManifestSize = 64 * 1024 * 1024;
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>The files of a folder that are what their names say, with their list of hashes in front.</summary>
    /// <param name="leftOut">Why the others are not among them.</param>
    public static IReadOnlyList<ArchivedFile> Of(EndorsementFolder folder, EndorsementInventory inventory, out IReadOnlyList<Finding> leftOut)
    {
        List<ArchivedFile> files = [];
        List<Finding> without = [.. inventory.Findings];
        foreach (EndorsementItem item in inventory.Items)
        {
            if (item.Name is null || folder.Read(item.File) is not { } content)
                without.AddRange(item.Findings);
            else
                files.Add(new(item.File.Path, content));
        }
        leftOut = without;
        StringBuilder manifest = new(Header + "\n");
        foreach (ArchivedFile file in files)
            manifest.Append(Sha256(file.Content)).Append("  ").Append(file.Name).Append('\n');
        files.Insert(0, new(Manifest, Encoding.ASCII.GetBytes(manifest.ToString())));
        return files;
    }

    /// <summary>Writes a tar; the same files give the same bytes.</summary>
    public static void WriteTar(Stream output, IReadOnlyList<ArchivedFile> files)
    {
        using TarWriter writer = new(output, TarEntryFormat.Ustar, leaveOpen: true);
        foreach (ArchivedFile file in files)
        {
            using MemoryStream content = new(file.Content.ToArray(), writable: false);
            writer.WriteEntry(new UstarTarEntry(TarEntryType.RegularFile, file.Name)
            {
                DataStream = content,
                Mode = Mode,
                ModificationTime = DateTimeOffset.UnixEpoch,
                Uid = 0,
                Gid = 0,
                UserName = "",
                GroupName = "",
            });
        }
    }

    /// <summary>Whether a file begins as a tar does.</summary>
    public static bool IsTar(ReadOnlySpan<byte> beginning) => beginning.Length >= 262 && beginning[257..262].SequenceEqual("ustar"u8);

    /// <summary>The files of a tar, in memory: nothing of their names is ever a path. Empty when anything is wrong with it.</summary>
    /// <param name="name">The archive's, for the finding.</param>
    /// <param name="wrong">Why it is refused whole; null when it is not.</param>
    public static IReadOnlyList<ArchivedFile> ReadTar(Stream input, string name, out Finding? wrong)
    {
        List<ArchivedFile> files = [];
        wrong = null;
        try
        {
            using TarReader reader = new(input, leaveOpen: true);
            long size = 0;
            int entries = 0;
            while (wrong is null && reader.GetNextEntry(copyData: false) is { } entry)
            {
                size += entry.Length;
                string shown = $"{name}: {EndorsementFolder.Shown(entry.Name)}";
                if (++entries > MaximumFiles || size > MaximumSize)
                    wrong = EndorsementCodes.BundleMalformed.Finds(name, $"at most {MaximumFiles} files and {MaximumSize} bytes", "more");
                else if (entry.EntryType is TarEntryType.Directory && IsSafe(entry.Name.TrimEnd('/')))
                    continue;
                else if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
                    wrong = EndorsementCodes.BundleUnsafe.Finds(shown, "plain files", $"a {entry.EntryType}");
                else if (!IsSafe(entry.Name))
                    wrong = EndorsementCodes.BundleUnsafe.Finds(shown, "a relative name without '..'", "another one");
                else if (entry.Length > (entry.Name == Manifest ? MaximumManifestSize : EndorsementFolder.MaximumFileSize))
                    wrong = EndorsementCodes.BundleMalformed.Finds(shown, $"at most {EndorsementFolder.MaximumFileSize} bytes", $"{entry.Length} bytes");
                else
                    files.Add(new(entry.Name, Read(entry)));
            }
        }
        // The reader's ways to say that the bytes are no tar.
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or FormatException or ArgumentException or OverflowException or NotSupportedException or IOException)
        {
            wrong = EndorsementCodes.BundleMalformed.Finds(name, "a tar", "bytes that break off or are none");
        }
        wrong ??= CheckManifest(files, name);
        return wrong is null ? [.. files.Where(file => file.Name != Manifest)] : [];
    }

    /// <summary>Whether files are exactly those of their list of hashes, where they have one.</summary>
    internal static Finding? CheckManifest(IReadOnlyList<ArchivedFile> files, string name)
    {
        ArchivedFile[] manifests = [.. files.Where(file => file.Name == Manifest)];
        if (manifests.Length == 0)
            return null;
        Dictionary<string, string> expected = new(StringComparer.Ordinal);
        foreach (string line in Encoding.Latin1.GetString(manifests[0].Content.Span).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            if (line[0] != '#' && (line.Length <= 66 || line[64] != ' ' || !expected.TryAdd(line[66..], line[..64])))
                return EndorsementCodes.BundleDigest.Finds($"{name}: {Manifest}", "lines as sha256sum writes them, each name once", "another line");
        }
        foreach (ArchivedFile file in files.Where(file => file.Name != Manifest))
        {
            if (!expected.Remove(file.Name, out string? hash) || hash != Sha256(file.Content))
            {
                return EndorsementCodes.BundleDigest.Finds($"{name}: {EndorsementFolder.Shown(file.Name)}",
                    hash is null ? $"a file that {Manifest} names once" : $"SHA-256 {EndorsementFolder.Shown(hash)}", $"SHA-256 {Sha256(file.Content)}");
            }
        }
        return expected.Keys.FirstOrDefault() is { } missing
            ? EndorsementCodes.BundleDigest.Finds($"{name}: {EndorsementFolder.Shown(missing)}", $"a file that {Manifest} names", "none")
            : manifests.Length > 1 ? EndorsementCodes.BundleDigest.Finds(name, $"one {Manifest}", "several") : null;
    }

    private static bool IsSafe(string name) => name.Length is > 0 and <= 300 && name[0] != '/' && !name.Contains('\\')
        && !name.Any(char.IsControl) && !name.Split('/').Any(part => part is "" or "..");

    private static byte[] Read(TarEntry entry)
    {
        byte[] content = new byte[entry.Length];
        entry.DataStream?.ReadExactly(content);
        return content;
    }

    private static string Sha256(ReadOnlyMemory<byte> content) => Convert.ToHexStringLower(SHA256.HashData(content.Span));
}
