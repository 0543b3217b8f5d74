using OpenStackSev.Attestation;
using OpenStackSev.Control.Reattestation;
using OpenStackSev.Control.Reattestation.Sweep;

namespace OpenStackSev.Control.Enforcement;

/// <summary>Whether another instance may be acted on.</summary>
internal enum BudgetLeft
{
    Some,
    NoneThisRun,
    NoneThisHour,
}

/// <summary>What holds while enforcement decides.</summary>
internal sealed record EnforcementMoment(DateTimeOffset Now, Ruleset Rules)
{
    public bool IsBreakerOpen { get; init; }
    public BudgetLeft Budget { get; init; }

    /// <summary>The oldest that a verdict can be which found an instance bad, while rounds go on: a round and its grace.</summary>
    public TimeSpan OldestOfBad { get; init; } = TimeSpan.MaxValue;

    /// <summary>The same of a warning.</summary>
    public TimeSpan OldestOfWarning { get; init; } = TimeSpan.MaxValue;

    public TimeSpan OldestOf(Verdict verdict) => verdict == Verdict.Warning ? OldestOfWarning : OldestOfBad;

    public static EnforcementMoment Of(DateTimeOffset now, Ruleset rules, ReattestationOptions rounds, SweepOptions sweep)
    {
        // Looks come late, and a round that is due is opened at the next one.
        TimeSpan answer = sweep.Grace + (3 * sweep.Interval);
        TimeSpan recheck = rounds.RecheckInterval < rounds.Interval ? rounds.RecheckInterval : rounds.Interval;
        return new(now, rules) { OldestOfBad = recheck + answer, OldestOfWarning = rounds.Interval + answer };
    }
}
