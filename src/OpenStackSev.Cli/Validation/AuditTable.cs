using OpenStackSev.Inspection;
using OpenStackSev.Validation.Auditing;

namespace OpenStackSev.Cli.Validation;

/// <summary>An audit for people: a line a kind of finding.</summary>
internal static class AuditTable
{
    private const int MostNamed = 3;

    public static void Write(CommandConsole console, CloudAudit audit)
    {
        console.WriteLine($"{audit.Flavors} flavors × {audit.Images} images on {audit.Release.Name}: {audit.Pairs} combinations"
            + (audit.LeftOut == 0 ? "" : $", {audit.LeftOut} left out that nobody means (--all judges them too)"), "bold");
        console.WriteLine();
        if (audit.Findings.Count == 0)
        {
            console.WriteLine("No findings.", "green");
            return;
        }
        console.WriteTable(["LEVEL", "FINDING", "PAIRS", "SUBJECTS", "EXAMPLE"], audit.Findings.Select(finding => new[]
        {
            LevelNames.Of(finding.Level), finding.Code, finding.Pairs.ToString(), Subjects(finding), Printable.Of(finding.Example.Message),
        }));
        console.WriteLine();
        console.WriteLine(Levels.Summary([.. audit.Findings.Select(finding => finding.Level)])
            + "; osev rules FINDING says why it matters, osev audit --fix prints the commands", "bold");
    }

    private static string Subjects(AuditFinding finding) =>
        string.Join("; ", ((string[])["flavor", "image"]).Select(kind => Some(Names(finding, kind), kind))
            .Append(Names(finding, "hosts").Length > 0 ? "hosts" : "").Where(text => text.Length > 0));

    private static string[] Names(AuditFinding finding, string kind) =>
        [.. finding.Things.Where(thing => thing.Kind == kind).DistinctBy(thing => (thing.Id, thing.Name)).Select(thing => Printable.Of(thing.Name))];

    private static string Some(string[] names, string kind) => names.Length == 0 ? ""
        : $"{names.Length} {kind}{(names.Length == 1 ? "" : "s")}: {string.Join(", ", names.Take(MostNamed))}{(names.Length > MostNamed ? ", …" : "")}";
}
