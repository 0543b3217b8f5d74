using System.Text.Json.Serialization;
using OpenStackSev.Validation.Auditing;

namespace OpenStackSev.Inspection;

/// <summary>JSON of <c>osev audit</c>.</summary>
/// <param name="LeftOut">Combinations that were left out, because both sides come closer to booting with others.</param>
/// <param name="NotJudged">Flavors and images that could not be read, in words.</param>
public sealed record AuditDocument(
    string Release, int Flavors, int Images, long Pairs, long LeftOut, IReadOnlyList<AuditFindingDocument> Findings, IReadOnlyList<string> NotJudged)
{
    public static AuditDocument Of(CloudAudit audit, IReadOnlyList<string> notJudged) =>
        new(audit.Release.Name, audit.Flavors, audit.Images, audit.Pairs, audit.LeftOut,
            [.. audit.Findings.Select(f => new AuditFindingDocument(f.Code, LevelNames.Of(f.Level), f.Pairs, f.Things, f.Example, f.Why, f.Source))], notJudged);
}

/// <param name="Subjects">The flavors and images that it is about; one stands there once for each command that mends it.</param>
public sealed record AuditFindingDocument(
    string Code, string Level, long Pairs, IReadOnlyList<AuditedThing> Subjects, AuditExample Example, string Why, string Source);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(AuditDocument))]
public sealed partial class AuditJson : JsonSerializerContext;
