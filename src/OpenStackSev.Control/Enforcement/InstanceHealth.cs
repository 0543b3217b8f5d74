using System.IO.Enumeration;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.Control.Reattestation.Sweep;

namespace OpenStackSev.Control.Enforcement;

/// <summary>How an instance stands, as far as rules care.</summary>
internal enum HealthKind
{
    /// <summary>Proven good by evidence.</summary>
    Good,

    /// <summary>Nothing that counts for or against it: not judged, silent where no rule is about that, or nobody can tell.</summary>
    Unknown,

    /// <summary>A rule is about it.</summary>
    Bad,
}

/// <summary>What rules find in the row of an instance. Pure.</summary>
/// <param name="Rules">Those that are about it.</param>
/// <param name="Codes">Of its findings.</param>
/// <param name="BlamesHost">What speaks against it speaks against its host.</param>
internal sealed record InstanceHealth(HealthKind Kind, IReadOnlyList<EnforcementRule> Rules, IReadOnlyList<string> Codes, bool BlamesHost)
{
    private static readonly InstanceHealth s_good = new(HealthKind.Good, [], [], false);
    private static readonly InstanceHealth s_unknown = new(HealthKind.Unknown, [], [], false);

    public static InstanceHealth Of(InstanceState instance, Ruleset ruleset)
    {
        // First, and whatever the rules say: one that was found good is left alone.
        if (instance.Verdict == Verdict.Affirming)
            return s_good;
        if (instance.Verdict is not { } verdict)
            return s_unknown;
        JudgementRecord? judgement = StoredResult.Of(instance)?.Judgement;
        string[] codes = [.. (judgement?.Findings ?? []).Where(finding => finding.Tier == JudgementRecord.Word(verdict)).Select(finding => finding.Code).Distinct(StringComparer.Ordinal)];
        // That nobody can tell is never its fault.
        EnforcementRule[] rules = verdict == Verdict.None && Array.Exists(codes, code => code == SweepCodes.NotJudged)
            ? [] : [.. ruleset.Rules.Where(rule => rule.Verdict == verdict && (rule.Codes.Count == 0 || rule.Codes.Any(glob => Array.Exists(codes, code => Fits(glob, code)))))];
        if (rules.Length > 0)
            return new(HealthKind.Bad, rules, codes, HostBlame.Is(codes, instance.NoAnswerCode));
        // A warning that rests on evidence is good enough where no rule is about it; silence proves nothing.
        return verdict == Verdict.Warning && judgement is { Evidence: not "none" } ? s_good : s_unknown with { Codes = codes };
    }

    private static bool Fits(string glob, string code) => FileSystemName.MatchesSimpleExpression(glob, code, ignoreCase: false);
}

/// <summary>Findings that speak against a host rather than a guest: its firmware, its settings, its chip.</summary>
internal static class HostBlame
{
    private static readonly HashSet<string> s_codes = new(
    [
        .. new[]
        {
            SnpCodes.TcbBelowMinimum, SnpCodes.ProvisionalFirmware, SnpCodes.FirmwareBelowMinimum, SnpCodes.MitigationMissing, SnpCodes.PlatformRefused,
            SnpCodes.PlatformRequired, SnpCodes.ChipDenied, SnpCodes.ChipNotAllowed, SnpCodes.ProductNotTrusted,
        }.Select(check => check.Code),
    ], StringComparer.Ordinal);

    /// <param name="noAnswer">Code of the last answer that did not count.</param>
    public static bool Is(IEnumerable<string> codes, string? noAnswer) =>
        codes.Any(s_codes.Contains) || noAnswer == OpenStackSev.Api.Attestation.AttestationErrors.EvidenceWrongChip.Code;
}
