using OpenStackSev.Api.Attestation;
using OpenStackSev.Api.Errors;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Results;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Reattestation.Rounds;

/// <summary>All that a judgement rests on.</summary>
/// <param name="State">Of the instance, as Nova and we have it.</param>
/// <param name="Result">What the verifier found, with the REPORT_DATA of the open challenge expected.</param>
/// <param name="Chip">The row of the chip that the report is of; null when no host has it, or nothing names one.</param>
/// <param name="NamesChip">A chip is named: by CHIP_ID, or by the certificate that signed where CHIP_ID is masked.</param>
/// <param name="LastReportData">REPORT_DATA of the evidence before; null without one.</param>
/// <param name="Key">The guest's; null when it gave none.</param>
internal sealed record RoundFacts(
    InstanceState State, AttestationResult Result, HostChip? Chip, bool NamesChip, ReadOnlyMemory<byte>? LastReportData, ConfirmationKey? Key)
{
    /// <summary>The report is of the TCB that its host reports, so that the certificate for it is one that is to be had.</summary>
    public bool IsAsHostReports { get; init; }
}

/// <summary>What evidence is taken for.</summary>
internal abstract record Judgement
{
    /// <summary>A verdict on the instance.</summary>
    public sealed record Judged(Verdict Verdict, IReadOnlyList<Finding> Findings) : Judgement;

    /// <summary>No answer: the verdict stays what it was, and the challenge open.</summary>
    /// <param name="Code">What is kept: of the check that does not hold.</param>
    public sealed record NoAnswer(ErrorCode Error, string Code, string Detail) : Judgement;

    /// <summary>Nobody can tell now, whatever the evidence is.</summary>
    /// <param name="IsOurs">It is for want of what is to be had, and not of what a report only names.</param>
    public sealed record CannotTell(string Code, string Detail, bool IsOurs = false) : Judgement;
}

/// <summary>The rules of a round, in the order in which they are asked. Pure.</summary>
internal static class RoundRules
{
    /// <summary>Only its guests can ask for a report of themselves.</summary>
    public const string ModelWithReports = "amd-sev-snp";

    /// <summary>A result without a key is anybody's.</summary>
    public static Finding WithoutKey { get; } = new("attestation.key.none", Verdict.Warning, "public key", "a key of the guest, bound by REPORT_DATA", "none");

    private static readonly Dictionary<string, Check> s_checks = SnpCodes.All.ToDictionary(check => check.Code, StringComparer.Ordinal);

    /// <summary>1. The challenge that is to be given: null where the open one is given again.</summary>
    public static InstanceState? Open(InstanceState state, Guid id, byte[] nonce, TimeSpan lifetime, DateTimeOffset now) => IsOpen(state, now)
        ? null
        : state with
        {
            Challenge = id,
            Nonce = nonce,
            ChallengeExpiresAt = now + lifetime,
            RoundOpenedAt = state.RoundOpenedAt ?? now,
        };

    public static bool IsOpen(InstanceState state, DateTimeOffset now) =>
        state is { Challenge: not null, Nonce.Length: ReportData.NonceLength } && state.ChallengeExpiresAt > now;

    /// <summary>2. Whether the challenge that evidence names is the one that is open.</summary>
    /// <returns>Null when it is.</returns>
    public static Judgement.NoAnswer? Challenge(InstanceState state, Guid named, DateTimeOffset now)
    {
        if (state.Challenge == named)
            return IsOpen(state, now) ? null : No(AttestationErrors.ChallengeLate, "the challenge has expired");
        return state.AnsweredChallenge == named
            ? No(AttestationErrors.ChallengeUsed, "the challenge was answered before")
            : No(AttestationErrors.ChallengeForeign, "the challenge is not one of this instance's that is open");
    }

    /// <summary>3. What the evidence is: authentic, an answer to this challenge, of the right chip; then what policy makes of it.</summary>
    public static Judgement Judge(RoundFacts facts)
    {
        if (!facts.Result.Genuine)
            return NotGenuine(facts);
        if (facts.Result.Findings.Any(finding => finding.Code == SnpCodes.ReportDataMismatch.Code))
            return AnotherAnswer(facts);
        if (facts.NamesChip && !IsOfItsHost(facts))
            return WrongChip;
        IReadOnlyList<Finding> findings = facts.Key is null ? [.. facts.Result.Findings, WithoutKey] : facts.Result.Findings;
        return new Judgement.Judged(Verdicts.Of(findings), findings);
    }

    /// <summary>What an answer makes of the instance: the challenge is used up with it.</summary>
    /// <param name="nextRound">Until the next round.</param>
    public static InstanceState Answered(InstanceState state, Verdict verdict, byte[] result, TimeSpan nextRound, DateTimeOffset now) => state with
    {
        Verdict = verdict,
        JudgedAt = now,
        Result = result,
        NextRoundAt = now + nextRound,
        RoundOpenedAt = null,
        Challenge = null,
        Nonce = null,
        ChallengeExpiresAt = null,
        AnsweredChallenge = state.Challenge,
        NoAnswerCode = null,
        NoAnswerAt = null,
    };

    /// <summary>What no answer makes of it: nothing but a note, and not at each of a thousand.</summary>
    public static InstanceState? Noted(InstanceState state, string code, DateTimeOffset now) =>
        state.NoAnswerCode == code && now - state.NoAnswerAt < s_noteTime ? null : state with { NoAnswerCode = code, NoAnswerAt = now };

    /// <summary>Until the next round. Spread, so that instances which started together do not come together for ever.</summary>
    /// <param name="spread">From 0 to 1.</param>
    public static TimeSpan NextRound(Verdict verdict, ReattestationOptions options, double spread)
    {
        TimeSpan interval = verdict is Verdict.Affirming or Verdict.Warning || options.RecheckInterval > options.Interval ? options.Interval : options.RecheckInterval;
        return TimeSpan.FromSeconds(Math.Floor(interval.TotalSeconds * (1 - (spread / 10))));
    }

    /// <summary>Codes that are kept of answers which could not be judged.</summary>
    public static IReadOnlyList<string> UnjudgedCodes { get; } = [.. SnpCodes.All.Where(check => check is { Stage: Stage.Endorsement, Tier: Verdict.None }).Select(check => check.Code)];

    public static bool IsUnjudged(string code) => UnjudgedCodes.Contains(code);

    private static readonly TimeSpan s_noteTime = TimeSpan.FromMinutes(1);

    private static Judgement.NoAnswer WrongChip { get; } =
        No(AttestationErrors.EvidenceWrongChip, "the report is not of an approved chip of the host on which Nova has this instance");

    private static Judgement NotGenuine(RoundFacts facts)
    {
        Finding[] wrong = [.. facts.Result.Findings.Where(finding => IsOfAuthenticity(finding.Code))];
        // What is missing, old or unreadable on our side says nothing about the evidence.
        if (wrong.Length > 0 && Array.TrueForAll(wrong, finding => finding.Tier == Verdict.None && s_checks[finding.Code].Stage == Stage.Endorsement))
        {
            return facts.Result.Chain is null && facts.NamesChip && facts.Chip is null
                ? WrongChip     // of a chip that no host has, nobody fetches a certificate
                : new Judgement.CannotTell(wrong[0].Code, $"{wrong[0].Code}: {wrong[0].Expected}: {wrong[0].Actual}",
                    facts.Result.Chain is not null || (facts.NamesChip && IsOfItsHost(facts) && facts.IsAsHostReports));
        }

        Finding first = Array.Find(wrong, finding => finding.Tier == Verdict.Contraindicated) ?? wrong.FirstOrDefault() ?? facts.Result.Findings[0];
        return new Judgement.NoAnswer(AttestationErrors.EvidenceNotAuthentic, first.Code, $"{first.Code}: {first.Subject} does not hold");
    }

    private static Judgement.NoAnswer AnotherAnswer(RoundFacts facts) =>
        facts.LastReportData is { } last && facts.Result.Report!.ReportData.Span.SequenceEqual(last.Span)
            ? No(AttestationErrors.EvidenceReplayed, "the report answered an earlier challenge")
            : No(AttestationErrors.EvidenceForeign, "REPORT_DATA is not what this challenge, this instance and this key make");

    private static bool IsOfItsHost(RoundFacts facts) =>
        facts.Chip is { Status: ChipStatus.Approved } chip && facts.State.Node is { } node && chip.Node == node;

    private static bool IsOfAuthenticity(string code) => s_checks.TryGetValue(code, out Check? check)
        ? check.Stage is not (Stage.Policy or Stage.Challenge) : true;

    private static Judgement.NoAnswer No(ErrorCode error, string detail) => new(error, error.Code, detail);
}
