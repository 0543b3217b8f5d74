using System.Text.Json.Serialization;

namespace OpenStackSev.Api.Hosts;

/// <summary>What an agent says of its own node, at each of its rounds. Also its heartbeat.</summary>
/// <remarks>Trust: the host's own word, authenticated as the node's and no further.</remarks>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record HostReport
{
    /// <summary>Nova's hypervisor_hostname: the name of the node's resource provider.</summary>
    public required string Name { get; init; }

    public required string AgentVersion { get; init; }

    public required HostFacts Facts { get; init; }

    /// <summary>The chip of each socket: 128 hex digits, as CHIP_ID of an attestation report. Empty where it cannot be read.</summary>
    public required IReadOnlyList<string> Chips { get; init; }

    /// <summary>Encrypted guests that the host can run, by model.</summary>
    public required IReadOnlyList<HostCapacity> Capacity { get; init; }

    /// <summary>Codes of what the agent finds wrong with its node.</summary>
    public required IReadOnlyList<string> Findings { get; init; }

    /// <summary>ASIDs in use now, plain SEV; null where the kernel does not count them.</summary>
    public uint? AsidsInUseSev { get; init; }

    /// <summary>ASIDs in use now, SEV-ES and SEV-SNP together; null where the kernel does not count them.</summary>
    public uint? AsidsInUseSevEs { get; init; }
}

/// <summary>The machine. What could not be read is null.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record HostFacts
{
    /// <summary>True for a folder that reads like a machine.</summary>
    public bool Simulated { get; init; }

    /// <summary>CPUID brand string.</summary>
    public string? Processor { get; init; }

    /// <summary>Product line, e.g. <c>turin</c>.</summary>
    public string? Product { get; init; }

    public string? Kernel { get; init; }

    /// <summary>Simultaneous multithreading is on.</summary>
    public bool? Smt { get; init; }

    public bool? Iommu { get; init; }

    /// <summary>kvm_amd starts plain SEV guests.</summary>
    public bool? Sev { get; init; }

    public bool? SevEs { get; init; }
    public bool? SevSnp { get; init; }

    /// <summary>SNP_PLATFORM_STATUS; null where SEV-SNP is off.</summary>
    public HostFirmware? Firmware { get; init; }

    /// <summary>PLATFORM_STATUS; null where SEV is off.</summary>
    public HostSevFirmware? SevFirmware { get; init; }

    /// <summary>Transparent SME encrypts all memory, whatever a guest asks for.</summary>
    public bool? Tsme { get; init; }

    /// <summary>The security processor's debug port is locked.</summary>
    public bool? DebugLocked { get; init; }

    /// <summary>The part is fused: one for production.</summary>
    public bool? Fused { get; init; }

    /// <summary>What libvirt and QEMU say; null where libvirt could not be asked.</summary>
    public HostVirtualization? Virtualization { get; init; }

    /// <summary>PDH, PEK, OCA and CEK, one after the other, 2084 bytes each, as the security processor exports them; null where it does not.</summary>
    public byte[]? SevCertificates { get; init; }
}

/// <summary>What the security processor answers to SNP_PLATFORM_STATUS.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record HostFirmware
{
    /// <summary>API version, e.g. <c>1.58</c>.</summary>
    public required string Api { get; init; }

    public required uint Build { get; init; }

    /// <summary>CURRENT_TCB: 16 hex digits, most significant first.</summary>
    public required string CurrentTcb { get; init; }

    /// <summary>REPORTED_TCB: 16 hex digits, most significant first.</summary>
    public required string ReportedTcb { get; init; }

    public bool MaskedChipId { get; init; }
    public bool CiphertextHiding { get; init; }
    public bool AliasChecked { get; init; }

    /// <summary>Null from an agent that does not tell; so the next two.</summary>
    public bool? RmpInitialized { get; init; }

    public bool? CiphertextHidingCapable { get; init; }

    /// <summary>Reports are not signed with the chip's own key.</summary>
    public bool? MaskedChipKey { get; init; }
}

/// <summary>What the security processor answers to PLATFORM_STATUS.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record HostSevFirmware
{
    /// <summary>API version, e.g. <c>0.24</c>.</summary>
    public required string Api { get; init; }

    public required uint Build { get; init; }

    /// <summary><c>uninitialized</c>, <c>initialized</c>, <c>working</c>, or a number that is not known here.</summary>
    public required string State { get; init; }

    /// <summary>Its PEK is signed by an owner's certificate, and not by one that it made itself.</summary>
    public bool Owned { get; init; }

    /// <summary>Set up for SEV-ES.</summary>
    public bool SevEs { get; init; }

    public uint Guests { get; init; }
}

/// <summary>What libvirt says of its host. Versions as <c>major.minor.micro</c>.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record HostVirtualization
{
    /// <summary>libvirt's name of the host, which is Nova's hypervisor_hostname.</summary>
    public string? HostName { get; init; }

    public string? Libvirt { get; init; }
    public string? Qemu { get; init; }

    /// <summary>Domain capabilities say that SEV is supported.</summary>
    public bool? Sev { get; init; }

    public int? MaximumGuests { get; init; }
    public int? MaximumSevEsGuests { get; init; }

    /// <summary>Kinds of launch security, e.g. <c>sev</c>, <c>sev-snp</c>; empty from a libvirt before 10.5.</summary>
    public IReadOnlyList<string> LaunchSecurity { get; init; } = [];
}

/// <param name="Model">As in <c>hw:mem_encryption_model</c>.</param>
/// <param name="Total">ASIDs.</param>
/// <param name="Reserved">ASIDs that are not offered.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record HostCapacity(string Model, int Total, int Reserved);

/// <summary>The control plane's answer to a report.</summary>
/// <param name="Enrolment">Of the host, now.</param>
/// <param name="Chips">Each reported chip and whether it is approved.</param>
/// <param name="ProofLifetime">Seconds: an agent that hears nothing for so long removes what the control plane's word granted.</param>
/// <param name="Interval">Seconds until the next report, at the latest. Three without one, and the host counts as silent.</param>
/// <param name="ReceivedAt">By the control plane's clock.</param>
/// <param name="Judges">Hosts are judged there, and Placement is told. False: the answer is no word that grants anything, and the agent counts it as silence.</param>
public sealed record HostReportAnswer(
    EnrolmentState Enrolment, IReadOnlyList<EnrolledChip> Chips, int ProofLifetime, int Interval, DateTimeOffset ReceivedAt, bool Judges = true);
