namespace OpenStackSev.Validation.Templates;

/// <summary>What is said of a template: each pair of flavor and image that a server of it boots with, and the template itself. Pure.</summary>
/// <param name="Findings">About the template itself.</param>
/// <param name="NotJudged">What nothing is said about, and why, one sentence each, without a full stop.</param>
public sealed record TemplateJudgement(IReadOnlyList<JudgedPair> Pairs, IReadOnlyList<Finding> Findings, IReadOnlyList<string> NotJudged)
{
    /// <param name="flavors">By the name or id that the template has, of those that it does not make.</param>
    /// <param name="images">By the name or id that the template has, of those that it does not make.</param>
    public static TemplateJudgement Of(
        TemplateReading reading, IReadOnlyDictionary<string, FlavorSpec> flavors, IReadOnlyDictionary<string, ImageSpec> images, ComputeRelease release, CloudFacts? cloud)
    {
        List<JudgedPair> pairs = [];
        List<string> notJudged = [.. reading.Unread];
        Dictionary<string, string?> models = new(StringComparer.Ordinal);
        HashSet<FlavorSpec> usedFlavors = [];
        HashSet<ImageSpec> usedImages = [];
        foreach (PlannedServer server in reading.Servers)
        {
            FlavorSpec? flavor = Found(server.Flavor, reading.Flavors, made => made.Name, flavors);
            ImageSpec? image = Found(server.Image, reading.Images, made => made.Name, images);
            if (flavor is null || image is null)
            {
                notJudged.Add($"{server.Id}: {(flavor is null ? Why(server.Flavor, "flavor") : Why(server.Image, "image"))}");
                continue;
            }
            usedFlavors.Add(flavor);
            usedImages.Add(image);
            MemoryEncryptionRequest request = MemoryEncryptionRequest.From(flavor, image, release);
            models[server.Id] = request.Encrypted ? request.Model : null;
            pairs.Add(JudgedPair.Of(new(server.Id, flavor, image), Made(reading, flavor), Made(reading, image), release, cloud));
        }
        foreach ((string id, FlavorSpec flavor) in reading.Flavors)
        {
            if (!usedFlavors.Contains(flavor))
                pairs.Add(JudgedPair.Of(new(id, flavor, FittingCounterpart.Of(flavor, release), "image"), true, true, release, cloud));
        }
        foreach ((string id, ImageSpec image) in reading.Images)
        {
            if (!usedImages.Contains(image))
                pairs.Add(JudgedPair.Of(new(id, FittingCounterpart.Of(image, release), image, "flavor"), true, true, release, cloud));
        }
        return new(pairs, TemplateRules.Check(reading, models), notJudged);
    }

    /// <summary>Names or ids that the cloud has to be asked for.</summary>
    public static IReadOnlyList<string> FlavorsToLookUp(TemplateReading reading) =>
        [.. reading.Servers.Select(server => server.Flavor.Name).OfType<string>().Where(name => reading.Flavors.Values.All(made => made.Name != name)).Distinct(StringComparer.Ordinal)];

    /// <inheritdoc cref="FlavorsToLookUp"/>
    public static IReadOnlyList<string> ImagesToLookUp(TemplateReading reading) =>
        [.. reading.Servers.Select(server => server.Image.Name).OfType<string>().Where(name => reading.Images.Values.All(made => made.Name != name)).Distinct(StringComparer.Ordinal)];

    /// <summary>Null also where a name stands for two: Nova or Heat refuses it, or takes the other one.</summary>
    private static T? Found<T>(TemplateChoice choice, IReadOnlyDictionary<string, T> made, Func<T, string> nameOf, IReadOnlyDictionary<string, T> others)
        where T : class
    {
        if (choice.Made is { } id)
            return made.GetValueOrDefault(id);
        if (choice.Name is not { } name)
            return null;
        T[] found = [.. made.Values.Where(one => nameOf(one) == name).Concat(others.TryGetValue(name, out T? other) ? [other] : [])];
        return found.Length == 1 ? found[0] : null;
    }

    private static bool Made(TemplateReading reading, FlavorSpec flavor) => reading.Flavors.Values.Contains(flavor);

    private static bool Made(TemplateReading reading, ImageSpec image) => reading.Images.Values.Contains(image);

    private static string Why(TemplateChoice choice, string what) =>
        choice.Name is { } name ? $"{what} {Shown.Value(name)} was not looked up" : choice.Made is { } made ? $"{what} {Shown.Value(made)} is not known" : $"its {what} is not known: {choice.Unread}";
}

/// <summary>A pair with its findings. What the template makes has no command that mends it: there it is the template.</summary>
public sealed record JudgedPair(TemplatePair Pair, IReadOnlyList<Finding> Findings)
{
    internal static JudgedPair Of(TemplatePair pair, bool flavorMade, bool imageMade, ComputeRelease release, CloudFacts? cloud) => new(pair,
        [.. RequestRules.Check(pair.Flavor, pair.Image, release, cloud)
            .Where(finding => pair.Counterpart is null || !finding.Subject.StartsWith(pair.Counterpart, StringComparison.Ordinal))
            .Select(finding => (flavorMade && Mends(finding, "openstack flavor")) || (imageMade && Mends(finding, "openstack image")) ? finding with { Fix = null } : finding)]);

    private static bool Mends(Finding finding, string command) => finding.Fix?.Contains(command, StringComparison.Ordinal) is true;
}

/// <summary>The other side of a flavor or an image that no server of the template uses: with all that it needs, so that only its own faults are found.</summary>
internal static class FittingCounterpart
{
    private const string Name = "one that fits";

    public static ImageSpec Of(FlavorSpec flavor, ComputeRelease release)
    {
        Dictionary<string, string> properties = new(StringComparer.Ordinal)
        {
            ["hw_firmware_type"] = "uefi",
            ["hw_machine_type"] = "q35",
            ["hw_disk_bus"] = "virtio",
            ["hw_vif_model"] = "virtio",
            ["hw_video_model"] = "virtio",
        };
        string? model = flavor["hw:mem_encryption_model"];
        if (flavor["hw:mem_encryption"] is { } asked && NovaBoolean.Of(asked))
        {
            properties["hw_mem_encryption"] = "true";
            if (model is not null && ModelNames.IsKnown(model, release))
                properties["hw_mem_encryption_model"] = model;
        }
        if (ModelNames.NeedsStatelessFirmware(model))
            properties["hw_firmware_stateless"] = "true";
        return new ImageSpec(Name, null, properties);
    }

    public static FlavorSpec Of(ImageSpec image, ComputeRelease release)
    {
        bool asked = image["hw_mem_encryption"] is { } text && NovaBoolean.Of(text);
        Dictionary<string, string> specs = new(StringComparer.Ordinal) { ["hw:mem_encryption"] = asked ? "true" : "false" };
        if (asked && image["hw_mem_encryption_model"] is { } model && ModelNames.IsKnown(model, release))
            specs["hw:mem_encryption_model"] = model;
        return new FlavorSpec(Name, null, specs, 2048, 1, 20);
    }
}
