using System.Collections.Frozen;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Quarantine;

namespace OpenStackSev.Control.Timeline;

/// <summary>How far a host is trusted, and who set it aside, in words. Pure.</summary>
internal static class TrustWords
{
    private static readonly FrozenDictionary<string, string> s_problems = new Dictionary<string, string>(StringComparer.Ordinal)
    {
        [ServiceProblems.NotFound] = "Nova has no such service",
        [ServiceProblems.Shared] = "it runs other nodes too",
        [ServiceProblems.DisabledByOther] = "somebody else has disabled it, and it is his to enable",
        [ServiceProblems.EnabledByOther] = "somebody has enabled it since",
        [ServiceProblems.Failed] = "Nova did not do it; it is tried again",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    public static bool Knows(string problem) => s_problems.ContainsKey(problem);

    /// <returns>Null for a kind of another folder.</returns>
    public static string? Of(string kind, RecordBody record) => kind switch
    {
        HostEvents.TrustChanged => Trust(record),
        HostEvents.Quarantined => $"Was quarantined by {record.Text("by")}: {record.Text("reason")}{(record.Text("previous") is { } before && before != record.Text("reason") ? $" (before: {before})" : "")}"
            + (record.Text("disable_service") == "yes" ? "; its compute service is to be disabled too" : ""),
        HostEvents.Released => $"Was released from quarantine by {record.Text("by")}{(record.Text("cause") is { } cause ? $": {EnforcementWords.Reason(cause)}" : "")}"
            + $"; it was in it for: {record.Text("reason")}",
        HostEvents.ServiceIntended => $"Its compute service {record.Text("service")} is about to be {Request(record)}d",
        HostEvents.ServiceDisabled => $"Its compute service {record.Text("service")} was disabled: {record.Text("reason")}",
        HostEvents.ServiceEnabled => $"Its compute service {record.Text("service")} was enabled again",
        HostEvents.ServiceKept => $"Its compute service is not {Request(record)}d: {Problem(record.Text("reason"))}",
        HostEvents.ServiceFailed => $"Its compute service could not be {Request(record)}d: {record.Text("code")}, {record.Text("detail")}",
        HostEvents.TraitsCorrected => $"Somebody else changed what Placement says of it; put right: {Traits(record)}",
        _ => null,
    };

    private static string Trust(RecordBody record)
    {
        string level = record.Text("level") ?? "unknown";
        string what = level switch
        {
            "trusted" => "Is trusted",
            "untrusted" => "Is not trusted",
            "quarantined" => "Counts as quarantined",
            _ => "Nothing is known that counts for or against it",
        };
        string evidence = record.Text("evidence") switch { "guest_report" => ", by a report that its chip signed", "platform" => ", by its own word", _ => "" };
        string was = record.Text("previous") is { } before && before != level ? $" (was {before})" : "";
        return what + was + evidence + (record.Text("simulated") == "yes" ? " SIMULATED" : "") + Sentences.Because(record);
    }

    private static string Traits(RecordBody record) =>
        string.Join(", ", record.Texts("restored").Select(trait => "+" + trait).Concat(record.Texts("removed").Select(trait => "-" + trait))) is { Length: > 0 } traits ? traits : "its traits";

    private static string Request(RecordBody record) => record.Text("request") ?? "disable";

    private static string Problem(string? code) => code is null ? "for a reason that was not recorded" : s_problems.GetValueOrDefault(code, code);
}
