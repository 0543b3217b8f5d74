using OpenStackSev.Attestation;
using OpenStackSev.Configuration;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>How the cloud's instances are looked after. Section <c>[sweep]</c>.</summary>
public sealed class SweepOptions
{
    private const string Warning = "warning";
    private const string Contraindicated = "contraindicated";

    public static IniSection<SweepOptions> Section { get; } =
        new IniSection<SweepOptions>("sweep", "How the cloud's instances are looked after: who is there, who is due, who does not answer. The service's user needs Nova's list of all projects' servers.")
            .Flag("enabled", "Look after them.",
                o => o.Enabled, (o, value) => o.Enabled = value)
            .Duration("interval", "Seconds between two looks at what changed in Nova, and at who is due or overdue. 5 to 3600.",
                o => o.Interval, (o, value) => o.Interval = value, TimeSpan.FromSeconds(5), TimeSpan.FromHours(1))
            .Duration("full_listing_interval", "Seconds between two listings of all servers; between them Nova is asked for changes only. 60 to 86400.",
                o => o.FullListingInterval, (o, value) => o.FullListingInterval = value, TimeSpan.FromMinutes(1), TimeSpan.FromDays(1))
            .Duration("jitter", "Instances that ran before they were first listed get their first round within so many seconds, spread. 0 to 86400.",
                o => o.Jitter, (o, value) => o.Jitter = value, TimeSpan.Zero, TimeSpan.FromDays(1))
            .Duration("grace", "Seconds in which an instance may answer before its silence is judged. 60 to 86400.",
                o => o.Grace, (o, value) => o.Grace = value, TimeSpan.FromMinutes(1), TimeSpan.FromDays(1))
            .Duration("nudge_after", "Seconds after which an instance that has not answered is nudged through its metadata, and again after as many. 10 to 86400.",
                o => o.NudgeAfter, (o, value) => o.NudgeAfter = value, TimeSpan.FromSeconds(10), TimeSpan.FromDays(1))
            .Count("nudges", "Instances that are nudged at one look, at most: each is a request that Nova writes. 0 nudges none.",
                o => o.Nudges, (o, value) => o.Nudges = value, 0, 1000)
            .Choice("silence", "What the verdict becomes when the grace is over without an answer.",
                o => o.SilenceWord, (o, value) => o.SilenceWord = value, Warning, Contraindicated)
            .Rule(Problems);

    public bool Enabled { get; set; } = true;
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);
    public TimeSpan FullListingInterval { get; set; } = TimeSpan.FromHours(1);
    public TimeSpan Jitter { get; set; } = TimeSpan.FromMinutes(10);
    public TimeSpan Grace { get; set; } = TimeSpan.FromMinutes(15);
    public TimeSpan NudgeAfter { get; set; } = TimeSpan.FromMinutes(3);
    public int Nudges { get; set; } = 50;
    public string SilenceWord { get; set; } = Warning;

    /// <summary>The verdict of an instance that let its grace pass.</summary>
    public Verdict Silence => SilenceWord == Contraindicated ? Verdict.Contraindicated : Verdict.Warning;

    private static IEnumerable<string> Problems(SweepOptions options)
    {
        if (options.NudgeAfter >= options.Grace)
            yield return "nudge_after: not shorter than grace, so that silence would be judged before anybody was nudged";
        if (options.Interval > options.FullListingInterval)
            yield return "full_listing_interval: shorter than interval";
    }
}
