using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace OpenStackSev.Platform;

/// <summary>QEMU firmware descriptors with the feature <c>amd-sev-snp</c>, by the rules of libvirt and QEMU for finding them.</summary>
/// <remarks>
/// Source: QEMU docs/interop/firmware.json. Not read: the descriptors of a user's own configuration, since Nova's libvirt runs as root.
/// </remarks>
internal static class FirmwareSource
{
    public const int DescriptorSizeLimit = 1024 * 1024;
    public const int DescriptorLimit = 256;

    private const int EntryLimit = 4096;
    private const string SnpFeature = "amd-sev-snp";

    public static IReadOnlyList<FirmwareDescriptor> Read(SourceFolder folder, List<PlatformFinding> findings)
    {
        // By file name, the administrator's before the distribution's.
        SortedDictionary<string, string> paths = new(StringComparer.Ordinal);
        foreach (string place in (string[])["usr/share/qemu/firmware", "etc/qemu/firmware"])
        {
            foreach (string name in Names(folder.Path(place), findings))
                paths[name] = $"{folder.Path(place)}/{name}";
        }
        if (paths.Count > DescriptorLimit)
        {
            findings.Add(new(PlatformCodes.FirmwareTooMany, folder.Path("usr/share/qemu/firmware"),
                $"{paths.Count} descriptors, {DescriptorLimit} at most; none was read"));
            return [];
        }

        List<FirmwareDescriptor> found = [];
        foreach (string path in paths.Values)
        {
            if (ReadDescriptor(folder, path, findings) is { } descriptor)
                found.Add(descriptor);
        }
        return found;
    }

    private static IEnumerable<string> Names(string path, List<PlatformFinding> findings)
    {
        Source<IReadOnlyList<string>> names = SourceFolder.List(path, EntryLimit);
        if (names.IsFound)
            return names.Value.Where(name => name.EndsWith(".json", StringComparison.Ordinal) && name[0] != '.');
        if (names.State != SourceState.Missing)
            findings.Add(new(PlatformCodes.FirmwareUnreadable, path, names.Reason));
        return [];
    }

    private static FirmwareDescriptor? ReadDescriptor(SourceFolder folder, string path, List<PlatformFinding> findings)
    {
        if (SourceFolder.TypeOf(path) is { IsFound: true, Value: FileType.NullDevice })
            return null;    // masked
        Source<byte[]> bytes = SourceFolder.ReadBytes(path, DescriptorSizeLimit);
        if (!bytes.IsFound)
        {
            findings.Add(new(PlatformCodes.FirmwareUnreadable, path, bytes.Reason));
            return null;
        }
        if (bytes.Value.Length == 0)
            return null;    // masked

        Source<FirmwareDescriptor?> parsed = Parse(bytes.Value, path);
        if (!parsed.IsFound)
        {
            findings.Add(new(PlatformCodes.FirmwareMalformed, path, parsed.Reason));
            return null;
        }
        if (parsed.Value is not { } descriptor)
            return null;

        Source<FileType> image = SourceFolder.TypeOf(folder.Path(descriptor.ImagePath.TrimStart('/')));
        if (image is { IsFound: true, Value: FileType.Regular })
            return descriptor;
        string reason = image.IsFound ? $"found {SourceFolder.Describe(image.Value)}" : image.Reason;
        findings.Add(new(PlatformCodes.FirmwareImageMissing, path, $"names the image '{descriptor.ImagePath}': {reason}"));
        return null;
    }

    /// <summary>Null for a descriptor of firmware that is not for SEV-SNP, whatever else it says.</summary>
    internal static Source<FirmwareDescriptor?> Parse(byte[] bytes, string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(bytes);
            return Parse(document.RootElement, path);
        }
        catch (JsonException e)
        {
            return Malformed($"not JSON, line {e.LineNumber + 1}");
        }
        catch (InvalidOperationException)
        {
            // GetString, of a text with half a surrogate pair
            return Malformed("a text that is not Unicode");
        }
    }

    private static Source<FirmwareDescriptor?> Parse(JsonElement root, string path)
    {
        if (root.ValueKind != JsonValueKind.Object || !TryGet(root, "features", JsonValueKind.Array, out JsonElement? list))
            return Malformed("no list 'features'");

        List<string> features = [];
        foreach (JsonElement feature in list.Value.EnumerateArray())
        {
            if (feature.ValueKind != JsonValueKind.String)
                return Malformed("a feature that is not a text");
            features.Add(feature.GetString()!);
        }
        if (!features.Contains(SnpFeature, StringComparer.Ordinal))
            return Source<FirmwareDescriptor?>.Found(null);

        if (!TryGet(root, "mapping", JsonValueKind.Object, out JsonElement? mapping)
            || !TryGet(mapping.Value, "device", JsonValueKind.String, out JsonElement? device))
        {
            return Malformed("no 'mapping' with a 'device'");
        }

        // Memory and kernel mappings name their file themselves; flash does in 'executable'.
        bool flash = device.Value.ValueEquals("flash");
        JsonElement? holder = mapping;
        if (flash && !TryGet(mapping.Value, "executable", JsonValueKind.Object, out holder))
            return Malformed("no 'mapping.executable'");
        if (!TryGet(holder.Value, "filename", JsonValueKind.String, out JsonElement? file)
            || file.Value.GetString() is not ['/', _, ..] image || image.Contains('\0'))
        {
            return Malformed("no absolute 'filename' of the image");
        }
        return Source<FirmwareDescriptor?>.Found(new FirmwareDescriptor(path, image, features, device.Value.ValueEquals("memory")));
    }

    private static bool TryGet(JsonElement parent, string name, JsonValueKind kind, [NotNullWhen(true)] out JsonElement? value)
    {
        bool there = parent.TryGetProperty(name, out JsonElement found) && found.ValueKind == kind;
        value = there ? found : null;
        return there;
    }

    private static Source<FirmwareDescriptor?> Malformed(string reason) => Source<FirmwareDescriptor?>.Malformed(reason);
}
