using System.Text.Json.Nodes;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Sweep;

namespace OpenStackSev.Control.Tests.Reattestation.Sweep;

/// <summary>What a sweep does about one instance.</summary>
public sealed class SweepRulesTests
{
    private static readonly SweepOptions s_options = Given.Options;

    [Fact]
    public void A_new_instance_is_kept_told_and_asked_at_once()
    {
        SweepStep step = Step(null, Given.Listed);
        Assert.Equal((SweepStepKind.Seen, SweepEvents.Seen), (step.Kind, step.Record!.Kind));
        Assert.Equal((Given.Instance, "p1"), (step.Record.Subject, step.Record.Project));
        Assert.Equal(Given.Now, step.State.RoundOpenedAt);
        Assert.Equal((Given.Now, Given.Now, null), (step.State.FirstSeenAt, step.State.SeenAt, step.State.Verdict));
        Assert.Equal((Given.Node, "compute1", "snp.small", Given.Image), (step.State.Node!.Value, step.State.HostName, step.State.Flavor, step.State.Image!.Value));
        Assert.Equal("compute1", (string?)JsonNode.Parse(step.Record.Body.Span)!["host"]!["name"]);
        Nothing(Kept(step), Given.Listed);
    }

    [Fact]
    public void Instances_that_ran_before_are_asked_one_after_another()
    {
        DateTimeOffset[] due = [.. Enumerable.Range(0, 200).Select(_ => Step(null, Given.Listed with { Id = Guid.NewGuid(), CreatedAt = Given.Now.AddDays(-9) }).State)
            .Select(state => state.RoundOpenedAt is null ? state.NextRoundAt : throw new InvalidOperationException("it does not wait"))];
        Assert.All(due, time => Assert.InRange(time, Given.Now, Given.Now + s_options.Jitter));
        Assert.True(due.Max() - due.Min() > s_options.Jitter / 2, "they beat as one");
    }

    [Theory]
    [InlineData("BUILD"), InlineData("SHUTOFF"), InlineData("ERROR")]
    public void A_new_instance_that_does_not_run_waits(string status)
    {
        InstanceState state = Step(null, Given.Listed with { Status = status }).State;
        Assert.Null(state.RoundOpenedAt);
        Assert.Equal(RoundTimes.Never, state.NextRoundAt);
        SweepStep runs = Step(state with { Version = 1 }, Given.Listed);
        Assert.Equal((SweepStepKind.Opened, Given.Now), (runs.Kind, runs.State.RoundOpenedAt!.Value));
        Assert.Null(runs.Record);
    }

    [Fact]
    public void What_is_not_encrypted_is_deleted_or_of_a_cell_that_is_away_is_not_new()
    {
        Nothing(null, Given.Listed with { Model = null });
        Nothing(null, Given.Listed with { Status = "DELETED" });
        Nothing(null, Given.Listed with { Status = "UNKNOWN", Model = null });
        Nothing(null, null);
    }

    [Theory]
    [InlineData("amd-sev"), InlineData("amd-sev-es"), InlineData("intel-tdx")]
    public void A_model_without_reports_of_its_guests_gets_no_rounds_and_a_reason(string model)
    {
        SweepStep step = Step(null, Given.Listed with { Model = model });
        Assert.Equal((Verdict.None, null, RoundTimes.Never), (step.State.Verdict!.Value, step.State.RoundOpenedAt, step.State.NextRoundAt));
        Assert.Equal(SweepCodes.NoGuestReport, Code(step.State));
        InstanceState kept = Kept(step);
        Nothing(kept, Given.Listed with { Model = model });
        Nothing(kept, null, Given.Moment with { Now = Given.Now.AddDays(400) });
        // It stops and runs again: still nothing to ask.
        InstanceState stopped = Kept(Step(kept, Given.Listed with { Model = model, Status = "SHUTOFF" }));
        Assert.Null(Step(stopped, Given.Listed with { Model = model }).State.RoundOpenedAt);
    }

    [Fact]
    public void An_instance_that_is_as_it_was_is_not_written()
    {
        Nothing(Given.Known, Given.Listed);
        Nothing(Given.Known, null);
    }

    [Fact]
    public void What_changed_without_meaning_is_written_and_not_told()
    {
        SweepStep step = Step(Given.Known, Given.Listed with { Name = "renamed" });
        Assert.Equal((SweepStepKind.Updated, null), (step.Kind, step.Record));
        Assert.Equal(Given.Known with { Name = "renamed", SeenAt = Given.Now }, step.State);
    }

    [Fact]
    public void A_node_that_reported_later_is_filled_in()
    {
        SweepStep step = Step(Given.Known with { Node = null }, Given.Listed);
        Assert.Equal((SweepStepKind.Updated, Given.Node), (step.Kind, step.State.Node!.Value));
        Assert.Null(step.State.RoundOpenedAt);
    }

    [Theory, InlineData("compute2", true), InlineData("compute1", true), InlineData("compute2", false)]
    public void A_moved_instance_is_told_and_asked_at_once(string host, bool isNodeKnown)
    {
        SweepStep step = Step(Given.Known, Given.Listed with { HostName = host, Node = isNodeKnown ? Given.OtherNode : null });
        Assert.Equal((SweepStepKind.Moved, SweepEvents.Moved), (step.Kind, step.Record!.Kind));
        Assert.Equal(Given.Now, step.State.RoundOpenedAt);
        AssertUnproven(step.State);
        JsonNode body = JsonNode.Parse(step.Record.Body.Span)!["host"]!;
        Assert.Equal(("compute1", host), ((string?)body["name_before"], (string?)body["name"]));
        Assert.Equal(Given.Node.ToString(), (string?)body["node_before"]);
    }

    [Fact]
    public void What_was_proven_of_another_image_or_flavor_is_no_word_about_this_one()
    {
        InstanceState challenged = Given.Known with { Challenge = Guid.NewGuid(), Nonce = new byte[32], ChallengeExpiresAt = Given.Now.AddMinutes(1) };
        AssertUnproven(Step(challenged, Given.Listed with { Image = Guid.NewGuid() }).State);
        AssertUnproven(Step(challenged, Given.Listed with { Flavor = "other" }).State);
        AssertUnproven(Step(challenged with { GoneAt = Given.Now.AddHours(-1) }, Given.Listed).State);
    }

    private static void AssertUnproven(InstanceState state)
    {
        Assert.Equal((null, null, null), (state.Verdict, state.JudgedAt, state.Result));
        Assert.Equal((null, null, null), (state.Challenge, state.Nonce, state.ChallengeExpiresAt));
    }

    [Fact]
    public void A_first_host_is_no_move_and_one_after_a_shelf_is()
    {
        InstanceState built = Given.Known with { Status = "BUILD", HostName = null, Node = null, NextRoundAt = RoundTimes.Never };
        Assert.Equal(SweepStepKind.Opened, Step(built, Given.Listed).Kind);
        InstanceState shelved = built with { Status = "SHELVED_OFFLOADED" };
        Assert.Equal(SweepEvents.Moved, Step(shelved, Given.Listed).Record!.Kind);
    }

    [Fact]
    public void A_rebuilt_instance_is_told_and_asked_at_once()
    {
        Guid other = Guid.NewGuid();
        SweepStep step = Step(Given.Known, Given.Listed with { Image = other });
        Assert.Equal((SweepStepKind.Changed, SweepEvents.Changed, Given.Now), (step.Kind, step.Record!.Kind, step.State.RoundOpenedAt!.Value));
        Assert.Equal(other.ToString(), (string?)JsonNode.Parse(step.Record.Body.Span)!["image"]);
        Assert.Equal(SweepEvents.Changed, Step(Given.Known, Given.Listed with { Flavor = "snp.large" }).Record!.Kind);
    }

    [Fact]
    public void One_that_changes_to_a_model_without_reports_loses_its_verdict()
    {
        SweepStep step = Step(Given.Known, Given.Listed with { Model = "amd-sev", Flavor = "sev" });
        Assert.Equal((SweepEvents.Changed, Verdict.None, null), (step.Record!.Kind, step.State.Verdict!.Value, step.State.RoundOpenedAt));
        SweepStep back = Step(Kept(step), Given.Listed);
        Assert.Equal((SweepEvents.Changed, Given.Now), (back.Record!.Kind, back.State.RoundOpenedAt!.Value));
    }

    [Fact]
    public void One_that_asks_for_no_encryption_any_more_is_contraindicated_once()
    {
        SweepStep step = Step(Given.Open(TimeSpan.FromMinutes(1)), Given.Listed with { Model = null, Flavor = "plain" });
        Assert.Equal((SweepEvents.NotEncrypted, Verdict.Contraindicated, null), (step.Record!.Kind, step.State.Verdict!.Value, step.State.RoundOpenedAt));
        Assert.True(step.Record.Event.IsAlert);
        Assert.Equal(SweepCodes.NotEncrypted, Code(step.State));
        Nothing(Kept(step), Given.Listed with { Model = null, Flavor = "plain" });
        Nothing(Kept(step), null, Given.Moment with { Now = Given.Now.AddDays(400) });
        Assert.Equal(SweepEvents.Changed, Step(Kept(step), Given.Listed).Record!.Kind);
    }

    [Fact]
    public void An_image_that_is_gone_takes_no_encryption_away()
    {
        Nothing(Given.Known, Given.Listed with { Model = null, IsModelCertain = false });
        // Rebuilt to another that is gone: only the flavor has spoken, and it says no.
        Assert.Equal(SweepEvents.NotEncrypted, Step(Given.Known, Given.Listed with { Model = null, IsModelCertain = false, Image = Guid.NewGuid() }).Record!.Kind);
    }

    [Fact]
    public void A_deleted_instance_is_gone_once()
    {
        SweepStep step = Step(Given.Open(TimeSpan.FromMinutes(1)), Given.Listed with { Status = "DELETED", Model = null });
        Assert.Equal((SweepStepKind.Gone, SweepEvents.Gone), (step.Kind, step.Record!.Kind));
        Assert.Equal((Given.Now, null, RoundTimes.Never), (step.State.GoneAt!.Value, step.State.RoundOpenedAt, step.State.NextRoundAt));
        Nothing(Kept(step), Given.Listed with { Status = "DELETED", Model = null });
        Nothing(Kept(step), null);
    }

    [Fact]
    public void One_that_is_there_again_begins_anew()
    {
        InstanceState gone = Kept(Step(Given.Known, Given.Listed with { Status = "DELETED" }));
        SweepStep step = Step(gone, Given.Listed);
        Assert.Equal((SweepEvents.Returned, null, Given.Now), (step.Record!.Kind, step.State.GoneAt, step.State.RoundOpenedAt!.Value));
        Nothing(gone, Given.Listed with { Model = null });
    }

    [Theory]
    [InlineData("SHUTOFF"), InlineData("PAUSED"), InlineData("SUSPENDED"), InlineData("SHELVED_OFFLOADED"), InlineData("RESCUE"), InlineData("REBOOT"), InlineData("ERROR")]
    public void One_that_stops_is_not_silent_and_is_asked_when_it_is_back(string status)
    {
        InstanceState open = Given.Open(s_options.Grace * 3);
        InstanceState stopped = Kept(Step(open, Given.Listed with { Status = status }));
        Assert.Equal((null, RoundTimes.Never, status), (stopped.RoundOpenedAt, stopped.NextRoundAt, stopped.Status));
        Nothing(stopped, null, Given.Moment with { Now = Given.Now.AddDays(30) });
        SweepStep back = Step(stopped, Given.Listed, Given.Moment with { Now = Given.Now.AddDays(30) });
        Assert.Equal((SweepStepKind.Opened, Given.Now.AddDays(30)), (back.Kind, back.State.RoundOpenedAt!.Value));
    }

    [Fact]
    public void A_resized_instance_is_asked_before_its_move_is_confirmed_and_its_silence_is_not_judged_yet()
    {
        SweepStep moved = Step(Given.Known, Given.Listed with { Status = "VERIFY_RESIZE", HostName = "compute2", Node = Given.OtherNode });
        Assert.Equal((SweepEvents.Moved, Given.Now), (moved.Record!.Kind, moved.State.RoundOpenedAt!.Value));
        SweepMoment later = Given.Moment with { Now = Given.Now + (s_options.Grace * 2) };
        Nothing(Kept(moved), null, later);
        InstanceState confirmed = Kept(Step(Kept(moved), Given.Listed with { HostName = "compute2", Node = Given.OtherNode }, later));
        Assert.Equal(Given.Now, confirmed.RoundOpenedAt);
        Assert.Equal(SweepEvents.Silent, Step(confirmed, null, later).Record!.Kind);
    }

    [Fact]
    public void While_its_cell_is_away_all_stays_as_it_was()
    {
        InstanceState open = Given.Open(TimeSpan.FromMinutes(2));
        var partial = new ListedServer(Given.Instance, "", "p1", "UNKNOWN");
        SweepStep step = Step(open, partial);
        Assert.Equal(open with { Status = "UNKNOWN", SeenAt = Given.Now }, step.State);
        Nothing(Kept(step), partial);
        Nothing(Kept(step), null, Given.Moment with { Now = Given.Now.AddDays(1) });
        // Back: the same round goes on.
        Assert.Equal(open.RoundOpenedAt, Step(Kept(step), Given.Listed).State.RoundOpenedAt);
    }

    [Fact]
    public void A_round_opens_when_it_is_due_and_not_before()
    {
        Nothing(Given.Known, null, Given.Moment with { Now = Given.Known.NextRoundAt.AddTicks(-10) });
        SweepStep step = Step(Given.Known, null, Given.Moment with { Now = Given.Known.NextRoundAt });
        Assert.Equal((SweepStepKind.Opened, null), (step.Kind, step.Record));
        Assert.Equal(Given.Known with { RoundOpenedAt = Given.Known.NextRoundAt }, step.State);
    }

    [Fact]
    public void Silence_is_judged_when_the_grace_is_over_once()
    {
        Nothing(Given.Open(s_options.Grace - TimeSpan.FromSeconds(1)) with { NudgedAt = Given.Now }, null);
        InstanceState open = Given.Open(s_options.Grace) with { NoAnswerCode = "attestation.challenge.late", Nudges = 3, NudgedAt = Given.Now };
        SweepStep step = Step(open, null);
        Assert.Equal((SweepStepKind.Silent, SweepEvents.Silent, true), (step.Kind, step.Record!.Kind, step.Record.Event.IsAlert));
        Assert.Equal((Verdict.Warning, Given.Now, open.RoundOpenedAt), (step.State.Verdict!.Value, step.State.JudgedAt!.Value, step.State.RoundOpenedAt));
        Assert.Equal(SweepCodes.Silent, Code(step.State));
        JsonNode body = JsonNode.Parse(step.Record.Body.Span)!;
        Assert.Equal(("warning", "affirming", "attestation.challenge.late", 3),
            ((string?)body["verdict"], (string?)body["previous"], (string?)body["no_answer"], (int)body["nudges"]!));
        Assert.True(SweepRules.IsSilent(Kept(step)));
        Nothing(Kept(step), null);
    }

    [Fact]
    public void A_policy_may_contraindicate_silence()
    {
        SweepMoment strict = Given.Moment with { Options = new SweepOptions { SilenceWord = "contraindicated" } };
        SweepStep step = Step(Given.Open(s_options.Grace), null, strict);
        Assert.Equal(Verdict.Contraindicated, step.State.Verdict);
    }

    [Fact]
    public void Whoever_was_found_bad_does_not_become_better_by_saying_nothing()
    {
        InstanceState bad = Enforcement.Given.Judged(Verdict.Contraindicated, "snp.policy.debug") with { RoundOpenedAt = Given.Now - s_options.Grace, JudgedAt = Given.Now.AddHours(-1), NudgedAt = Given.Now };
        foreach (InstanceState silent in new[] { bad, bad with { NoAnswerCode = "snp.crl.stale", NoAnswerAt = Given.Now } })
        {
            InstanceState judged = Step(silent, null).State;
            Assert.Equal(Verdict.Contraindicated, judged.Verdict);
            Assert.Contains("snp.policy.debug", JsonNode.Parse(judged.Result)!["judgement"]!["findings"]!.AsArray().Select(finding => (string?)finding!["code"]));
        }
    }

    /// <summary>KDS is down, or the CRL is stale: that is no silence, as long as the guest goes on answering.</summary>
    [Fact]
    public void One_whose_answers_cannot_be_judged_is_not_silent_and_is_when_it_stops_answering()
    {
        InstanceState open = Given.Open(s_options.Grace) with { NoAnswerCode = "snp.crl.stale", NoAnswerAt = Given.Now.AddMinutes(-1), NudgedAt = Given.Now };
        InstanceState excused = Kept(Step(open, null));
        Assert.Equal((Verdict.None, SweepCodes.NotJudged), (excused.Verdict!.Value, Code(excused)));
        DateTimeOffset later = open.NoAnswerAt.Value + s_options.Grace;
        Nothing(excused with { NudgedAt = later }, null, Given.Moment with { Now = later.AddSeconds(-1) });
        InstanceState silent = Step(excused, null, Given.Moment with { Now = later }).State;
        Assert.Equal((Verdict.Warning, SweepCodes.Silent), (silent.Verdict!.Value, Code(silent)));
        // What does not authenticate is no excuse, however often it comes.
        Assert.Equal(Verdict.Warning, Step(excused with { NoAnswerCode = "snp.signature.mismatch", NoAnswerAt = Given.Now }, null).State.Verdict);
    }

    [Fact]
    public void Nobody_is_silent_before_somebody_has_listened_for_the_grace_or_while_Nova_does_not_say_who_runs()
    {
        InstanceState open = Given.Open(TimeSpan.FromDays(1)) with { NudgedAt = Given.Now, JudgedAt = null };
        Nothing(open, null, Given.Moment with { ListeningSince = Given.Now - s_options.Grace + TimeSpan.FromSeconds(1) });
        Nothing(open, null, Given.Moment with { KnowsStatus = false });
        Assert.Equal(SweepStepKind.Silent, Step(open, null, Given.Moment with { ListeningSince = Given.Now - s_options.Grace }).Kind);
    }

    [Fact]
    public void An_answer_of_the_open_round_is_no_silence_of_the_next()
    {
        // Judged just before the round was opened.
        InstanceState open = Given.Open(s_options.Grace) with { JudgedAt = Given.Now - s_options.Grace - TimeSpan.FromSeconds(1) };
        Assert.False(SweepRules.IsSilent(open));
        Assert.Equal(SweepStepKind.Silent, Step(open, null).Kind);
    }

    [Fact]
    public void The_overdue_are_nudged_again_and_again_and_the_counter_grows()
    {
        Nothing(Given.Open(s_options.NudgeAfter - TimeSpan.FromSeconds(1)), null);
        InstanceState open = Given.Open(s_options.NudgeAfter) with { Nudges = 4, NudgedAt = Given.Now.AddDays(-2) };
        Nothing(open, null, Given.Moment with { MayNudge = false });
        SweepStep step = Step(open, null);
        Assert.Equal((SweepStepKind.Nudged, null, 5, Given.Now), (step.Kind, step.Record, step.State.Nudges, step.State.NudgedAt!.Value));
        Nothing(Kept(step), null);
        Assert.Equal(SweepStepKind.Nudged, Step(Kept(step), null, Given.Moment with { Now = Given.Now + s_options.NudgeAfter }).Kind);
    }

    [Fact]
    public void The_silent_are_nudged_more_rarely()
    {
        InstanceState silent = Kept(Step(Given.Open(s_options.Grace) with { NudgedAt = Given.Now }, null));
        Nothing(silent, null, Given.Moment with { Now = Given.Now + s_options.Grace - TimeSpan.FromSeconds(1) });
        Assert.Equal(SweepStepKind.Nudged, Step(silent, null, Given.Moment with { Now = Given.Now + s_options.Grace }).Kind);
    }

    [Fact]
    public void A_moved_instance_that_was_silent_is_judged_anew()
    {
        InstanceState silent = Kept(Step(Given.Open(s_options.Grace), null));
        InstanceState moved = Kept(Step(silent, Given.Listed with { HostName = "compute2", Node = Given.OtherNode }, Given.Moment with { Now = Given.Now.AddMinutes(1) }));
        Assert.False(SweepRules.IsSilent(moved));
    }

    [Fact]
    public void What_was_decided_is_done_after_a_few_steps()
    {
        InstanceState? known = Given.Open(TimeSpan.FromDays(1));
        ListedServer listed = Given.Listed with { HostName = "compute2", Node = Given.OtherNode, Image = Guid.NewGuid(), Name = "renamed" };
        int steps = 0;
        while (SweepRules.Decide(known, listed, Given.Moment) is { } step)
        {
            known = Kept(step);
            Assert.True(++steps < 10, "it never ends");
        }

        Assert.Equal((1, "compute2"), (steps, known!.HostName));
    }

    [Fact]
    public void Spread_is_within_its_bound_and_not_the_same()
    {
        TimeSpan[] spread = [.. Enumerable.Range(0, 1000).Select(i => RoundTimes.Spread(Given.Instance, Given.Now.AddSeconds(i), TimeSpan.FromMinutes(1)))];
        Assert.All(spread, part => Assert.InRange(part, TimeSpan.Zero, TimeSpan.FromMinutes(1)));
        Assert.InRange(spread.Average(part => part.TotalSeconds), 25, 35);
    }

    private static SweepStep Step(InstanceState? known, ListedServer? listed, SweepMoment? moment = null) =>
        SweepRules.Decide(known, listed, moment ?? Given.Moment) ?? throw new InvalidOperationException("nothing is to be done");

    private static void Nothing(InstanceState? known, ListedServer? listed, SweepMoment? moment = null) =>
        Assert.Null(SweepRules.Decide(known, listed, moment ?? Given.Moment));

    private static InstanceState Kept(SweepStep step) => step.State with { Version = step.State.Version + 1 };

    private static string Code(InstanceState state) => (string)JsonNode.Parse(state.Result)!["judgement"]!["findings"]![0]!["code"]!;
}
