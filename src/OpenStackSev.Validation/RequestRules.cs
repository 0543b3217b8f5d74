namespace OpenStackSev.Validation;

/// <summary>What a rule looks at.</summary>
/// <param name="Cloud">Null when only the flavor and the image are known.</param>
public sealed record Subject(
    FlavorSpec Flavor, ImageSpec Image, MemoryEncryptionRequest Request, ComputeRelease Release, CloudFacts? Cloud = null)
{
    /// <summary>Read once for all rules.</summary>
    internal EncryptionSigns Signs { get; } = EncryptionSigns.Of(Flavor, Image);

    /// <summary>Read once for all rules.</summary>
    internal PlacementWishes Wishes { get; } = PlacementWishes.Of(Flavor, Image);

    /// <summary>Something is asked of SevTrustFilter by name. Read once for all rules.</summary>
    internal bool NamesTrust { get; } = Flavor.ExtraSpecs.Keys.Any(key => key.StartsWith(Explaining.TrustRequest.Prefix, StringComparison.Ordinal));

    internal bool Encrypted => Request.Encrypted;

    /// <summary>For messages.</summary>
    internal string FlavorName => $"flavor {Shown.Value(Flavor.Name)}";

    /// <summary>For messages.</summary>
    internal string ImageName => $"image {Shown.Value(Image.Name)}";
}

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
    /// <summary>In the order of the catalogue: what is asked for, then what it needs, from the firmware out to the hosts.</summary>
    public static IReadOnlyList<Rule> All { get; } =
        [.. Encryption, .. Models, .. Firmware, .. Devices, .. Memory, .. Processors, .. Placement, .. Trust, .. OfCloud, .. Values];

    // A list of interfaces costs an enumerator a pair.
    private static readonly Rule[] s_all = [.. All];

    /// <summary>Judges by the flavor and the image alone.</summary>
    public static IReadOnlyList<Finding> Check(FlavorSpec flavor, ImageSpec image, ComputeRelease release) => Check(flavor, image, release, null);

    /// <summary>Judges, and also by what the cloud has.</summary>
    public static IReadOnlyList<Finding> Check(FlavorSpec flavor, ImageSpec image, ComputeRelease release, CloudFacts? cloud)
    {
        Subject subject = new(flavor, image, MemoryEncryptionRequest.From(flavor, image, release), release, cloud);
        List<Finding>? findings = null;
        foreach (Rule rule in s_all)
        {
            if (rule.Judge(subject) is { } finding)
                (findings ??= []).Add(finding);
        }
        return findings ?? (IReadOnlyList<Finding>)[];
    }
}
