using System.Text.Json;
using System.Text.Json.Serialization;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Policies;

namespace OpenStackSev.Control.Reattestation.Rounds;

/// <summary>Kinds of history records of instances. Once shipped, never changed.</summary>
public static class InstanceEvents
{
    /// <summary>Evidence was judged.</summary>
    public const string Verdict = "instance.verdict";

    /// <summary>Something came that is no answer: the first since the last judgement.</summary>
    public const string NoAnswer = "instance.no_answer";
}

/// <summary>Body of <c>instance.verdict</c>, and what <see cref="InstanceState.Result"/> holds of the last one.</summary>
/// <param name="Previous">The verdict before; null for the first one.</param>
/// <param name="Tcb">REPORTED_TCB, for people.</param>
/// <param name="Key">Thumbprint (RFC 7638) of the guest's key; null without one.</param>
/// <param name="Policy">Null for what was judged without evidence.</param>
/// <param name="Host">Where it ran. Not for tenants.</param>
internal sealed record JudgementRecord(
    string Verdict, string? Previous, IReadOnlyList<FindingRecord> Findings, IReadOnlyList<string> NotChecked, string Evidence, bool Simulated, bool BoundToChip,
    string? Product, string? Tcb, string? Measurement, string? LaunchDigest, string? Key, Guid? Challenge, PolicyRecord? Policy, HostRecord? Host)
{
    public static JudgementRecord Of(
        Judgement.Judged judged, AttestationResult result, InstanceState state, string? key, string? chip, PolicyInForce policy) => new(
        Word(judged.Verdict), state.Verdict is { } previous ? Word(previous) : null,
        [.. judged.Findings.Select(finding => new FindingRecord(finding.Code, Word(finding.Tier), finding.Subject, finding.Expected, finding.Actual))],
        [.. result.NotChecked.Select(one => JsonNamingPolicy.SnakeCaseLower.ConvertName(one.ToString()))],
        JsonNamingPolicy.SnakeCaseLower.ConvertName(result.Evidence.ToString()), result.Simulated, result.BoundToChip,
        result.Product?.ToString(), result.Report?.ReportedTcb.ToString(), result.Report is { } report ? Convert.ToHexStringLower(report.Measurement.Span) : null,
        result.LaunchDigest?.Name, key, state.Challenge, new PolicyRecord(policy.Number, policy.Name, policy.Digest), new HostRecord(state.Node, state.HostName, chip));

    /// <summary>What can be said of an instance without evidence, such as its silence.</summary>
    /// <param name="state">As it was before.</param>
    public static JudgementRecord WithoutEvidence(InstanceState state, Verdict verdict, Finding finding) => new(
        Word(verdict), state.Verdict is { } previous ? Word(previous) : null, [new FindingRecord(finding.Code, Word(finding.Tier), finding.Subject, finding.Expected, finding.Actual)],
        [], "none", Simulated: false, BoundToChip: false, Product: null, Tcb: null, Measurement: null, LaunchDigest: null, Key: null, Challenge: null, Policy: null,
        new HostRecord(state.Node, state.HostName, Chip: null));

    public static string Word(Verdict verdict) => verdict.ToString().ToLowerInvariant();
}

internal sealed record FindingRecord(string Code, string Tier, string Subject, string Expected, string Actual);

internal sealed record PolicyRecord(int Number, string Name, string Digest);

/// <param name="Chip">CHIP_ID in hexadecimal; null when nothing names one.</param>
internal sealed record HostRecord(Guid? Node, string? Name, string? Chip);

/// <summary>Body of <c>instance.no_answer</c>.</summary>
internal sealed record NoAnswerRecord(string Code, string Error);

/// <summary>What <see cref="InstanceState.Result"/> holds.</summary>
/// <param name="ChallengedAt">When the challenge that was answered was given: what answered ran then. Null for silence.</param>
internal sealed record StoredResult(JudgementRecord Judgement, string? Token = null, DateTimeOffset? TokenExpiresAt = null, DateTimeOffset? ChallengedAt = null)
{
    public byte[] Bytes() => JsonSerializer.SerializeToUtf8Bytes(this, InstanceRecordJson.Default.StoredResult);

    public static StoredResult? Of(InstanceState state) =>
        state.Result is { } bytes ? JsonSerializer.Deserialize(bytes, InstanceRecordJson.Default.StoredResult) : null;
}

/// <summary>Bodies of history records: canonical, since their bytes are hashed.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(JudgementRecord))]
[JsonSerializable(typeof(NoAnswerRecord))]
[JsonSerializable(typeof(StoredResult))]
internal sealed partial class InstanceRecordJson : JsonSerializerContext;
