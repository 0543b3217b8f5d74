using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenStackSev.Api.Hosts;

/// <summary>Whether a host's chips are known and approved.</summary>
public enum EnrolmentState
{
    /// <summary>No chip was reported yet.</summary>
    NoChips,

    /// <summary>Chips that were never approved.</summary>
    Pending,

    /// <summary>Every reported chip is approved.</summary>
    Enrolled,

    /// <summary>Was enrolled, and reports another chip now.</summary>
    Changed,

    /// <summary>Reports a chip that another host has; its report is refused.</summary>
    Conflict,
}

/// <param name="Id">128 hex digits.</param>
/// <param name="Status"><c>pending</c>, <c>approved</c>, <c>withdrawn</c>.</param>
/// <param name="Present">In the host's last report.</param>
/// <param name="ApprovedBy">User, or <c>first use</c>; null where nobody did.</param>
public sealed record EnrolledChip(string Id, string Status, bool Present, string? ApprovedBy = null);

/// <summary>A host in a list.</summary>
/// <param name="Node">UUID of the compute node.</param>
/// <param name="Silent">Nothing was heard for three intervals.</param>
/// <param name="TrustEnds">Of a trusted host: unless it is proven again.</param>
public sealed record HostSummary(
    Guid Node, string Name, EnrolmentState Enrolment, bool Silent, bool Simulated, int ChipCount,
    DateTimeOffset FirstSeen, DateTimeOffset LastSeen, string? Product = null, TrustLevel Trust = TrustLevel.Unknown, DateTimeOffset? TrustEnds = null);

/// <param name="Marker">Of the next page; null on the last one.</param>
public sealed record HostList(IReadOnlyList<HostSummary> Hosts, Guid? Marker = null);

/// <summary>All that is known of one host.</summary>
/// <param name="Report">Its last report.</param>
/// <param name="CertificateEnds">End of the certificate that it came with; null for a service user's.</param>
/// <param name="Trust">Null until it was first judged.</param>
public sealed record HostDetails(
    Guid Node, string Name, EnrolmentState Enrolment, bool Silent, IReadOnlyList<EnrolledChip> Chips, DateTimeOffset FirstSeen, DateTimeOffset LastSeen,
    HostReport Report, DateTimeOffset? CertificateEnds = null, HostTrust? Trust = null);

/// <summary>One thing that happened to a host.</summary>
/// <param name="Kind">e.g. <c>host.chip.changed</c>; see <see cref="HostEvents"/>.</param>
/// <param name="Body">What the record holds, as it was written.</param>
/// <param name="Text">The same as a sentence; null from a service that is older than this client.</param>
public sealed record HostHistoryRecord(long Id, DateTimeOffset Time, string Kind, JsonElement Body, string? Text = null);

/// <summary>Newest first.</summary>
public sealed record HostHistory(IReadOnlyList<HostHistoryRecord> Records);

/// <summary>Approves chips by name, so that a chip which appears meanwhile is not approved unseen.</summary>
/// <param name="Chips">128 hex digits each; the host must report every one of them now.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record HostApproval(IReadOnlyList<string> Chips);

/// <summary>Takes chips from a host that reports no more, so that another host may have them.</summary>
/// <param name="Chips">128 hex digits each.</param>
/// <param name="Reason">A line, for the history.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record HostWithdrawal(IReadOnlyList<string> Chips, string Reason)
{
    public const int MostChips = 16, MaximumReasonLength = 255;
}

/// <summary>Certificates of a node's own security processors, and those of their issuers.</summary>
/// <param name="Certificates">DER, base64: VCEKs of approved chips at the TCB that the host reports, VLEKs, ASKs, ASVKs, ARKs.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record HostEndorsements(IReadOnlyList<byte[]> Certificates)
{
    public const int MostCertificates = 64, MaximumCertificateBytes = 8 * 1024;
}

/// <summary>What became of each.</summary>
public sealed record HostEndorsementsAnswer(IReadOnlyList<HostEndorsement> Certificates);

/// <param name="Index">In the request, from 0.</param>
/// <param name="Outcome"><c>added</c>, <c>replaced</c>, <c>present</c> or <c>refused</c>.</param>
/// <param name="Name">What it is, e.g. <c>SEV-VCEK</c>; null when that cannot be told.</param>
/// <param name="Code">Why it was refused; null when it was not.</param>
/// <param name="Detail">What was expected and what was there; null when it was not refused.</param>
public sealed record HostEndorsement(int Index, string Outcome, string? Name = null, string? Code = null, string? Detail = null);

/// <summary>A node asks for the successor of the certificate that it connects with.</summary>
/// <param name="Request">PKCS#10 in PEM, on a key that was made on the node; names in it are not read.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record CertificateRenewal(string Request);

/// <summary>The successor. The one before is good until this one has reported, or until its own end.</summary>
/// <param name="Certificate">X.509 in PEM.</param>
/// <param name="Serial">Hex.</param>
public sealed record RenewedCertificate(string Certificate, string Serial, DateTimeOffset NotBefore, DateTimeOffset NotAfter);

/// <summary>Kinds of history records of hosts. Once shipped, never changed.</summary>
public static class HostEvents
{
    /// <summary>First report, or facts that differ from the last ones.</summary>
    public const string Reported = "host.reported";

    public const string ChipRegistered = "host.chip.registered";
    public const string ChipApproved = "host.chip.approved";
    public const string ChipChanged = "host.chip.changed";

    /// <summary>An administrator took chips from a host that was silent.</summary>
    public const string ChipWithdrawn = "host.chip.withdrawn";

    public const string ChipConflict = "host.chip.conflict";
    public const string Silent = "host.silent";
    public const string Returned = "host.returned";

    /// <summary>The level of trust in it, or what that rests on, became another.</summary>
    public const string TrustChanged = "host.trust.changed";

    public const string Quarantined = "host.quarantined";
    public const string Released = "host.released";

    /// <summary>A request to Nova follows, about its compute service. What Nova's notifications tell of it has kinds of its own, <c>host.service.*</c>.</summary>
    public const string ServiceIntended = "host.quarantine.service_intended";

    /// <summary>Its compute service was disabled or enabled in Nova by us.</summary>
    public const string ServiceDisabled = "host.quarantine.service_disabled";
    public const string ServiceEnabled = "host.quarantine.service_enabled";

    /// <summary>Its compute service is left as somebody else wants it, or cannot be told apart from others'.</summary>
    public const string ServiceKept = "host.quarantine.service_kept";

    /// <summary>Nova refused or did not answer, about its compute service.</summary>
    public const string ServiceFailed = "host.quarantine.service_failed";

    /// <summary>Somebody else wrote or removed judgement traits of it in Placement; ours were put back.</summary>
    public const string TraitsCorrected = "host.traits.corrected";

    /// <summary>A node's certificate was given a successor, at its own request.</summary>
    public const string CertificateRenewed = "host.certificate.renewed";

    /// <summary>The successor is in use: what it replaces was revoked.</summary>
    public const string CertificateRetired = "host.certificate.retired";
}
