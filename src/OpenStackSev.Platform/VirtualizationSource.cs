namespace OpenStackSev.Platform;

/// <summary>What libvirt said, as facts and findings.</summary>
internal static class VirtualizationSource
{
    public static readonly SourceCodes Codes =
        new(PlatformCodes.LibvirtMissing, PlatformCodes.LibvirtUnreadable, PlatformCodes.LibvirtMalformed);

    public static VirtualizationFacts? Read(ILibvirt libvirt, List<PlatformFinding> findings)
    {
        Source<LibvirtAnswer> answer = libvirt.Ask();
        if (answer.IsFound)
            return Facts(answer.Value, TimeSpan.Zero, libvirt.Subject, findings);
        findings.Add(Codes.Finding(answer, libvirt.Subject));
        return null;
    }

    public static VirtualizationFacts Facts(LibvirtAnswer answer, TimeSpan age, string subject, List<PlatformFinding> findings)
    {
        if (!answer.Capabilities.IsFound)
            findings.Add(Codes.Finding(answer.Capabilities, $"{subject} domain capabilities"));
        return new(answer.HostName, answer.Libvirt, answer.Qemu, answer.Capabilities.IsFound ? answer.Capabilities.Value : null, age);
    }
}
