using OpenStackSev.Inspection;
using OpenStackSev.Validation;

namespace OpenStackSev.Cli.Validation;

/// <summary>What is said about one flavor and one image, for people: what Nova would do, then each finding with its fix.</summary>
internal static class ValidationTable
{
    public static void Write(CommandConsole console, FlavorSpec flavor, ImageSpec image, ComputeRelease release, IReadOnlyList<Finding> findings)
    {
        ValidatedRequestDocument request = ValidatedRequestDocument.Of(flavor, image, release);
        string model = request.Encrypted ? $"encrypted by {Printable.Of(request.Model!)}" : "not encrypted";
        console.WriteLine($"flavor '{Printable.Of(flavor.Name)}' with image '{Printable.Of(image.Name)}' on {release.Name}: {model}",
            request.Encrypted ? "bold green" : "bold");
        console.WriteLine("asked of Placement: " + Printable.Of(string.Join(' ',
            [.. request.Resources.Select(resource => $"{resource.Key}={resource.Value}"), .. request.Traits])));
        console.WriteLine();
        foreach (Finding finding in findings.OrderByDescending(finding => finding.Level))
            Write(console, finding);
        console.WriteLine(findings.Count == 0 ? "No findings." : Levels.Summary([.. findings.Select(finding => finding.Level)]),
            findings.Count == 0 ? "green" : "bold");
    }

    public static void Write(CommandConsole console, Finding finding)
    {
        console.WriteLine($"{LevelNames.Of(finding.Level).ToUpperInvariant()} {finding.Code}: {Printable.Of(finding.Subject)}", Levels.StyleOf(finding.Level));
        console.WriteLine("  " + Printable.Of(finding.Message));
        console.WriteLine("  why: " + finding.Why);
        if (finding.Fix is { } fix)
            console.WriteLine("  fix: " + fix);
        console.WriteLine("  source: " + finding.Source);
        console.WriteLine();
    }
}
