using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Sweep;

namespace OpenStackSev.Control.Enforcement;

/// <summary>What is to be done about one instance now. Pure: what is wanted is worked out each time, and what differs from what we did is the next step.</summary>
internal static class EnforcementRules
{
    /// <summary>What only Nova can do. The rest is done by being written.</summary>
    public const Measures OfNova = Measures.Tag | Measures.Lock | Measures.Stop | Measures.Shelve;

    /// <summary>Those after which a guest does not run.</summary>
    public const Measures Halting = Measures.Stop | Measures.Shelve;

    /// <summary>So long after a stop it may still be listed as running.</summary>
    private static readonly TimeSpan s_settling = TimeSpan.FromMinutes(2);

    /// <summary>The next step; null when there is nothing to do.</summary>
    /// <param name="instance">Null for one that is not known any more.</param>
    /// <param name="known">Null for one that enforcement never had to do with.</param>
    public static EnforcementStep? Decide(InstanceState? instance, EnforcementState? known, EnforcementMoment moment)
    {
        if (instance is not { GoneAt: null })
            return known is null or { Standing: EnforcementStanding.Clear } ? null : EnforcementSteps.Clear(known, EnforcementReasons.Gone);
        InstanceHealth health = InstanceHealth.Of(instance, moment.Rules);
        EnforcementState row = Noticed(instance, known, health, moment);
        if (row.Pending != Measures.None)
            return row.NextTryAt > moment.Now ? Noted(known, row) : new(EnforcementStepKind.Perform, row);
        Wish wish = WishOf(instance, row, health, moment);
        if (Highest(wish.Undo & ~row.Skipped) is var undo && undo != Measures.None)
            return EnforcementSteps.Intend(row, undo, isUndo: true, health, moment.Now);
        if ((row.Done & Halting) != Measures.None && health.Kind != HealthKind.Good && Runs(instance) && moment.Now >= row.LastActionAt + s_settling)
            return new(EnforcementStepKind.Look, row);
        if (health.Kind == HealthKind.Good)
            return wish.Undo == Measures.None ? ClearOf(known, row, EnforcementReasons.Recovered) : Stand(known, row, EnforcementStanding.Withheld, EnforcementReasons.Failed, wish, health);
        if (health.Kind == HealthKind.Unknown)
            return OfUnknown(known, row, wish, health);
        if (Gate(instance, row, wish, moment) is { } reason)
            return Stand(known, row, StandingOf(reason), reason, wish, health);
        if (wish.ToDo == Measures.None)
            return Settled(known, row, wish, health);
        Measures next = Lowest(wish.ToDo);
        if ((next & OfNova) == Measures.None)
            return EnforcementSteps.Mark(row, next, health, moment.Now);
        return moment.Budget == BudgetLeft.Some
            ? EnforcementSteps.Intend(row, next, isUndo: false, health, moment.Now)
            : Stand(known, row, EnforcementStanding.Withheld, moment.Budget == BudgetLeft.NoneThisRun ? EnforcementReasons.RunLimit : EnforcementReasons.HourLimit, wish, health);
    }

    /// <summary>Whether what is pending is still to be done, by what is known directly before it is sent.</summary>
    /// <returns>Null when it is; else why not.</returns>
    public static string? Stops(InstanceState? instance, EnforcementState row, EnforcementMoment moment)
    {
        if (instance is not { GoneAt: null })
            return EnforcementReasons.Gone;
        InstanceHealth health = InstanceHealth.Of(instance, moment.Rules);
        Wish wish = WishOf(instance, row, health, moment);
        if (row.PendingUndo)
            return (wish.Undo & row.Pending) != Measures.None ? null : EnforcementReasons.NotWanted;
        return health.Kind switch
        {
            HealthKind.Good => EnforcementReasons.Recovered,
            HealthKind.Unknown => EnforcementReasons.NoVerdict,
            _ => Gate(instance, row, wish, moment) ?? ((wish.ToDo & row.Pending) != Measures.None ? null : EnforcementReasons.NotWanted),
        };
    }

    /// <summary>A guest runs, or is about to again.</summary>
    public static bool Runs(InstanceState instance) => Runs(instance.Status);

    public static bool Runs(string status) => status is ListedServer.Active or "VERIFY_RESIZE" or "PASSWORD" or "REBOOT" or "HARD_REBOOT";

    /// <summary>What was seen of it, on top of what was known. The clock of a bad one starts here.</summary>
    public static EnforcementState Noticed(InstanceState instance, EnforcementState? known, InstanceHealth health, EnforcementMoment moment)
    {
        EnforcementState row = known ?? EnforcementState.New(instance);
        row = row with { Project = instance.Project };
        if (row.SkippedUntil <= moment.Now)
            row = row with { SkippedUntil = null, Skipped = Measures.None };
        if (row.ReleasedUntil <= moment.Now)
            row = Restarted(row, moment.Now) with { ReleasedUntil = null };
        switch (health.Kind)
        {
            case HealthKind.Good:
                return row with { Since = null, Rounds = 0, JudgedAt = null, BlamesHost = false, QuarantineRequested = false, ReleasedUntil = null };
            case HealthKind.Unknown:
                return row;
            default:
                // It did not run, and begins anew: it is to have the time of the rules for proving itself.
                if (row is { Since: not null, Reason: EnforcementReasons.NotRunning } && Runs(instance))
                    row = Restarted(row, moment.Now);
                bool counts = health.Rules.Any(rule => rule.Rounds is not null) && instance.JudgedAt is { } judged && judged != row.JudgedAt;
                return row with
                {
                    Since = row.Since ?? moment.Now,
                    Rounds = counts ? row.Rounds + 1 : row.Rounds,
                    JudgedAt = counts ? instance.JudgedAt : row.JudgedAt,
                    BlamesHost = health.BlamesHost,
                    Standing = row.Standing == EnforcementStanding.Clear ? EnforcementStanding.Waiting : row.Standing,
                    Reason = row.Standing == EnforcementStanding.Clear ? EnforcementReasons.Waiting : row.Reason,
                };
        }
    }

    private static EnforcementState Restarted(EnforcementState row, DateTimeOffset now) => row with { Since = row.Since is null ? null : now, Rounds = 0, JudgedAt = null };

    /// <summary>What the rules want, whether or not it may be done now.</summary>
    private static Wish WishOf(InstanceState instance, EnforcementState row, InstanceHealth health, EnforcementMoment moment)
    {
        if (health.Kind == HealthKind.Unknown)
            return new Wish(Measures.None, Measures.None, false, false, ReleaseUndo(row, moment));
        bool isExempt = moment.Rules.Exempts(instance);
        if (health.Kind == HealthKind.Good || isExempt || row.ReleasedUntil > moment.Now)
            return new Wish(Measures.None, Measures.None, false, isExempt, row.Done & OfNova);
        Measures allowed = moment.Rules.AllowedFor(instance.Project), target = Measures.None, due = Measures.None;
        foreach (EnforcementRule rule in health.Rules)
        {
            target |= rule.Measures;
            if (moment.Now - row.Since >= rule.After && (rule.Rounds is not { } rounds || row.Rounds >= rounds))
                due |= rule.Measures;
        }

        // Shelving stops it too.
        if ((due & allowed & Measures.Shelve) != Measures.None && (row.Done & Measures.Stop) == Measures.None)
            due &= ~Measures.Stop;
        return new Wish(due & allowed, due & allowed & ~row.Done & ~row.Skipped, (due & ~allowed) != Measures.None, false, row.Done & OfNova & ~(target & allowed));
    }

    /// <summary>An administrator's release holds whatever is known of it.</summary>
    private static Measures ReleaseUndo(EnforcementState row, EnforcementMoment moment) => row.ReleasedUntil > moment.Now ? row.Done & OfNova : Measures.None;

    /// <summary>Why nothing may be done about a bad instance now, the most lasting reason first; null when something may.</summary>
    private static string? Gate(InstanceState instance, EnforcementState row, Wish wish, EnforcementMoment moment)
    {
        if (row.ReleasedUntil > moment.Now)
            return EnforcementReasons.Released;
        if (wish.IsExempt)
            return EnforcementReasons.Exempt;
        bool isWaiting = wish.Due == Measures.None && !wish.IsCapped;
        if (!Runs(instance) && (row.Done & Halting) == Measures.None && (isWaiting || wish.ToDo != Measures.None))
            return EnforcementReasons.NotRunning;
        if (isWaiting)
            return EnforcementReasons.Waiting;
        if (wish.ToDo == Measures.None)
            return null;
        if (moment.Rules.Mode == EnforcementMode.Off)
            return EnforcementReasons.ModeOff;
        if (IsStale(instance, moment))
            return EnforcementReasons.StaleVerdict;
        return moment.IsBreakerOpen ? EnforcementReasons.BreakerOpen : moment.Rules.Mode == EnforcementMode.DryRun ? EnforcementReasons.DryRun : null;
    }

    /// <summary>After an outage of ours a verdict says what was, and a round will say what is. Silence was judged in its round, and where no round comes nothing else will be said.</summary>
    private static bool IsStale(InstanceState instance, EnforcementMoment moment) => instance is { JudgedAt: { } judged, Verdict: { } verdict }
        && moment.Now - judged > moment.OldestOf(verdict) && !SweepRules.IsSilent(instance) && SweepRules.Answers(instance);

    private static EnforcementStanding StandingOf(string reason) => reason switch
    {
        EnforcementReasons.Waiting => EnforcementStanding.Waiting,
        EnforcementReasons.DryRun => EnforcementStanding.DryRun,
        _ => EnforcementStanding.Withheld,
    };

    /// <summary>All that may be done is done, or was refused.</summary>
    private static EnforcementStep? Settled(EnforcementState? known, EnforcementState row, Wish wish, InstanceHealth health) =>
        (wish.Due & row.Skipped) != Measures.None ? Stand(known, row, EnforcementStanding.Withheld, row.FailureCode == EnforcementReasons.LockedByOther ? EnforcementReasons.LockedByOther : EnforcementReasons.Failed, wish, health)
        : wish.IsCapped ? Stand(known, row, EnforcementStanding.Withheld, EnforcementReasons.ProjectNotOptedIn, wish, health)
        : Noted(known, row with { Standing = EnforcementStanding.Acted, Reason = null });

    /// <summary>What was done stays, and nothing is added.</summary>
    private static EnforcementStep? OfUnknown(EnforcementState? known, EnforcementState row, Wish wish, InstanceHealth health)
    {
        if ((row.Done & OfNova) != Measures.None)
            return Stand(known, row, wish.Undo == Measures.None ? EnforcementStanding.Acted : EnforcementStanding.Withheld, wish.Undo == Measures.None ? EnforcementReasons.NoVerdict : EnforcementReasons.Failed, wish, health);
        // Not judged since it moved, or nobody can tell: its clock goes on. That a rule is no longer about it ends its time.
        bool waits = row.Since is not null && (health.Codes.Count == 0 || health.Codes.Contains(SweepCodes.NotJudged));
        return waits ? Stand(known, row, EnforcementStanding.Waiting, EnforcementReasons.NoVerdict, wish, health) : ClearOf(known, row, EnforcementReasons.NotWanted);
    }

    private static EnforcementStep? Stand(EnforcementState? known, EnforcementState row, EnforcementStanding standing, string reason, Wish wish, InstanceHealth health)
    {
        EnforcementState stands = row with { Standing = standing, Reason = reason };
        bool tells = standing is EnforcementStanding.Withheld or EnforcementStanding.DryRun && !IsSame(known?.Reason, reason);
        return tells ? EnforcementSteps.Withhold(stands, wish.Due & ~row.Done, health) : Noted(known, stands);
    }

    /// <summary>Both limits are one reason to those who read: which of them it is changes with every look.</summary>
    private static bool IsSame(string? before, string now) => before == now
        || (before is EnforcementReasons.RunLimit or EnforcementReasons.HourLimit && now is EnforcementReasons.RunLimit or EnforcementReasons.HourLimit);

    private static EnforcementStep? ClearOf(EnforcementState? known, EnforcementState row, string cause) =>
        known is null or { Standing: EnforcementStanding.Clear } ? null : EnforcementSteps.Clear(row, cause);

    private static EnforcementStep? Noted(EnforcementState? known, EnforcementState row) =>
        row == known || (known is null && row.Standing == EnforcementStanding.Clear) ? null : new(EnforcementStepKind.Noted, row);

    private static Measures Lowest(Measures measures) => (Measures)((int)measures & -(int)measures);

    private static Measures Highest(Measures measures)
    {
        Measures highest = measures;
        while ((highest & (highest - 1)) != Measures.None)
            highest &= highest - 1;
        return highest;
    }

    /// <param name="Due">What the rules want by now, of what the project is opted in to.</param>
    /// <param name="ToDo">Of that: not done, and not left aside.</param>
    /// <param name="IsCapped">They would want more than the project is opted in to.</param>
    /// <param name="Undo">What was done and is not wanted, not even later.</param>
    private sealed record Wish(Measures Due, Measures ToDo, bool IsCapped, bool IsExempt, Measures Undo);
}
