namespace OpenStackSev.Guest.Instructions;

/// <summary>A config drive, or any folder with its files. Mounting it is left to the system.</summary>
/// <param name="folder">Where it is mounted; null to look for a mounted file system of label config-2.</param>
/// <param name="root">Folder to look below; another one than / is for tests.</param>
internal sealed class ConfigDrive(string? folder = null, string root = "/") : IMetadataPlace
{
    private const string ByLabel = "dev/disk/by-label";
    private static readonly string[] s_labels = ["config-2", "CONFIG-2"];

    public async Task<PlacedDocument> FetchAsync(string name, CancellationToken ct)
    {
        string? mounted = folder ?? MountPoint();
        if (mounted is null)
            throw new InstructionsException(InstructionsCodes.Unreachable, "no config drive (label config-2) is mounted");
        string file = Path.Join(mounted, "openstack", "latest", name);
        return new PlacedDocument(file, await MetadataFile.ReadAsync(file, ct));
    }

    private string? MountPoint()
    {
        try
        {
            string? device = s_labels.Select(label => Path.Join(root, ByLabel, label)).FirstOrDefault(Path.Exists);
            if (device is null)
                return null;
            device = new FileInfo(device).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? device;
            // Device, mount point, …: spaces and the like in octal.
            return File.ReadLines(Path.Join(root, "proc/self/mounts")).Select(line => line.Split(' '))
                .Where(fields => fields.Length > 1 && Below(Plain(fields[0])) == device)
                .Select(fields => Below(Plain(fields[1]))).FirstOrDefault();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // Path.Join("/", "/dev/vdb") is //dev/vdb, which no link resolves to.
    private string Below(string path) => root.TrimEnd('/') + path;

    private static string Plain(string field) => field.Replace(@"\040", " ", StringComparison.Ordinal).Replace(@"\011", "\t", StringComparison.Ordinal)
        .Replace(@"\012", "\n", StringComparison.Ordinal).Replace(@"\134", @"\", StringComparison.Ordinal);
}

/// <summary>One file that says it all: the form of vendor_data2.json, or only our part of it. For labs.</summary>
internal sealed class InstructionsFile(string file) : IMetadataPlace
{
    public async Task<PlacedDocument> FetchAsync(string name, CancellationToken ct) =>
        new(file, name == InstructionsSearch.Vendordata ? await MetadataFile.ReadAsync(file, ct) : null);
}

/// <summary>A file of metadata, not larger than is expected.</summary>
internal static class MetadataFile
{
    /// <returns>Null when there is none.</returns>
    /// <exception cref="InstructionsException">It cannot be read, or is too large.</exception>
    public static async Task<ReadOnlyMemory<byte>?> ReadAsync(string file, CancellationToken ct)
    {
        try
        {
            await using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
            byte[] content = new byte[InstructionsReading.LargestDocument + 1];
            int length = await stream.ReadAtLeastAsync(content, content.Length, throwOnEndOfStream: false, ct);
            return length <= InstructionsReading.LargestDocument ? content.AsMemory(0, length)
                : throw new InstructionsException(InstructionsCodes.Malformed, $"{file}: it is larger than {InstructionsReading.LargestDocument} bytes");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InstructionsException(InstructionsCodes.Unreachable, $"{file}: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}");
        }
    }
}
