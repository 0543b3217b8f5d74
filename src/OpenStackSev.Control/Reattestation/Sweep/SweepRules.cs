using System.Text.Json;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Reattestation.Rounds;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>What a sweep does about one instance. Pure.</summary>
internal static class SweepRules
{
    /// <summary>The one model whose guests can ask their security processor for a report.</summary>
    public const string GuestReportModel = RoundRules.ModelWithReports;

    /// <summary>The next step of an instance, the most important first; null when there is nothing to do.</summary>
    /// <param name="known">As it is in the database; null for one that is not.</param>
    /// <param name="listed">As Nova listed it; null when only time has passed.</param>
    public static SweepStep? Decide(InstanceState? known, ListedServer? listed, SweepMoment moment)
    {
        if (known is null)
            return listed is { Model: not null, IsDeleted: false, IsUnknown: false } ? Seen(listed, moment) : null;
        return listed is not null && OfListing(known, listed, moment) is { } step ? step
            : known.GoneAt is null ? OfTime(known, moment) : null;
    }

    /// <summary>A guest runs that can answer.</summary>
    public static bool Answers(InstanceState instance) => instance.Model == GuestReportModel && Answers(instance.Status);

    /// <summary>It was judged in its open round, and an answer would have closed that: so it was its silence.</summary>
    public static bool IsSilent(InstanceState instance) => instance is { GoneAt: null, RoundOpenedAt: { } opened, JudgedAt: { } judged } && judged >= opened;

    /// <summary>A round at once, in place of one that is open. Not for one that cannot answer.</summary>
    public static InstanceState Opened(InstanceState instance, DateTimeOffset now) => instance with { RoundOpenedAt = now, NextRoundAt = now };

    /// <summary>What is written when Nova does not know it any more.</summary>
    public static SweepStep Gone(InstanceState known, DateTimeOffset now)
    {
        InstanceState gone = known with { Status = "DELETED", GoneAt = now, RoundOpenedAt = null, NextRoundAt = RoundTimes.Never };
        return new(SweepStepKind.Gone, Record(SweepEvents.Gone, gone, InstanceRecord.Of(known)), gone);
    }

    private static SweepStep Seen(ListedServer listed, SweepMoment moment)
    {
        var state = new InstanceState
        {
            Instance = listed.Id,
            Project = listed.Project,
            Name = listed.Name,
            Model = listed.Model!,
            Status = listed.Status,
            Node = listed.Node,
            HostName = listed.HostName,
            Flavor = listed.Flavor,
            Image = listed.Image,
            FirstSeenAt = moment.Now,
            SeenAt = moment.Now,
            NextRoundAt = RoundTimes.Never,
        };
        state = Begun(state, moment);
        // A fleet that was there before its control plane does not begin together; a server that was just made does not wait.
        if (state.RoundOpenedAt is not null && listed.CreatedAt < moment.Now - moment.Options.Grace)
            state = state with { RoundOpenedAt = null, NextRoundAt = moment.Now + RoundTimes.Spread(listed.Id, moment.Now, moment.Options.Jitter) };
        return new(SweepStepKind.Seen,
            Record(SweepEvents.Seen, state, InstanceRecord.Of(state)), state);
    }

    private static SweepStep? OfListing(InstanceState known, ListedServer listed, SweepMoment moment)
    {
        if (listed.IsDeleted)
            return known.GoneAt is null ? Gone(known, moment.Now) : null;
        // Of a cell that does not answer Nova tells little more than that there is an instance: all stays, and nobody's silence is judged.
        if (listed.IsUnknown)
            return known.Status != listed.Status && known.GoneAt is null ? new(SweepStepKind.Updated, null, known with { Status = listed.Status, SeenAt = moment.Now }) : null;
        if (!listed.IsModelCertain && listed.Image == known.Image && listed.Flavor == known.Flavor)
            listed = listed with { Model = known.Model.Length > 0 ? known.Model : null };

        InstanceState state = Taken(known, listed, moment.Now);
        if (known.GoneAt is not null)
            return listed.Model is null ? null : new(SweepStepKind.Changed, Record(SweepEvents.Returned, state, InstanceRecord.Of(state)), Begun(Unproven(state), moment));
        if (listed.Model is null)
            return known.Model.Length > 0 ? NotEncrypted(known, state, moment.Now) : OfStatus(known, state, moment);
        if (known.Model != state.Model || known.Image != state.Image || known.Flavor != state.Flavor)
            return new(SweepStepKind.Changed, Record(SweepEvents.Changed, state, ChangeRecord.Between(known, state)), Begun(Unproven(state), moment));
        if (HasMoved(known, state))
            return new(SweepStepKind.Moved, Record(SweepEvents.Moved, state, MoveRecord.Between(known, state)), Begun(Unproven(state), moment));
        return OfStatus(known, state, moment);
    }

    /// <summary>It stops or runs again, or something changed that nobody is told of.</summary>
    private static SweepStep? OfStatus(InstanceState known, InstanceState state, SweepMoment moment)
    {
        if (known.Model == GuestReportModel)
        {
            if (!Answers(state.Status))
                state = state with { RoundOpenedAt = null, NextRoundAt = RoundTimes.Never };
            // Never: it could not answer before. A round that is open while the cell of the instance is away goes on.
            else if (state is { RoundOpenedAt: null } && state.NextRoundAt == RoundTimes.Never)
                state = Opened(state, moment.Now);
        }

        return state == known with { SeenAt = state.SeenAt } ? null
            : new(state.RoundOpenedAt is not null && known.RoundOpenedAt is null ? SweepStepKind.Opened : SweepStepKind.Updated, null, state);
    }

    private static SweepStep? OfTime(InstanceState known, SweepMoment moment)
    {
        (DateTimeOffset now, SweepOptions options) = (moment.Now, moment.Options);
        if (!Answers(known))
            return null;
        if (known.RoundOpenedAt is not { } opened)
            return known.NextRoundAt <= now ? new(SweepStepKind.Opened, null, Opened(known, now)) : null;
        if (known.Status != ListedServer.Active)
            return null;
        // Excused while what it sends cannot be judged; when that ends, its silence is one like any other.
        bool silent = IsSilent(known) && (known.Verdict != Verdict.None || IsUnjudged(known, moment));
        DateTimeOffset waitedSince = opened > moment.ListeningSince ? opened : moment.ListeningSince;
        if (!silent && moment.KnowsStatus && now >= waitedSince + options.Grace)
            return Silent(known, opened, moment);
        // One that was judged is nudged more rarely: it may be that nobody is there to hear it.
        DateTimeOffset lastTried = known.NudgedAt > opened ? known.NudgedAt.Value : opened;
        return moment.MayNudge && now >= lastTried + (silent ? options.Grace : options.NudgeAfter)
            ? new(SweepStepKind.Nudged, null, known with { Nudges = known.Nudges + 1, NudgedAt = now })
            : null;
    }

    /// <summary>What Nova says now, on top of what was known; nothing about rounds yet.</summary>
    private static InstanceState Taken(InstanceState known, ListedServer listed, DateTimeOffset now) => known with
    {
        Name = listed.Name,
        Project = listed.Project,
        Status = listed.Status,
        HostName = listed.HostName,
        Node = listed.Node,
        Flavor = listed.Flavor,
        Image = listed.Image,
        Model = listed.Model ?? "",
        SeenAt = now,
        GoneAt = null,
    };

    /// <summary>
    /// What was proven was proven of another image, flavor or host: nobody may take it for a word about this one. A challenge that is open was
    /// given to what ran before.
    /// </summary>
    public static InstanceState Unproven(InstanceState state) => state with
    {
        Verdict = null,
        JudgedAt = null,
        Result = null,
        NoAnswerCode = null,
        NoAnswerAt = null,
        Challenge = null,
        Nonce = null,
        ChallengeExpiresAt = null,
    };

    /// <summary>What a new beginning means for rounds: one at once where a guest can answer, else none.</summary>
    private static InstanceState Begun(InstanceState state, SweepMoment moment)
    {
        if (state.Model != GuestReportModel)
        {
            var reason = new Finding(SweepCodes.NoGuestReport, Verdict.None, "memory encryption", $"{GuestReportModel}: a guest that reports about itself", state.Model);
            return state with
            {
                RoundOpenedAt = null,
                NextRoundAt = RoundTimes.Never,
                Verdict = Verdict.None,
                JudgedAt = moment.Now,
                Result = Result(state, Verdict.None, reason),
            };
        }

        return Answers(state.Status) ? Opened(state, moment.Now) : state with { RoundOpenedAt = null, NextRoundAt = RoundTimes.Never };
    }

    private static SweepStep NotEncrypted(InstanceState known, InstanceState state, DateTimeOffset now)
    {
        var finding = new Finding(SweepCodes.NotEncrypted, Verdict.Contraindicated, "memory encryption", known.Model, "none: its flavor and image ask for no encryption any more");
        state = state with
        {
            RoundOpenedAt = null,
            NextRoundAt = RoundTimes.Never,
            Verdict = Verdict.Contraindicated,
            JudgedAt = now,
            Result = Result(known, Verdict.Contraindicated, finding),
        };
        return new(SweepStepKind.Changed, Record(SweepEvents.NotEncrypted, state, ChangeRecord.Between(known, state), isAlert: true), state);
    }

    private static SweepStep Silent(InstanceState known, DateTimeOffset opened, SweepMoment moment)
    {
        bool isUnjudged = IsUnjudged(known, moment);
        // Whoever was found bad cannot make himself better by saying nothing.
        Verdict verdict = known.Verdict == Verdict.Contraindicated ? Verdict.Contraindicated : isUnjudged ? Verdict.None : moment.Options.Silence;
        string since = Written(opened);
        var finding = new Finding(isUnjudged ? SweepCodes.NotJudged : SweepCodes.Silent, isUnjudged ? Verdict.None : verdict, "evidence", $"an answer within {moment.Options.Grace.TotalSeconds:0} s",
            isUnjudged ? $"answers since {since} that could not be judged here: {known.NoAnswerCode}"
            : known.NoAnswerCode is { } code ? $"none that authenticates since {since}; the last one failed by {code}" : $"none since {since}");
        InstanceState state = known with { Verdict = verdict, JudgedAt = moment.Now, Result = SilentResult(known, verdict, finding) };
        var body = new SilentRecord(JudgementRecord.Word(verdict), known.Verdict is { } before ? JudgementRecord.Word(before) : null, opened, known.NoAnswerCode, known.Nudges,
            new HostRecord(known.Node, known.HostName, Chip: null));
        return new(SweepStepKind.Silent, Record(SweepEvents.Silent, state, body, isAlert: true), state);
    }

    /// <summary>What came lately could not be judged, and that was our own failure. It counts as long as the guest goes on answering.</summary>
    private static bool IsUnjudged(InstanceState known, SweepMoment moment) =>
        known is { NoAnswerCode: { } code, NoAnswerAt: { } at } && RoundRules.IsUnjudged(code) && moment.Now - at < moment.Options.Grace;

    /// <summary>What was found of a bad one is still what speaks against it.</summary>
    private static byte[] SilentResult(InstanceState before, Verdict verdict, Finding finding)
    {
        JudgementRecord record = JudgementRecord.WithoutEvidence(before, verdict, finding);
        return before.Verdict == Verdict.Contraindicated && StoredResult.Of(before)?.Judgement.Findings is { } findings
            ? new StoredResult(record with { Findings = [.. record.Findings, .. findings.Where(one => one.Code != finding.Code)] }).Bytes() : new StoredResult(record).Bytes();
    }

    /// <summary>A first host is no move, unless the instance was at work before.</summary>
    private static bool HasMoved(InstanceState known, InstanceState state) => state.HostName is not null
        && (known.HostName is null ? known.Status is not ("BUILD" or "ERROR") : known.HostName != state.HostName || (known.Node is { } node && state.Node is { } other && node != other));

    /// <summary>RESIZED and waiting to be confirmed, it runs on its new host; PASSWORD passes.</summary>
    public static bool Answers(string status) => status is ListedServer.Active or "VERIFY_RESIZE" or "PASSWORD";

    private static byte[] Result(InstanceState before, Verdict verdict, Finding finding) =>
        new StoredResult(JudgementRecord.WithoutEvidence(before, verdict, finding)).Bytes();

    private static string Written(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);

    private static HistoryRecord Record<T>(string kind, InstanceState state, T body, bool isAlert = false) =>
        new(kind, state.Instance, state.Project, JsonSerializer.SerializeToUtf8Bytes(body, typeof(T), SweepJson.Default)) { Event = new EventFields { IsAlert = isAlert } };
}
