using System.Text.Json.Serialization;
using OpenStackSev.Inspection;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Templates;

namespace OpenStackSev.Cli.Validation.Heat;

/// <summary>JSON of <c>osev validate --heat</c>.</summary>
internal sealed record TemplateDocument(
    string Template, string Release, IReadOnlyList<TemplatePairDocument> Pairs, IReadOnlyList<FindingDocument> Findings, IReadOnlyList<string> NotJudged)
{
    public static TemplateDocument Of(string template, ComputeRelease release, TemplateJudgement judgement) => new(
        template, release.Name, [.. judgement.Pairs.Select(pair => TemplatePairDocument.Of(pair, release))], FindingDocument.Of(judgement.Findings), judgement.NotJudged);
}

/// <param name="Resource">Id of the server, or of the flavor or image that no server uses.</param>
/// <param name="Counterpart">Which side is not the template's but made up to fit: flavor, image or null.</param>
internal sealed record TemplatePairDocument(
    string Resource, string Flavor, string Image, string? Counterpart, ValidatedRequestDocument Request, IReadOnlyList<FindingDocument> Findings)
{
    public static TemplatePairDocument Of(JudgedPair judged, ComputeRelease release) => new(
        judged.Pair.Resource, judged.Pair.Flavor.Name, judged.Pair.Image.Name, judged.Pair.Counterpart,
        ValidatedRequestDocument.Of(judged.Pair.Flavor, judged.Pair.Image, release), FindingDocument.Of(judged.Findings));
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(TemplateDocument))]
internal sealed partial class TemplateJson : JsonSerializerContext;
