using System.Collections.Frozen;
using OpenStackSev.Control.Enforcement;

namespace OpenStackSev.Control.Timeline;

/// <summary>What was done about an instance, or was not, in words. Pure.</summary>
internal static class EnforcementWords
{
    private static readonly FrozenDictionary<string, string> s_measures = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        ["record"] = "recorded",
        ["event"] = "reported to the operators",
        ["tag"] = "tagged in Nova",
        ["lock"] = "locked",
        ["stop"] = "stopped",
        ["shelve"] = "shelved",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> s_reasons = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [EnforcementReasons.Waiting] = "the time that the rules give it is not over",
        [EnforcementReasons.ModeOff] = "enforcement is off",
        [EnforcementReasons.DryRun] = "enforcement only shows what it would do",
        [EnforcementReasons.ProjectNotOptedIn] = "its project has not agreed to it",
        [EnforcementReasons.Exempt] = "the rules exempt it",
        [EnforcementReasons.Released] = "an administrator released it for a while",
        [EnforcementReasons.BreakerOpen] = "too many turned bad at once, which looks like an outage",
        [EnforcementReasons.RunLimit] = "others are acted on first",
        [EnforcementReasons.HourLimit] = "others are acted on first",
        [EnforcementReasons.NotRunning] = "it does not run",
        [EnforcementReasons.StaleVerdict] = "its verdict is old, and it is asked again first",
        [EnforcementReasons.NoVerdict] = "nobody can tell now how it stands",
        [EnforcementReasons.Failed] = "Nova did not do it; it is tried again",
        [EnforcementReasons.Gone] = "it is gone",
        [EnforcementReasons.LockedByOther] = "somebody else has locked it",
        [EnforcementReasons.ChangedByOther] = "somebody else has changed it since",
        [EnforcementReasons.Recovered] = "it is good again",
        [EnforcementReasons.NotWanted] = "the rules do not want it any more",
        [EnforcementReasons.TagsFull] = "it has as many tags as Nova allows",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>A reason in words; its code where this release has none.</summary>
    public static string Reason(string? code) => code is null ? "for a reason that was not recorded" : s_reasons.GetValueOrDefault(code, code);

    public static bool Knows(string reason) => s_reasons.ContainsKey(reason);

    /// <summary>Something that was done, as a participle.</summary>
    public static string Done(string? measure) => measure is null ? "acted on" : s_measures.GetValueOrDefault(measure, measure);

    /// <returns>Null for a kind of another folder.</returns>
    public static string? Of(string kind, RecordBody record) => kind switch
    {
        EnforcementEvents.Intended => record.Text("undo") == "yes" ? $"Is about to be no longer {Measure(record)}" : $"Is about to be {Measure(record)}{Codes(record)}",
        EnforcementEvents.Done => $"Was {Measure(record)}{Codes(record)}",
        EnforcementEvents.Undone => $"Is no longer {Measure(record)}",
        EnforcementEvents.Failed => $"Could not be {(record.Text("undo") == "yes" ? "freed from being " : "")}{Measure(record)}: {record.Text("code")}, {record.Text("detail")}",
        EnforcementEvents.Cancelled => $"Was to be {(record.Text("undo") == "yes" ? "no longer " : "")}{Measure(record)}, and is not: {Reason(record.Text("reason"))}",
        EnforcementEvents.Kept => $"Is left as it is, {(record.Text("undo") == "yes" ? "still " : "not ")}{Measure(record)}: {Reason(record.Text("reason"))}",
        EnforcementEvents.Overridden => $"Runs again though it was {Measures(record)}; it gets the time of the rules once more",
        EnforcementEvents.Withheld => $"{(record.Texts("measures").Count > 0 ? $"Would be {Measures(record)}, and is not" : "Nothing more is done about it")}: {Reason(record.Text("reason"))}",
        EnforcementEvents.Cleared => $"Nothing is held against it any more: {Reason(record.Text("cause"))}",
        EnforcementEvents.Released => $"Was released by {record.Text("by")}{(record.Time("until") is { } until ? $" until {Sentences.Written(until)}" : "")}: {record.Text("reason")}",
        EnforcementEvents.BreakerOpened => $"Enforcement stands still: {record.Text("reason")}",
        EnforcementEvents.BreakerResumed => $"Enforcement goes on, says {record.Text("by")}: {record.Text("reason")}",
        EnforcementEvents.RulesChanged => $"Enforcement goes by other rules, mode {record.Text("mode")}",
        EnforcementEvents.QuarantineRequested =>
            $"{record.Text("instances")} instances of {record.Text("projects")} projects speak against it ({string.Join(", ", record.Texts("codes"))}): it should be quarantined",
        _ => null,
    };

    private static string Measure(RecordBody record) => Done(record.Text("measure"));

    private static string Measures(RecordBody record) => string.Join(", ", record.Texts("measures").Select(Done));

    private static string Codes(RecordBody record) => record.Texts("codes") is { Count: > 0 } codes ? $", because of {string.Join(", ", codes)}" : "";
}
