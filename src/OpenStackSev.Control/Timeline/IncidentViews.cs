using System.Text.Json;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.Control.Reattestation.Sweep;

namespace OpenStackSev.Control.Timeline;

/// <summary>Incidents as they are told: number, time, symptom, what was checked in order, result, prevention. Pure.</summary>
internal static class IncidentViews
{
    /// <summary>Steps of one incident that are told; a long one is cut in its middle.</summary>
    private const int MostSteps = 100;

    private static readonly Dictionary<string, Check> s_checks = SnpCodes.All.ToDictionary(check => check.Code, StringComparer.Ordinal);

    /// <param name="told">Each record of the incident in words, in its order.</param>
    /// <param name="body">Of the record that opened it, as the reader may see it.</param>
    public static IncidentRecord Of(Incident incident, IReadOnlyList<string> told, JsonElement body)
    {
        var record = new RecordBody(body);
        string[] codes = [.. Codes(incident.Start.Kind, record)];
        IncidentStep[] steps = [.. incident.Records.Select((row, index) => new IncidentStep(row.Time, told[index]))];
        return new IncidentRecord(
            incident.Number, incident.Start.Subject, incident.Start.Kind.StartsWith("host.", StringComparison.Ordinal) ? "host" : "instance", incident.Start.Time, told[0],
            Checked(incident.Start.Kind, record, codes), Cut(Together(steps)), Result(incident, told), Prevention(incident.Start.Kind, codes), incident.End?.Time);
    }

    private static IEnumerable<string> Codes(string kind, RecordBody record) => kind is InstanceEvents.Verdict or Api.Hosts.HostEvents.TrustChanged
        ? record.Each("findings").Select(finding => finding.Text("code")).OfType<string>().Distinct(StringComparer.Ordinal)
        : kind is SweepEvents.Silent or SweepEvents.NotEncrypted ? [kind == SweepEvents.Silent ? SweepCodes.Silent : SweepCodes.NotEncrypted] : [];

    /// <summary>The questions in the order in which they are asked, with what each found.</summary>
    private static IReadOnlyList<string> Checked(string kind, RecordBody record, string[] codes)
    {
        if (kind == SweepEvents.Silent)
        {
            return
            [
                $"was an answer awaited? yes, since {(record.Time("round_opened_at") is { } since ? Sentences.Written(since) : "the round was opened")}",
                $"did anything come? {(record.Text("no_answer") is { } code ? $"yes, but no answer ({code})" : "no")}",
                $"was it nudged? {record.Text("nudges") ?? "0"} times over its life",
            ];
        }

        if (kind != InstanceEvents.Verdict)
            return [];
        return [.. Enum.GetValues<Stage>().Select(stage => Stage(stage, record, codes)), .. record.Texts("not_checked").Select(what => $"not checked: {what.Replace('_', ' ')}")];
    }

    private static string Stage(Stage stage, RecordBody record, string[] codes)
    {
        string question = stage switch
        {
            Attestation.Stage.Structure => "is it a report?",
            Attestation.Stage.Endorsement => "does its key lead to AMD, and is nothing on the way revoked?",
            Attestation.Stage.Signature => "did that key sign it?",
            Attestation.Stage.Binding => "is it the key of the chip and the firmware that the report names?",
            Attestation.Stage.Challenge => "does it answer the challenge?",
            _ => "is it what policy asks for?",
        };
        string[] failed = [.. codes.Where(code => (s_checks.TryGetValue(code, out Check? check) ? check.Stage : Attestation.Stage.Policy) == stage)];
        string[] said = [.. record.Each("findings").Where(finding => failed.Contains(finding.Text("code")))
            .Select(finding => $"{finding.Text("code")}: {finding.Text("subject")}: expected {finding.Text("expected")}, got {finding.Text("actual")}")];
        return $"{question} {(failed.Length == 0 ? "yes" : "no: " + string.Join("; ", said))}";
    }

    private static string Result(Incident incident, IReadOnlyList<string> told) => incident.End is { } end
        ? $"over at {Sentences.Written(end.Time)}, after {Lasted(end.Time - incident.Start.Time)}: {told[^1]}"
        : $"it lasts; the last that is known, at {Sentences.Written(incident.Records[^1].Time)}: {told[^1]}";

    private static string Lasted(TimeSpan time) => time switch
    {
        { TotalDays: >= 1 } => $"{time.Days} d {time.Hours} h",
        { TotalHours: >= 1 } => $"{time.Hours} h {time.Minutes} min",
        { TotalMinutes: >= 1 } => $"{time.Minutes} min {time.Seconds} s",
        _ => $"{time.TotalSeconds:0} s",
    };

    private static IReadOnlyList<string> Prevention(string kind, string[] codes) => codes.Length > 0
        ? [.. codes.Select(code => Reasons.Of(code, code).Prevention).Distinct(StringComparer.Ordinal)]
        : [Hosts(kind)];

    private static string Hosts(string kind) => kind switch
    {
        Api.Hosts.HostEvents.Silent => "alert on osev_host_silent; let systemd restart the agent",
        Api.Hosts.HostEvents.ChipChanged => "announce work on hardware, and approve its chips as part of it: osev host approve",
        Api.Hosts.HostEvents.Quarantined => "see what led to it (osev host show), mend that, and end it: osev host release",
        Api.Hosts.HostEvents.TrustChanged => "watch AMD's security bulletins, and what an update takes away before it is installed: osev host check-upgrade",
        Api.Hosts.HostEvents.ChipConflict => "retire a host before its processor goes into another one; never clone a node's certificate",
        _ => "alert on the events of this service",
    };

    /// <summary>What repeats itself is told once: an instance that stays bad says so at every round.</summary>
    private static IncidentStep[] Together(IncidentStep[] steps) =>
        [.. steps.Where((step, index) => index == 0 || index == steps.Length - 1 || step.What != steps[index - 1].What)];

    private static IncidentStep[] Cut(IncidentStep[] steps) => steps.Length <= MostSteps ? steps
        : [.. steps[..(MostSteps / 2)], new IncidentStep(steps[MostSteps / 2].Time, $"… {steps.Length - MostSteps} more: osev history …"), .. steps[^(MostSteps / 2)..]];
}
