using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Results;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.Control.Reattestation.Sweep;

namespace OpenStackSev.Control.Gates;

/// <summary>What is to be signalled. Pure.</summary>
/// <param name="Code">The first one that speaks against it; null for a success.</param>
/// <param name="Reason">For the stack's status: its owner reads it.</param>
/// <param name="Data">JSON, for the template.</param>
internal sealed record GateAnswer(bool IsSuccess, string? Code, string Reason, string Data)
{
    public const string Success = "SUCCESS";
    public const string Failure = "FAILURE";

    /// <summary>Codes that a reason names; the rest is counted.</summary>
    private const int MostCodes = 5;

    private const int MostDataCodes = 16;
    private const int LongestFinding = 250;

    public static string Word(bool isSuccess) => isSuccess ? Success : Failure;

    /// <summary>The answer to a gate; null while there is none.</summary>
    /// <param name="instance">As it was judged; null for one that is not known here.</param>
    /// <param name="server">As Nova has it now.</param>
    /// <param name="bootedAt">From when on only what runs in it now can have been given a challenge; null where nothing tells.</param>
    public static GateAnswer? Of(InstanceState? instance, ListedServer server, DateTimeOffset? bootedAt, GateMoment moment)
    {
        if (server.IsUnknown || (!server.IsModelCertain && server.Model != SweepRules.GuestReportModel))
            return null;
        if (server.Model != SweepRules.GuestReportModel)
            return NotProvable(server, server.Model ?? "a server without memory encryption");
        if (instance is not { GoneAt: null, Verdict: { } verdict, JudgedAt: { } judged } || IsOther(instance, server))
            return null;
        StoredResult? stored = StoredResult.Of(instance);
        // An answer to a challenge of before is about what ran before, whenever it came. Silence is an answer to none.
        if (!(bootedAt <= (stored?.ChallengedAt ?? judged)))
            return null;
        JudgementRecord? judgement = stored?.Judgement;
        bool isSilence = judgement?.Findings.Any(finding => finding.Code == SweepCodes.Silent) == true;
        bool mayPass = Runs(server) && stored?.ChallengedAt is not null && moment.Now - judged <= moment.Freshness;
        return verdict switch
        {
            Verdict.Affirming => mayPass ? Passed(instance, judgement, judged) : null,
            Verdict.Warning when isSilence || moment.Options.Warning == GateOnWarning.Fail => Failed(instance, judgement, judged),
            Verdict.Warning when moment.Options.Warning == GateOnWarning.Pass => mayPass ? Passed(instance, judgement, judged) : null,
            Verdict.Contraindicated => Failed(instance, judgement, judged),
            _ => null,
        };
    }

    /// <summary>Another image, flavor or host than it was judged with, which the sweep has not seen yet.</summary>
    private static bool IsOther(InstanceState instance, ListedServer server) =>
        instance.Model != server.Model || instance.Image != server.Image || instance.Flavor != server.Flavor || instance.HostName != server.HostName
        || (instance.Node is { } node && server.Node is { } now && node != now);

    /// <summary>One that was stopped since proves itself anew when it starts.</summary>
    private static bool Runs(ListedServer server) => SweepRules.Answers(server.Status);

    private static GateAnswer Passed(InstanceState instance, JudgementRecord? judgement, DateTimeOffset judged)
    {
        string verdict = JudgementRecord.Word(instance.Verdict!.Value), simulated = judgement?.Simulated == true ? " (SIMULATED)" : "";
        return new(true, null, $"attested: {verdict}{simulated}", Body(instance.Instance, verdict, instance.Model, judgement, judged));
    }

    private static GateAnswer Failed(InstanceState instance, JudgementRecord? judgement, DateTimeOffset judged)
    {
        string[] codes = Codes(judgement);
        string verdict = JudgementRecord.Word(instance.Verdict!.Value);
        string reason = codes.Length == 0 ? $"not attested: {verdict}"
            : $"not attested: {string.Join(", ", codes.Take(MostCodes))}{(codes.Length > MostCodes ? string.Create(CultureInfo.InvariantCulture, $" and {codes.Length - MostCodes} more") : "")}: {Words(judgement!.Findings[0])}";
        return new(false, codes.FirstOrDefault() ?? $"instance.{verdict}", Plain(reason, GateState.MaximumReasonLength), Body(instance.Instance, verdict, instance.Model, judgement, judged));
    }

    private static GateAnswer NotProvable(ListedServer server, string model) => new(
        false, GateCodes.NotProvable, Plain($"not attested: {GateCodes.NotProvable}: no guest of {model} can prove itself; {SweepRules.GuestReportModel} can", GateState.MaximumReasonLength),
        Body(server.Id, "none", server.Model ?? "none", null, null, GateCodes.NotProvable));

    private static string[] Codes(JudgementRecord? judgement) => [.. (judgement?.Findings ?? []).Select(finding => finding.Code).Distinct(StringComparer.Ordinal)];

    /// <summary>Of the first finding. Chips are not for tenants.</summary>
    private static string Words(FindingRecord finding)
    {
        string words = InstanceViews.QuotesChips(finding.Code) ? finding.Subject : $"{finding.Subject}: expected {finding.Expected}, got {finding.Actual}";
        return words.Length <= LongestFinding ? words : words[..LongestFinding] + "...";
    }

    private static string Body(Guid instance, string verdict, string model, JudgementRecord? judgement, DateTimeOffset? judged, params string[] codes) =>
        JsonSerializer.Serialize(new GateData(
            instance, verdict, model, judgement?.Evidence ?? "none", judgement?.Simulated == true, judged?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture),
            (codes.Length > 0 ? codes : Codes(judgement)) is { Length: > 0 } all ? [.. all.Take(MostDataCodes)] : null), GateDataJson.Default.GateData);

    /// <summary>On one line, in letters that the oldest database of a Heat can hold.</summary>
    private static string Plain(string text, int longest)
    {
        var plain = new StringBuilder(text.Length);
        foreach (Rune rune in text.EnumerateRunes())
            plain.Append(Rune.IsControl(rune) || !rune.IsBmp ? "?" : rune.ToString());
        return plain.Length <= longest ? plain.ToString() : plain.ToString(0, longest - 3) + "...";
    }
}

/// <summary>What a template finds in the data of its wait condition.</summary>
/// <param name="Verdict"><c>none</c> where no guest can be judged.</param>
/// <param name="Evidence">What stands behind it, e.g. <c>guest_report</c>.</param>
/// <param name="Simulated">It proves nothing about any hardware.</param>
/// <param name="Codes">Of what speaks against it.</param>
internal sealed record GateData(Guid Instance, string Verdict, string Model, string Evidence, bool Simulated, string? JudgedAt, IReadOnlyList<string>? Codes);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull)]
[JsonSerializable(typeof(GateData))]
internal sealed partial class GateDataJson : JsonSerializerContext;
