namespace OpenStackSev.Validation;

/// <summary>What a rule looks at.</summary>
public sealed record Subject(FlavorSpec Flavor, ImageSpec Image, MemoryEncryptionRequest Request, ComputeRelease Release);

/// <summary>What a rule has to say: the rest of the finding is the rule's own.</summary>
public sealed record Objection(string Subject, string Message, string? Fix);

/// <summary>One thing that can be wrong with a flavor and an image.</summary>
/// <param name="Check">Pure. Null when there is nothing to say.</param>
public sealed record Rule(string Code, FindingLevel Level, string Why, string Source, Func<Subject, Objection?> Check)
{
    public Finding? Judge(Subject subject) =>
        Check(subject) is { } objection ? new(Code, Level, objection.Subject, objection.Message, Why, objection.Fix, Source) : null;
}

/// <summary>All rules about one flavor and one image. Every one runs.</summary>
public static partial class RequestRules
{
    /// <summary>In the order of the catalogue.</summary>
    public static IReadOnlyList<Rule> All { get; } = [.. Refusals];

    public static IReadOnlyList<Finding> Check(FlavorSpec flavor, ImageSpec image, ComputeRelease release)
    {
        Subject subject = new(flavor, image, MemoryEncryptionRequest.From(flavor, image, release), release);
        return [.. All.Select(rule => rule.Judge(subject)).OfType<Finding>()];
    }
}
