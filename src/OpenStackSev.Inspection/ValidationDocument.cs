using System.Text.Json.Serialization;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Inspection;

/// <summary>What is said about one flavor and one image: JSON of <c>osev validate</c>, and a line of its batch.</summary>
public sealed record ValidationDocument(ValidatedRequestDocument Request, IReadOnlyList<FindingDocument> Findings)
{
    public static ValidationDocument Of(FlavorSpec flavor, ImageSpec image, ComputeRelease release, CloudFacts? cloud) =>
        Of(flavor, image, release, RequestRules.Check(flavor, image, release, cloud));

    /// <summary>Of findings that are known.</summary>
    public static ValidationDocument Of(FlavorSpec flavor, ImageSpec image, ComputeRelease release, IReadOnlyList<Finding> findings) =>
        new(ValidatedRequestDocument.Of(flavor, image, release), FindingDocument.Of(findings));
}

/// <summary>What Nova makes of the pair, if it does not refuse it.</summary>
/// <param name="Model">Null when not encrypted.</param>
/// <param name="Resources">Amount by resource class; one of a suffixed group has the suffix in front: <c>_a:CUSTOM_X</c>.</param>
/// <param name="Traits">Required ones, and forbidden ones with <c>!</c> in front, as Placement writes them; likewise with a suffix.</param>
public sealed record ValidatedRequestDocument(bool Encrypted, string? Model, IReadOnlyDictionary<string, int> Resources, IReadOnlyList<string> Traits)
{
    public static ValidatedRequestDocument Of(FlavorSpec flavor, ImageSpec image, ComputeRelease release)
    {
        MemoryEncryptionRequest request = MemoryEncryptionRequest.From(flavor, image, release);
        SchedulingRequest scheduling = SchedulingRequest.From(flavor, image, release);
        Dictionary<string, int> resources = new(StringComparer.Ordinal);
        List<string> traits = [];
        foreach (RequestGroup group in scheduling.Groups)
        {
            string prefix = group.IsUnsuffixed ? "" : group.Suffix + ":";
            foreach (Wish wish in group.Resources)
                resources[prefix + wish.Name] = wish.Amount;
            traits.AddRange(group.Required.Select(trait => prefix + trait.Name));
            traits.AddRange(group.Forbidden.Select(trait => "!" + prefix + trait.Name));
        }
        // What Nova forbids of every root says nothing about this pair.
        traits.AddRange(scheduling.RootRequired.Select(trait => trait.Name).Except(traits, StringComparer.Ordinal).ToArray());
        return new(request.Encrypted, request.Model, resources, traits);
    }
}

public sealed record FindingDocument(string Code, string Level, string Subject, string Message, string Why, string? Fix, string Source)
{
    public static IReadOnlyList<FindingDocument> Of(IReadOnlyList<Finding> findings) =>
        [.. findings.Select(f => new FindingDocument(f.Code, LevelNames.Of(f.Level), f.Subject, f.Message, f.Why, f.Fix, f.Source))];
}

/// <summary>Levels as words.</summary>
public static class LevelNames
{
    public static string Of(FindingLevel level) => level switch
    {
        FindingLevel.Error => "error",
        FindingLevel.Warning => "warning",
        _ => "hint",
    };
}

/// <summary>A line of a batch that could not be judged.</summary>
public sealed record BatchError(BatchErrorBody Error);

/// <param name="Line">From 1.</param>
public sealed record BatchErrorBody(long Line, string Message);

/// <summary>Documents, for people to read.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(ValidationDocument))]
public sealed partial class ValidationJson : JsonSerializerContext;

/// <summary>The same on one line.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ValidationDocument))]
[JsonSerializable(typeof(BatchError))]
public sealed partial class ValidationLineJson : JsonSerializerContext;
