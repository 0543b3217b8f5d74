using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Appraisal;

/// <summary>A security bulletin, and what its mitigation shows in a report.</summary>
/// <param name="Id">As AMD names it, e.g. <c>AMD-SB-3019</c>.</param>
/// <param name="Title">One line.</param>
/// <param name="Cves">CVE identifiers.</param>
/// <param name="Source">Where the numbers were read: document or address.</param>
/// <param name="Advisory">It is shown of hosts and makes no finding: what it asks for costs a capability, or is no matter of the guests that are judged.</param>
/// <param name="Requirements">At most one a product line; a line without one is not judged by this bulletin.</param>
public sealed record Bulletin(
    string Id, string Title, IReadOnlyList<string> Cves, string Source, IReadOnlyList<BulletinRequirement> Requirements, bool Advisory = false);

/// <summary>What a mitigated processor of one line reports.</summary>
/// <param name="MinimumTcb">For REPORTED_TCB.</param>
/// <param name="MinimumFirmware">For the committed version.</param>
/// <param name="PlatformBits">Bits that PLATFORM_INFO must have.</param>
/// <param name="CurrentMitigations">Bits that CURRENT_MIT_VECTOR must have.</param>
/// <param name="LaunchMitigations">Bits that LAUNCH_MIT_VECTOR must have.</param>
public sealed record BulletinRequirement(
    ProductLine Line,
    TcbMinimum? MinimumTcb = null,
    FirmwareVersion? MinimumFirmware = null,
    ulong PlatformBits = 0,
    ulong CurrentMitigations = 0,
    ulong LaunchMitigations = 0);
