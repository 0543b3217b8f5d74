using System.Text.Json;

namespace OpenStackSev.Api.Attestation;

/// <summary>An instance in a list.</summary>
/// <param name="Model">As in <c>hw:mem_encryption_model</c>.</param>
/// <param name="Status">Nova's word, when it was last seen.</param>
/// <param name="Verdict"><c>affirming</c>, <c>warning</c>, <c>contraindicated</c> or <c>none</c>; null before the first judgement.</param>
/// <param name="Findings">Codes of what speaks against it.</param>
/// <param name="Simulated">The verdict rests on a simulated root: it proves nothing about any hardware.</param>
/// <param name="NextRoundAt">When it is asked next; null of one that has no rounds: it does not run, or cannot ask for a report.</param>
/// <param name="RoundOpenedAt">Since when an answer is awaited; null while none is.</param>
/// <param name="NoAnswerCode">Code of the last thing that came since the judgement and was no answer; null when nothing did.</param>
/// <param name="Host">Where it runs; only for those who may see hosts.</param>
public sealed record InstanceSummary(
    Guid Instance, string Project, string Name, string Model, string Status, IReadOnlyList<string> Findings, bool Simulated, DateTimeOffset? NextRoundAt = null,
    string? Verdict = null, DateTimeOffset? JudgedAt = null, DateTimeOffset? RoundOpenedAt = null, string? NoAnswerCode = null, InstanceHost? Host = null);

/// <param name="Marker">Of the next page; null on the last one.</param>
public sealed record InstanceList(IReadOnlyList<InstanceSummary> Instances, Guid? Marker = null);

/// <param name="Node">UUID of the compute node.</param>
/// <param name="Name">Nova's name of it.</param>
/// <param name="Chip">CHIP_ID of the last judged report, in hexadecimal.</param>
public sealed record InstanceHost(Guid? Node = null, string? Name = null, string? Chip = null);

/// <summary>One thing that speaks against an instance.</summary>
/// <param name="Tier">What it alone makes of the verdict.</param>
/// <param name="Subject">The field that was judged, by its name in the specification.</param>
public sealed record InstanceFinding(string Code, string Tier, string Subject, string Expected, string Actual);

/// <param name="Number">Version of the policy; 0 for the one that is built in.</param>
/// <param name="Digest"><c>sha256:</c> and 64 hexadecimal digits.</param>
public sealed record InstancePolicy(int Number, string Name, string Digest);

/// <summary>The last judgement of an instance, whole.</summary>
/// <param name="Evidence">What stands behind it: <c>none</c>, <c>platform</c>, <c>host_report</c> or <c>guest_report</c>.</param>
/// <param name="NotChecked">What the verdict does not say, e.g. <c>measurement</c>.</param>
/// <param name="BoundToChip">The signature binds the report to the chip of the host that Nova names.</param>
/// <param name="Policy">Null for what was judged without evidence: silence, or a model whose guests cannot report.</param>
/// <param name="Tcb">REPORTED_TCB.</param>
/// <param name="Measurement">MEASUREMENT in hexadecimal.</param>
/// <param name="LaunchDigest">Name of the reference value that MEASUREMENT is; null without one.</param>
/// <param name="Key">Thumbprint (RFC 7638) of the guest's key; null without one.</param>
/// <param name="Token">The signed result (EAR), while it counts.</param>
public sealed record InstanceJudgement(
    IReadOnlyList<InstanceFinding> Findings, IReadOnlyList<string> NotChecked, string Evidence, bool BoundToChip, InstancePolicy? Policy = null,
    string? Product = null, string? Tcb = null, string? Measurement = null, string? LaunchDigest = null, string? Key = null, string? Token = null,
    DateTimeOffset? TokenExpiresAt = null);

/// <param name="Judgement">Null before the first one.</param>
/// <param name="Explanation">The same for people; null from a service that is older than this client.</param>
/// <param name="Gate">Of a stack that waits, or waited, for it; null for none.</param>
public sealed record InstanceAttestation(
    InstanceSummary Instance, InstanceJudgement? Judgement = null, InstanceExplanation? Explanation = null, InstanceGate? Gate = null);

/// <summary>How an instance stands, in words.</summary>
/// <param name="Summary">Whether it is protected, as far as anybody knows.</param>
/// <param name="Reasons">Why; for one that is protected, what is not claimed.</param>
/// <param name="NextSteps">What the reader can do; empty when there is nothing to do.</param>
public sealed record InstanceExplanation(string Summary, IReadOnlyList<string> Reasons, IReadOnlyList<string> NextSteps);

/// <summary>One thing that happened to an instance.</summary>
/// <param name="Kind">e.g. <c>instance.verdict</c>.</param>
/// <param name="Body">What the record holds; without hosts and chips for those who may not see them.</param>
/// <param name="Text">The same as a sentence; null from a service that is older than this client.</param>
public sealed record InstanceHistoryRecord(long Id, DateTimeOffset Time, string Kind, JsonElement Body, string? Text = null);

/// <summary>Newest first.</summary>
public sealed record InstanceHistory(IReadOnlyList<InstanceHistoryRecord> Records);

/// <summary>What the last judgement rests on, to verify without this service.</summary>
/// <param name="Report">ATTESTATION_REPORT as it was received.</param>
/// <param name="ReportData">64 bytes that it had to hold: <see cref="Attestation.ReportData.Of"/> of the nonce, the instance and the key.</param>
/// <param name="Nonce">Of the challenge, used up.</param>
/// <param name="PublicKey">DER SubjectPublicKeyInfo; null where the guest gave none.</param>
/// <param name="Certificates">PEM: the key that signed, its issuer, the root.</param>
/// <param name="RevocationList">PEM; null when none is there.</param>
public sealed record InstanceEvidenceBundle(
    Guid Instance, byte[] Report, byte[] ReportData, byte[] Nonce, string Certificates, DateTimeOffset ReceivedAt, byte[]? PublicKey = null,
    string? RevocationList = null);
