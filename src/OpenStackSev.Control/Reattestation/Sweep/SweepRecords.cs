using System.Text.Json;
using System.Text.Json.Serialization;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>Body of <c>instance.seen</c>, <c>instance.returned</c> and <c>instance.gone</c>.</summary>
internal sealed record InstanceRecord(string Name, string Model, string? Host, Guid? Node, string? Flavor = null, Guid? Image = null);

/// <summary>Body of <c>instance.changed</c> and <c>instance.not_encrypted</c>: what was, and what is.</summary>
internal sealed record ChangeRecord(string? ModelBefore, string? Model, string? FlavorBefore, string? Flavor, Guid? ImageBefore, Guid? Image)
{
    public static ChangeRecord Between(InstanceState before, InstanceState now) =>
        new(Named(before.Model), Named(now.Model), before.Flavor, now.Flavor, before.Image, now.Image);

    private static string? Named(string model) => model.Length > 0 ? model : null;
}

/// <summary>Body of <c>instance.moved</c>.</summary>
internal sealed record MoveRecord(string? HostBefore, Guid? NodeBefore, string? Host, Guid? Node)
{
    public static MoveRecord Between(InstanceState before, InstanceState now) => new(before.HostName, before.Node, now.HostName, now.Node);
}

/// <summary>Body of <c>instance.silent</c>.</summary>
/// <param name="NoAnswer">Code of the last answer that did not authenticate; null when there was none at all.</param>
internal sealed record SilentRecord(
    string Verdict, string? VerdictBefore, DateTimeOffset RoundOpenedAt, string? NoAnswer, int Nudges, string? Host, Guid? Node);

/// <summary>What <see cref="InstanceState.Result"/> holds of a judgement without evidence; the same members as of one with it.</summary>
internal sealed record SweepResult(SweepJudgement Judgement)
{
    public static byte[] Of(Verdict verdict, Verdict? previous, Finding finding) => JsonSerializer.SerializeToUtf8Bytes(
        new SweepResult(new SweepJudgement(Word(verdict), previous is { } before ? Word(before) : null,
            [new(finding.Code, Word(finding.Tier), finding.Subject, finding.Expected, finding.Actual)])), SweepJson.Default.SweepResult);

    private static string Word(Verdict verdict) => verdict.ToString().ToLowerInvariant();
}

internal sealed record SweepJudgement(string Verdict, string? Previous, IReadOnlyList<SweepFinding> Findings, string Evidence = "none");

internal sealed record SweepFinding(string Code, string Tier, string Subject, string Expected, string Actual);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(InstanceRecord))]
[JsonSerializable(typeof(ChangeRecord))]
[JsonSerializable(typeof(MoveRecord))]
[JsonSerializable(typeof(SilentRecord))]
[JsonSerializable(typeof(SweepResult))]
internal sealed partial class SweepJson : JsonSerializerContext;
