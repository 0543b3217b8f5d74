namespace OpenStackSev.Platform;

/// <summary>What libvirt says of its host: the one whose word Nova takes. Versions as <c>major.minor.micro</c>; what it did not say is null.</summary>
/// <param name="HostName">virConnectGetHostname, which is Nova's hypervisor_hostname.</param>
/// <param name="Libvirt">Of the daemon.</param>
/// <param name="Qemu">Of the emulator that libvirt found first.</param>
/// <param name="Capabilities">What it says of SEV.</param>
/// <param name="Age">Since it said so: more than a moment when it does not answer now.</param>
public sealed record VirtualizationFacts(string? HostName, string? Libvirt, string? Qemu, DomainCapabilities? Capabilities, TimeSpan Age);

/// <summary>The parts about SEV of libvirt's domain capabilities.</summary>
/// <param name="Sev"><c>sev supported</c>; null from a libvirt before 4.5.</param>
/// <param name="MaximumGuests"><c>maxGuests</c>: ASIDs of plain SEV as libvirt counts them; null from a libvirt before 8.0.</param>
/// <param name="MaximumSevEsGuests"><c>maxESGuests</c>.</param>
/// <param name="LaunchSecurity">Kinds of launch security, e.g. <c>sev</c>, <c>sev-snp</c>; empty from a libvirt before 10.5.</param>
/// <remarks>Source: libvirt, "Domain capabilities XML format"; src/conf/domain_capabilities.c.</remarks>
public sealed record DomainCapabilities(bool? Sev, uint? MaximumGuests, uint? MaximumSevEsGuests, IReadOnlyList<string> LaunchSecurity);

/// <summary>One conversation with libvirt.</summary>
internal sealed record LibvirtAnswer(string? HostName, string? Libvirt, string? Qemu, Source<DomainCapabilities> Capabilities);

/// <summary>Who speaks for libvirt: the daemon, or the files that stand for one.</summary>
internal interface ILibvirt
{
    /// <summary>For findings.</summary>
    string Subject { get; }

    /// <summary>Asks everything. May take as long as it likes.</summary>
    Source<LibvirtAnswer> Ask();
}
