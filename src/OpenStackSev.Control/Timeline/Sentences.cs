using System.Globalization;
using System.Text.Json;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Notifications;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.Control.Reattestation.Sweep;

namespace OpenStackSev.Control.Timeline;

/// <summary>What a record of the history says, as a sentence without its full stop. Pure.</summary>
/// <remarks>
/// A tenant's sentences are made of bodies that hosts and chips were taken from: what is not there cannot be told. A kind that is not known here,
/// of another release, is told by its name.
/// </remarks>
internal static class Sentences
{
    /// <param name="before">Body of the record of the same kind before it; null when that is not at hand.</param>
    public static string Of(string kind, JsonElement body, JsonElement? before = null)
    {
        var record = new RecordBody(body);
        return OfInstance(kind, record) ?? OfHost(kind, record, before is { } earlier ? new RecordBody(earlier) : null) ?? TrustWords.Of(kind, record) ?? EnforcementWords.Of(kind, record) ?? GateWords.Of(kind, record) ?? OfNotification(kind, record) ?? kind;
    }

    /// <summary>A time in a sentence.</summary>
    public static string Written(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture) + " UTC";

    /// <summary>Why, from the findings of a record: the reasons in words, with their codes.</summary>
    public static string Because(RecordBody record)
    {
        string[] reasons = [.. record.Each("findings").Select(Reason).Distinct(StringComparer.Ordinal)];
        return reasons.Length == 0 ? "" : ", because " + string.Join("; and ", reasons);
    }

    /// <summary>A record of silence that is none: what came could not be judged, for want of something of ours.</summary>
    public static bool IsUnjudged(RecordBody silence) => silence.Text("verdict") == "none" && silence.Text("no_answer") is { } code && RoundRules.IsUnjudged(code);

    private static string Reason(RecordBody finding)
    {
        string code = finding.Text("code") ?? "unknown";
        string said = $"{finding.Text("subject")}: expected {finding.Text("expected")}, got {finding.Text("actual")}";
        return $"{Reasons.Of(code, said).Text} ({code}: {said})";
    }

    private static string? OfInstance(string kind, RecordBody record) => kind switch
    {
        SweepEvents.Seen => $"Seen for the first time: asks for {record.Text("model")}{Named(", flavor ", record.Text("flavor"))}{On(record)}",
        SweepEvents.Returned => $"There again{On(record)}; what was proven before counts no more",
        SweepEvents.Changed => $"Rebuilt or resized{Change(record)}; it has to prove itself anew",
        SweepEvents.NotEncrypted => $"Runs without memory encryption now{Change(record)}: contraindicated",
        SweepEvents.Moved => $"Moved{Between(record.Text("host", "name_before"), record.Text("host", "name"))}; it has to prove itself anew from there",
        SweepEvents.Gone => "Deleted",
        SweepEvents.Silent when IsUnjudged(record) =>
            $"Its answers since {(record.Time("round_opened_at") is { } since ? Written(since) : "the round was opened")} could not be judged here ({record.Text("no_answer")}): {record.Text("verdict")}",
        SweepEvents.Silent => $"No answer since {(record.Time("round_opened_at") is { } since ? Written(since) : "the round was opened")}: {record.Text("verdict")}"
            + (record.Text("no_answer") is { } code ? $"; what came was no answer ({code})" : "") + Count(record.Text("nudges"), "nudge"),
        InstanceEvents.Verdict => Verdict(record),
        InstanceEvents.NoAnswer => $"Something came that is no answer and changes nothing ({record.Text("code")})",
        _ => null,
    };

    private static string Verdict(RecordBody record)
    {
        string verdict = record.Text("verdict") ?? "unknown";
        string previous = record.Text("previous") is { } before && before != verdict ? $", was {before}" : "";
        string simulated = record.Text("simulated") == "yes" ? " SIMULATED," : "";
        string what = verdict switch
        {
            "affirming" => "Proved that it is protected",
            "warning" => "Proved that it is protected, with reservations",
            "contraindicated" => "Is not to be trusted",
            _ => "Could not be judged",
        };
        return $"{what} ({verdict}{previous}){simulated.TrimEnd(',')}{Because(record)}{Named(", on ", record.Text("host", "name"))}";
    }

    private static string? OfHost(string kind, RecordBody record, RecordBody? before) => kind switch
    {
        HostEvents.Reported => HostChanges.Between(before, record),
        HostEvents.ChipRegistered => $"Reported its first chips: {Chips(record)}{Named(", approved by ", record.Text("by"))}",
        HostEvents.ChipApproved => $"Chips were approved by {record.Text("by")}: {Chips(record)}",
        HostEvents.ChipChanged => $"Chips came or went, and wait for an administrator: {Chips(record)}",
        HostEvents.ChipWithdrawn => $"Chips were withdrawn by {record.Text("by")}{Named(": ", record.Text("reason"))}: {Chips(record)}",
        HostEvents.ChipConflict => $"Reported chips that are another host's ({string.Join(", ", record.Texts("holders"))}): {Chips(record)}",
        HostEvents.Silent => $"Silent: its agent last reported at {(record.Time("last_seen") is { } seen ? Written(seen) : "an unknown time")}",
        HostEvents.Returned => $"Reports again{(record.Time("silent_since") is { } since ? $"; it was silent since {Written(since)}" : "")}",
        HostEvents.CertificateRenewed => $"Its agent was given a new certificate ({record.Text("serial")}){(record.Time("not_after") is { } end ? $", good until {Written(end)}" : "")}",
        HostEvents.CertificateRetired => "The certificate before was revoked, since the new one is in use",
        _ => null,
    };

    private static string? OfNotification(string kind, RecordBody record) => kind switch
    {
        NotificationRecords.Rebuilt => $"Rebuilt ({record.Text("event_type")}); what was proven before counts no more",
        NotificationRecords.Restarted => $"Started again ({record.Text("event_type")}); it has to prove itself anew",
        NotificationRecords.ServiceDisabled => $"Its {record.Text("service")} was disabled{Named(": ", record.Text("reason"))}",
        NotificationRecords.ServiceEnabled => $"Its {record.Text("service")} is enabled",
        NotificationRecords.ServiceForcedDown => $"Its {record.Text("service")} was forced down",
        NotificationRecords.ServiceDeleted => $"Its {record.Text("service")} was deleted from Nova",
        _ => null,
    };

    private static string On(RecordBody record) => Named(", on ", record.Text("host", "name"));

    private static string Named(string before, string? name) => name is null ? "" : before + name;

    private static string Count(string? number, string what) => number is null or "0" ? "" : $"; {number} {what}{(number == "1" ? "" : "s")}";

    private static string Between(string? before, string? now) => (before, now) switch
    {
        (null, null) => " to another host",
        (null, _) => $" to {now}",
        (_, null) => $" from {before}",
        _ => $" from {before} to {now}",
    };

    private static string Change(RecordBody record)
    {
        string[] changes =
        [
            .. new[] { ("model", "model_before"), ("flavor", "flavor_before"), ("image", "image_before") }
                .Where(names => record.Text(names.Item1) != record.Text(names.Item2))
                .Select(names => $"{names.Item1} {record.Text(names.Item2) ?? "none"} → {record.Text(names.Item1) ?? "none"}"),
        ];
        return changes.Length == 0 ? "" : $" ({string.Join(", ", changes)})";
    }

    private static string Chips(RecordBody record) => string.Join(", ", record.Each("chips").Select(chip => $"{HostChanges.Short(chip.Text("id"))} {chip.Text("status")}"));
}
