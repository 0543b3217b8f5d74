using System.Text.Json.Serialization;

namespace OpenStackSev.Api.Hosts;

/// <summary>What the control plane says of a host.</summary>
public enum TrustLevel
{
    /// <summary>Nothing speaks against it, and nothing that counts speaks for it.</summary>
    Unknown,

    /// <summary>It has earned trust by what policy asks for, and its proof has not ended.</summary>
    Trusted,

    /// <summary>Something speaks against it; the findings say what.</summary>
    Untrusted,

    /// <summary>Set aside by an administrator or a rule, whatever it proves.</summary>
    Quarantined,
}

/// <summary>What a host's trust rests on.</summary>
/// <param name="Evidence"><c>none</c>, <c>platform</c>: its own word, or <c>guest_report</c>: a report that its chip signed.</param>
/// <param name="Simulated">A simulated host, or a proof under a simulated root.</param>
/// <param name="Since">Of this level.</param>
/// <param name="JudgedAt">When anything of this last became other than it was.</param>
/// <param name="Baselines">Bulletins whose mitigations it has, e.g. <c>SB_3019</c>, by evidence that counts.</param>
/// <param name="ProvenAt">When a chip of it last signed a report that counts; null for never.</param>
/// <param name="ProvenBy">The instance that asked for the report. Null where none did.</param>
/// <param name="ExpiresAt">When trust ends unless it is proven again; null for a host that is not trusted.</param>
/// <param name="Quarantine">Null for a host that is in none.</param>
public sealed record HostTrust(
    TrustLevel Level, string Evidence, bool Simulated, IReadOnlyList<HostFinding> Findings, IReadOnlyList<string> Baselines, IReadOnlyList<BulletinStanding> Bulletins,
    DateTimeOffset Since, DateTimeOffset JudgedAt, DateTimeOffset? ProvenAt = null, Guid? ProvenBy = null, DateTimeOffset? ExpiresAt = null, HostQuarantine? Quarantine = null);

/// <summary>One thing that is to be said of a host.</summary>
/// <param name="Tier"><c>contraindicated</c>, <c>warning</c> or <c>none</c>, as of an instance's findings.</param>
public sealed record HostFinding(string Code, string Tier, string Subject, string Expected, string Actual);

/// <summary>How a host stands to a security bulletin.</summary>
/// <param name="Bulletin">e.g. <c>AMD-SB-3019</c>.</param>
/// <param name="Standing"><c>mitigated</c>, <c>open</c>, <c>unknown</c>: not enough is known, or <c>not_judged</c>: the bulletin has no numbers for this product.</param>
/// <param name="Missing">What an open one lacks, e.g. <c>snp ≥ 24, has snp 23</c>; null for others.</param>
public sealed record BulletinStanding(string Bulletin, string Title, IReadOnlyList<string> Cves, string Standing, string? Missing = null);

/// <param name="By">User's name, or the rule.</param>
/// <param name="DisablesService">The compute service is to be disabled in Nova as well.</param>
/// <param name="ServiceDisabled">It was disabled by us, and still is ours to enable again.</param>
/// <param name="ByRule">A rule began it, and may end it.</param>
/// <param name="ServiceProblem">Code of why the service is not as it is to be, e.g. <c>host.service.disabled_by_other</c>; null for nothing.</param>
public sealed record HostQuarantine(
    string Reason, string By, DateTimeOffset Since, bool DisablesService = false, bool ServiceDisabled = false, bool ByRule = false, string? ServiceProblem = null);

/// <summary>Asks for a host to be set aside.</summary>
/// <param name="Reason">For people, 1 to 255 characters.</param>
/// <param name="DisableService">Also disable its compute service in Nova, so that no server at all comes there. Null for as it is: not, where it was in no quarantine.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record QuarantineRequest(string Reason, bool? DisableService = null);
