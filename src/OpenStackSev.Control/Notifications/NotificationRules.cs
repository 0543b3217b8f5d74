using System.Text.Json;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.Control.Reattestation.Sweep;

namespace OpenStackSev.Control.Notifications;

/// <summary>What follows from what was heard of an instance, and from what Nova says about it now. Pure.</summary>
/// <remarks>
/// All is decided by times: when it happened, when it was judged, when its round was opened. So the same notification a second time, or an older one after
/// a newer one, changes nothing.
/// </remarks>
internal static class NotificationRules
{
    /// <summary>The next step; null when there is nothing to do.</summary>
    /// <param name="known">As it is in the database; null for one that is not.</param>
    /// <param name="server">As Nova has it now; null when Nova has none of this UUID.</param>
    /// <param name="challengeLifetime">Tells when an open challenge was given.</param>
    public static SweepStep? Decide(InstanceState? known, ListedServer? server, InstanceHint hint, SweepMoment moment, TimeSpan challengeLifetime)
    {
        if (server is null)
            return known is { GoneAt: null } ? SweepRules.Gone(known, moment.Now) : null;
        if (SweepRules.Decide(known, server, moment) is { } step)
            return step is { Kind: SweepStepKind.Opened, Record: null } && known is not null && hint.ProofSince is { } started ? step with { Record = Restarted(known, hint, started) } : step;
        return known is { GoneAt: null, Model: SweepRules.GuestReportModel } ? OfHint(known, hint, moment, challengeLifetime) : null;
    }

    private static SweepStep? OfHint(InstanceState known, InstanceHint hint, SweepMoment moment, TimeSpan challengeLifetime)
    {
        if (hint.RebuiltAt is { } rebuilt && IsOfBefore(known, rebuilt, challengeLifetime))
        {
            InstanceState state = SweepRules.Unproven(known);
            if (!SweepRules.Answers(known))
                state = state with { RoundOpenedAt = null, NextRoundAt = RoundTimes.Never };
            else if (known.RoundOpenedAt is not { } opened || opened < rebuilt)
                state = SweepRules.Opened(state, moment.Now);
            return new(SweepStepKind.Changed, Record(NotificationRecords.Rebuilt, known, hint.ProofEvent!, rebuilt), state);
        }

        return hint.ProofSince is { } since && SweepRules.Answers(known) && !(known.JudgedAt >= since) && !(known.RoundOpenedAt >= since)
            ? new(SweepStepKind.Opened, Restarted(known, hint, since), SweepRules.Opened(known, moment.Now))
            : null;
    }

    /// <summary>Its verdict, its open challenge or its open round is about what ran before.</summary>
    private static bool IsOfBefore(InstanceState known, DateTimeOffset rebuilt, TimeSpan challengeLifetime) =>
        known.JudgedAt < rebuilt
        || (known.Challenge is not null && known.ChallengeExpiresAt - challengeLifetime < rebuilt)
        || (known.JudgedAt is null && known.RoundOpenedAt < rebuilt);

    private static HistoryRecord Restarted(InstanceState known, InstanceHint hint, DateTimeOffset since) => Record(NotificationRecords.Restarted, known, hint.ProofEvent!, since);

    private static HistoryRecord Record(string kind, InstanceState known, string eventType, DateTimeOffset at)
    {
        var body = new LifecycleRecord(eventType, at, known.Verdict is { } before ? JudgementRecord.Word(before) : null, known.Image, known.Flavor, new HostRecord(known.Node, known.HostName, Chip: null));
        return new(kind, known.Instance, known.Project, JsonSerializer.SerializeToUtf8Bytes(body, NotificationJson.Default.LifecycleRecord)) { Event = new EventFields { HostName = known.HostName } };
    }
}
