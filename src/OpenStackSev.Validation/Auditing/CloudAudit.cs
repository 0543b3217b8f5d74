namespace OpenStackSev.Validation.Auditing;

/// <summary>A flavor or an image that something is wrong with, or could be better; or the hosts.</summary>
/// <param name="Kind"><c>flavor</c>, <c>image</c> or <c>hosts</c>: the first word of <paramref name="Subject"/>.</param>
/// <param name="Name">The kind, of hosts.</param>
/// <param name="Subject">The extra spec or property, e.g. <c>flavor hw:mem_encryption</c>.</param>
/// <param name="Pairs">In how many combinations.</param>
/// <param name="Message">Of the first combination.</param>
/// <param name="Fix">A runnable command; null where none can mend it.</param>
public sealed record AuditedThing(string Kind, string Name, string? Id, string Subject, long Pairs, string Message, string? Fix)
{
    internal static string KindOf(Finding finding) => finding.Subject[..Math.Max(0, finding.Subject.IndexOf(' ', StringComparison.Ordinal))];
}

/// <summary>The combination that stands for all of a finding.</summary>
public sealed record AuditExample(string Flavor, string Image, string Message, string? Fix);

/// <summary>All that one rule has to say about a cloud.</summary>
/// <param name="Pairs">In how many combinations of those that were not left out.</param>
/// <param name="Things">By name. A thing stands there once for each command that mends it.</param>
public sealed record AuditFinding(
    string Code, FindingLevel Level, long Pairs, IReadOnlyList<AuditedThing> Things, AuditExample Example, string Why, string Source);

/// <summary>Every flavor of a cloud with every image.</summary>
/// <param name="LeftOut">Combinations that nobody can mean: see <see cref="Of"/>.</param>
/// <param name="Findings">Errors first, each level in the order of the catalogue.</param>
public sealed record CloudAudit(ComputeRelease Release, int Flavors, int Images, long LeftOut, IReadOnlyList<AuditFinding> Findings)
{
    public long Pairs => (long)Flavors * Images;

    /// <summary>Judges all combinations. Pure: the same cloud gives the same audit, in whatever order its lists come.</summary>
    /// <param name="everything">Also those combinations whose flavor and image both come closer to booting with others. They are left out
    /// otherwise: that an encrypted flavor refuses the images of plain ones is no fault.</param>
    /// <param name="progress">Told after each flavor how much of the work is done, 0 to 1.</param>
    /// <exception cref="OperationCanceledException"/>
    public static CloudAudit Of(
        IEnumerable<FlavorSpec> flavors, IEnumerable<ImageSpec> images, ComputeRelease release, CloudFacts? cloud = null, bool everything = false,
        Action<double>? progress = null, CancellationToken ct = default)
    {
        FlavorSpec[] byFlavor = [.. flavors.OrderBy(flavor => flavor.Name, StringComparer.Ordinal).ThenBy(flavor => flavor.Id, StringComparer.Ordinal)];
        ImageSpec[] byImage = [.. images.OrderBy(image => image.Name, StringComparer.Ordinal).ThenBy(image => image.Id, StringComparer.Ordinal)];
        IReadOnlyList<Finding> Judge(int f, int i) => RequestRules.Check(byFlavor[f], byImage[i], release, cloud);
        void Done(int passes, int f)
        {
            ct.ThrowIfCancellationRequested();
            progress?.Invoke((passes + ((double)f / byFlavor.Length)) / (everything ? 1 : 2));
        }

        Combinations? combinations = everything ? null : Combinations.Of(byFlavor.Length, byImage.Length, Judge, done: f => Done(0, f));
        var groups = new Dictionary<string, Group>(StringComparer.Ordinal);
        long leftOut = 0;
        for (int f = 0; f < byFlavor.Length; f++)
        {
            for (int i = 0; i < byImage.Length; i++)
            {
                if (combinations?.IsLeftOut(f, i) == true)
                {
                    leftOut++;
                    continue;
                }
                foreach (Finding finding in Judge(f, i))
                {
                    if (!groups.TryGetValue(finding.Code, out Group? group))
                        groups.Add(finding.Code, group = new(finding, byFlavor[f], byImage[i]));
                    group.Add(finding, byFlavor[f], byImage[i]);
                }
            }
            Done(everything ? 0 : 1, f + 1);
        }

        return new(release, byFlavor.Length, byImage.Length, leftOut,
            [.. RequestRules.All.Where(rule => groups.ContainsKey(rule.Code)).Select(rule => groups[rule.Code].Whole()).OrderByDescending(group => group.Level)]);
    }

    private sealed class Group(Finding first, FlavorSpec flavor, ImageSpec image)
    {
        private readonly Dictionary<(string? Id, string Name, string Subject, string? Fix), AuditedThing> _things = [];
        private long _pairs;

        public void Add(Finding finding, FlavorSpec flavor, ImageSpec image)
        {
            _pairs++;
            string kind = AuditedThing.KindOf(finding);
            (string name, string? id) = kind switch
            {
                "flavor" => (flavor.Name, flavor.Id),
                "image" => (image.Name, image.Id),
                _ => (kind, null),
            };
            (string? Id, string Name, string Subject, string? Fix) key = (id, name, finding.Subject, finding.Fix);
            _things[key] = _things.TryGetValue(key, out AuditedThing? thing)
                ? thing with { Pairs = thing.Pairs + 1 }
                : new(kind, name, id, finding.Subject, 1, finding.Message, finding.Fix);
        }

        public AuditFinding Whole() => new(first.Code, first.Level, _pairs,
            [.. _things.Values.OrderBy(thing => thing.Kind, StringComparer.Ordinal).ThenBy(thing => thing.Name, StringComparer.Ordinal)
                .ThenBy(thing => thing.Id, StringComparer.Ordinal).ThenBy(thing => thing.Subject, StringComparer.Ordinal)
                .ThenBy(thing => thing.Fix, StringComparer.Ordinal)],
            new(flavor.Name, image.Name, first.Message, first.Fix), first.Why, first.Source);
    }
}
