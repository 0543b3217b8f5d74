using OpenStackSev.Inspection;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Auditing;

namespace OpenStackSev.Cli.Validation;

/// <summary>All fixes of an audit as a script to read and then run: each command once, under what it mends.</summary>
/// <remarks>Names of others stand in comments with their control characters written out, so that no name ends a comment.</remarks>
internal static class FixScript
{
    public static IEnumerable<string> Lines(CloudAudit audit)
    {
        string[] all = [.. audit.Findings.SelectMany(finding => finding.Things).Select(thing => thing.Fix).OfType<string>().Distinct(StringComparer.Ordinal)];
        yield return "#!/usr/bin/env bash";
        yield return $"# Fixes of osev audit, for {audit.Release.Name}: {Count(all.Length, "command")} for {Count(audit.Findings.Count, "kind")} of finding.";
        yield return "# Read it before you run it: each command changes a flavor or an image, also for those who use it without encryption.";
        yield return "# Running servers keep the flavor and the image properties that they were made with.";
        yield return "# What hints propose is commented out: it works without, and may ask more of hosts than they have.";
        yield return "# So is what different combinations would set differently: which of them is meant, no command can know.";
        yield return "set -eu";
        HashSet<string> written = new(StringComparer.Ordinal);
        HashSet<string> torn = Torn(audit);
        foreach (AuditFinding finding in audit.Findings)
        {
            yield return "";
            yield return $"# {LevelNames.Of(finding.Level).ToUpperInvariant()} {finding.Code}, in {Count(finding.Pairs, "combination")}";
            yield return $"# {Printable.Of(finding.Why)}";
            foreach (AuditedThing thing in finding.Things)
            {
                yield return $"# {(thing.Kind == "hosts" ? thing.Kind : $"{thing.Kind} '{Printable.Of(thing.Name)}'")}: {Printable.Of(thing.Message)}";
                yield return thing.Fix is null ? "# no command mends this"
                    : !written.Add(thing.Fix) ? "# the command for this stands above"
                    : torn.Contains(Place(thing)) ? "#   one of several that exclude each other: " + thing.Fix
                    : finding.Level == FindingLevel.Hint ? "#   " + thing.Fix
                    : thing.Fix;
            }
        }
    }

    // One flavor with images of two models, say: the last command would win, and what stands above would not fit it.
    private static HashSet<string> Torn(CloudAudit audit) => [.. audit.Findings.SelectMany(finding => finding.Things)
        .Where(thing => thing.Fix is not null && Assigned(thing) is not null)
        .GroupBy(Place, Assigned, StringComparer.Ordinal)
        .Where(place => place.Distinct(StringComparer.Ordinal).Skip(1).Any())
        .Select(place => place.Key)];

    private static string Place(AuditedThing thing) => $"{thing.Kind}\0{thing.Id}\0{thing.Name}\0{thing.Subject}";

    /// <summary>What a thing's own command sets its own property to; null where it sets another.</summary>
    private static string? Assigned(AuditedThing thing)
    {
        string property = $" --property {thing.Subject[(thing.Subject.IndexOf(' ', StringComparison.Ordinal) + 1)..]}=";
        string command = thing.Fix!.Split(" && ", 2)[0];
        int at = command.IndexOf(property, StringComparison.Ordinal);
        return at < 0 ? null : command[(at + property.Length)..].Split(' ', 2)[0];
    }

    private static string Count(long count, string word) => $"{count} {word}{(count == 1 ? "" : "s")}";
}
