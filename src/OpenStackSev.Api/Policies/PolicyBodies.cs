using System.Text.Json;
using System.Text.Json.Serialization;

namespace OpenStackSev.Api.Policies;

/// <summary>A version of the appraisal policy, without its document.</summary>
/// <param name="Number">1, 2, 3 and so on; 0 for the default that is built in.</param>
/// <param name="Digest"><c>sha256:</c> and 64 hex digits, of what it asks for: results name it.</param>
/// <param name="Active">It judges now. Exactly one does.</param>
/// <param name="StoredBy">User's name; null for the built-in default.</param>
/// <param name="ActivatedBy">Who last made it the one that judges; null where nobody ever did.</param>
public sealed record PolicySummary(
    int Number, string Name, string Digest, bool Active, DateTimeOffset? StoredAt = null, string? StoredBy = null,
    DateTimeOffset? ActivatedAt = null, string? ActivatedBy = null);

/// <summary>The newest first; the built-in default ends the last page.</summary>
/// <param name="Marker">Of the next page; null on the last one.</param>
public sealed record PolicyList(IReadOnlyList<PolicySummary> Policies, int? Marker = null);

/// <param name="Document">As it was given.</param>
public sealed record PolicyDetails(PolicySummary Policy, [property: JsonConverter(typeof(RawJson))] JsonElement Document);

/// <summary>Makes a version the one that judges.</summary>
/// <param name="Replaces">The number that the caller takes to judge now, so that two administrators do not undo each other's work unseen.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record PolicyActivation(int Replaces);

/// <summary>Asks which verdicts another policy, or other reference values, would change. Nothing is written.</summary>
/// <param name="Policy">Number of a version; neither this nor a document: the one that judges now.</param>
/// <param name="Document">One that is not stored.</param>
/// <param name="Add">Reference values that would be added.</param>
/// <param name="Remove">Digests that would be removed.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record DryRunRequest(
    int? Policy = null, JsonElement? Document = null, IReadOnlyList<NewReferenceValue>? Add = null, IReadOnlyList<string>? Remove = null);

/// <summary>One page of instances.</summary>
/// <param name="Judged">Instances of this page whose last evidence was judged by both.</param>
/// <param name="Active">Number of the policy that judges now.</param>
/// <param name="Changes">Those whose verdict would be another one.</param>
/// <param name="Marker">Of the next page; null on the last one.</param>
public sealed record DryRunPage(int Judged, int Active, IReadOnlyList<VerdictChange> Changes, Guid? Marker = null);

/// <summary>An instance whose verdict would be another one.</summary>
/// <param name="From">By the policy that judges now, of its last evidence: <c>affirming</c>, <c>warning</c>, <c>contraindicated</c>, <c>none</c>.</param>
/// <param name="To">By the other one, of the same evidence.</param>
/// <param name="Findings">Codes that speak against it then, and do not now.</param>
/// <param name="Resolved">Codes that speak against it now, and would not then.</param>
public sealed record VerdictChange(
    Guid Instance, string Project, string Name, string From, string To, IReadOnlyList<string> Findings, IReadOnlyList<string> Resolved);

/// <summary>A launch digest that an operator knows to be good.</summary>
/// <param name="Digest">MEASUREMENT, 96 hex digits.</param>
/// <param name="Name">What it stands for, e.g. <c>OVMF 2024.02, 4 EPYC-v4</c>.</param>
/// <param name="CoversExecutables">The launch measured what runs: kernel hashes, or a root disk that they verify.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record NewReferenceValue(string Digest, string Name, bool CoversExecutables = false);

/// <summary>Taken whole or not at all: a list that is begun would refuse what is not on it yet.</summary>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record NewReferenceValues(IReadOnlyList<NewReferenceValue> ReferenceValues)
{
    public const int MostAtOnce = 64, LongestName = 128;
}

/// <param name="RemovedBy">Null for one that counts.</param>
public sealed record ReferenceValueBody(
    string Digest, string Name, bool CoversExecutables, DateTimeOffset AddedAt, string AddedBy, DateTimeOffset? RemovedAt = null, string? RemovedBy = null);

/// <summary>By digest.</summary>
public sealed record ReferenceValueList(IReadOnlyList<ReferenceValueBody> ReferenceValues);

/// <summary>Kinds of history records of policies and reference values. Once shipped, never changed.</summary>
public static class PolicyEvents
{
    public const string Stored = "policy.stored";
    public const string Activated = "policy.activated";
    public const string ReferenceAdded = "policy.reference.added";
    public const string ReferenceRemoved = "policy.reference.removed";
}
