using OpenStackSev.Api.Attestation;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.Control.Reattestation.Sweep;

namespace OpenStackSev.Control.Timeline;

/// <summary>"Is this VM really protected?", answered for the one who asked. Pure.</summary>
internal static class InstanceInWords
{
    /// <param name="judgement">Of the last judgement; null before the first one.</param>
    /// <param name="enforced">What enforcement did or does not; null for an instance that it never had to do with.</param>
    /// <param name="withHost">For an operator, who can do more about it, and may be told of hosts.</param>
    public static InstanceExplanation Of(InstanceState state, JudgementRecord? judgement, EnforcementState? enforced, bool withHost)
    {
        Reason[] reasons = [.. (judgement?.Findings ?? []).Select(finding => Reasons.Of(finding.Code, $"{finding.Subject} is not as it should be ({finding.Code})")).Distinct()];
        string[] steps = [.. reasons.Select(reason => withHost ? reason.Operator : reason.Tenant).Concat(WhileWaiting(state)).Concat(ToBeFree(enforced, withHost)).Distinct(StringComparer.Ordinal)];
        return new InstanceExplanation(Summary(state, judgement), [.. reasons.Select(reason => reason.Text), .. NotSaid(judgement), .. Measures(enforced)], steps);
    }

    private static string Summary(InstanceState state, JudgementRecord? judgement)
    {
        string simulated = judgement?.Simulated == true ? "SIMULATED, and so no word about any hardware: " : "";
        return simulated + (state switch
        {
            { GoneAt: { } gone } => $"deleted; Nova has not known it since {Sentences.Written(gone)}",
            { Verdict: Verdict.Affirming, JudgedAt: { } judged } => $"protected, as far as it proved at {Sentences.Written(judged)}{Since(state)}",
            { Verdict: Verdict.Warning, JudgedAt: { } judged } => $"protected with reservations, as it proved at {Sentences.Written(judged)}{Since(state)}",
            { Verdict: Verdict.Contraindicated, JudgedAt: { } judged } => $"not to be trusted since it was judged at {Sentences.Written(judged)}",
            { Verdict: Verdict.None } => "nobody can say whether it is protected",
            { RoundOpenedAt: { } opened } => $"not proven yet; an answer is awaited since {Sentences.Written(opened)}",
            _ => "not proven yet; no answer is awaited while it does not run",
        });
    }

    private static string Since(InstanceState state) => state.RoundOpenedAt is { } opened ? $"; its next proof is awaited since {Sentences.Written(opened)}"
        : SweepRules.Answers(state) ? "" : "; it does not run now, and proves itself again when it does";

    /// <summary>What an affirming verdict leaves open, said aloud.</summary>
    private static IEnumerable<string> NotSaid(JudgementRecord? judgement)
    {
        if (judgement is null || judgement.Verdict is not ("affirming" or "warning"))
            yield break;
        if (judgement.NotChecked.Contains("measurement"))
            yield return "what was started in it is not known: the operator has no reference values";
        else if (judgement.LaunchDigest is not null)
            yield return $"its launch measurement is the operator's '{judgement.LaunchDigest}'";
        if (!judgement.BoundToChip)
            yield return "nothing binds its proof to the processor of its host";
    }

    /// <summary>What was done about it by the operator's rules, and what they want beyond that.</summary>
    private static IEnumerable<string> Measures(EnforcementState? enforced)
    {
        if (enforced is null)
            yield break;
        if (EnforcementSteps.Words(enforced.Done & EnforcementRules.OfNova) is { Count: > 0 } done)
            yield return $"for that it was {string.Join(" and ", done.Select(EnforcementWords.Done))} by the operator's rules";
        if (enforced.Standing is EnforcementStanding.Withheld && enforced.Reason is { } reason)
            yield return $"the operator's rules want more than was done about it, and wait: {EnforcementWords.Reason(reason)}";
    }

    /// <summary>A guest that was halted cannot prove anything any more.</summary>
    private static IEnumerable<string> ToBeFree(EnforcementState? enforced, bool withHost)
    {
        if (enforced is not null && (enforced.Done & EnforcementRules.Halting) != Persistence.CurrentState.Measures.None)
            yield return withHost ? "osev enforcement release UUID --reason TEXT lets it run and prove itself again" : "it can prove itself again only when the operator releases it: ask him";
    }

    private static IEnumerable<string> WhileWaiting(InstanceState state)
    {
        if (state is { GoneAt: null, RoundOpenedAt: not null, Verdict: null })
            yield return "see that openstack-sev-guest runs in it and reaches the service: openstack-sev-guest status";
        if (state is { GoneAt: null, NoAnswerCode: { } code })
            yield return $"what it sent last was no answer ({code}): the log of openstack-sev-guest says more";
    }
}
