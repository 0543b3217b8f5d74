namespace OpenStackSev.Platform;

/// <summary>A simulated host's libvirt: one file for each answer.</summary>
internal sealed class LibvirtFolder(SourceFolder folder) : ILibvirt
{
    private const int LongestLine = 255;

    public string Subject => folder.Path("libvirt");

    public Source<LibvirtAnswer> Ask()
    {
        Source<FileType> type = SourceFolder.TypeOf(Subject);
        if (!type.IsFound)
            return type.As<LibvirtAnswer>();
        return Line("libvirt/hostname").Then(host => Line("libvirt/version").Then(libvirt => Line("qemu/version").Then(qemu =>
            Source<LibvirtAnswer>.Found(new(host, libvirt, qemu, Capabilities())))));
    }

    private Source<DomainCapabilities> Capabilities()
    {
        Source<byte[]> bytes = SourceFolder.ReadBytes(folder.Path("libvirt/domcapabilities.xml"), DomainCapabilitiesXml.LongestText);
        return bytes.Then(SourceFolder.Decode).Then(DomainCapabilitiesXml.Parse);
    }

    private Source<string?> Line(string path)
    {
        Source<string> line = SourceFolder.ReadText(folder.Path(path)).Then(text => KernelSource.ParseLine(text, mayBeEmpty: false));
        if (line.State == SourceState.Missing)
            return Source<string?>.Found(null);
        return line.Then(text => text.Length <= LongestLine ? Source<string?>.Found(text) : Source<string?>.Malformed($"longer than {LongestLine} characters"));
    }
}
