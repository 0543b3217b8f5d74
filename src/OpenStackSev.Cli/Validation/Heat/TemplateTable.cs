using OpenStackSev.Inspection;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Templates;

namespace OpenStackSev.Cli.Validation.Heat;

/// <summary>What people read of <c>osev validate --heat</c>.</summary>
internal static class TemplateTable
{
    public static void Write(CommandConsole console, string template, ComputeRelease release, TemplateJudgement judgement)
    {
        console.WriteLine($"template {Printable.Of(template)} on {release.Name}: {judgement.Pairs.Count} pair{(judgement.Pairs.Count == 1 ? "" : "s")} of flavor and image", "bold");
        console.WriteLine();
        foreach (Finding finding in judgement.Findings.OrderByDescending(finding => finding.Level))
            ValidationTable.Write(console, finding);
        foreach (JudgedPair judged in judgement.Pairs)
        {
            console.WriteLine($"{Printable.Of(judged.Pair.Resource)}{Side(judged.Pair.Counterpart)}", "bold");
            ValidationTable.Write(console, judged.Pair.Flavor, judged.Pair.Image, release, judged.Findings);
            console.WriteLine();
        }
        foreach (string problem in judgement.NotJudged)
            console.WriteLine("NOT JUDGED " + Printable.Of(problem), "bold yellow");
        console.WriteLine(Levels.Summary([.. judgement.Findings.Concat(judgement.Pairs.SelectMany(pair => pair.Findings)).Select(finding => finding.Level)])
            + (judgement.NotJudged.Count > 0 ? $"; {judgement.NotJudged.Count} not judged" : ""), "bold");
    }

    private static string Side(string? counterpart) => counterpart is null ? "" : $" (no server uses it; judged with {(counterpart == "image" ? "an image" : "a flavor")} that fits)";
}
