using System.Text.Json.Nodes;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Notifications;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.Control.Tests.Reattestation.Sweep;

namespace OpenStackSev.Control.Tests.Notifications;

/// <summary>What follows from what was heard of one instance.</summary>
public sealed class NotificationRulesTests
{
    private static readonly TimeSpan s_lifetime = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    public static TheoryData<string> Proofs => [.. Of(Consequence.Proof), .. Of(Consequence.ProofOfAny)];

    public static TheoryData<string> Looks => [.. Of(Consequence.Look), .. Of(Consequence.LookAtAny)];

    [Theory, MemberData(nameof(Proofs))]
    public void A_guest_that_was_started_again_proves_itself_again_and_keeps_its_verdict_until_then(string eventType)
    {
        SweepStep step = Step(Given.Known, Given.Listed, Hint(eventType, s_minute));
        Assert.Equal((SweepStepKind.Opened, NotificationRecords.Restarted), (step.Kind, step.Record!.Kind));
        Assert.Equal((Given.Now, Verdict.Affirming, Given.Known.JudgedAt), (step.State.RoundOpenedAt!.Value, step.State.Verdict!.Value, step.State.JudgedAt));
        JsonNode body = JsonNode.Parse(step.Record.Body.Span)!;
        Assert.Equal((eventType, "affirming", "compute1"), ((string?)body["event_type"], (string?)body["previous"], (string?)body["host"]!["name"]));
        Nothing(Kept(step), Given.Listed, Hint(eventType, s_minute));
    }

    [Fact]
    public void A_rebuild_with_the_same_image_ends_the_verdict_and_the_challenge()
    {
        InstanceState challenged = Given.Known with { Challenge = Guid.NewGuid(), Nonce = new byte[32], ChallengeExpiresAt = Given.Now.AddMinutes(3) };
        SweepStep step = Step(challenged, Given.Listed, Hint("instance.rebuild.end", s_minute));
        Assert.Equal((SweepStepKind.Changed, NotificationRecords.Rebuilt), (step.Kind, step.Record!.Kind));
        Assert.Equal((null, null, null, null), (step.State.Verdict, step.State.JudgedAt, step.State.Challenge, step.State.Nonce));
        Assert.Equal(Given.Now, step.State.RoundOpenedAt);
        Nothing(Kept(step), Given.Listed, Hint("instance.rebuild.end", s_minute));
    }

    [Fact]
    public void A_rebuild_that_was_proven_since_is_old_news()
    {
        Nothing(Given.Known with { JudgedAt = Given.Now.AddSeconds(-59) }, Given.Listed, Hint("instance.rebuild.end", s_minute));
        Nothing(Given.Known with { JudgedAt = Given.Now.AddSeconds(-60) }, Given.Listed, Hint("instance.rebuild.end", s_minute));
        Assert.NotNull(Decide(Given.Known with { JudgedAt = Given.Now.AddSeconds(-61) }, Given.Listed, Hint("instance.rebuild.end", s_minute)));
    }

    [Fact]
    public void A_verdict_from_before_a_rebuild_ends_also_when_a_round_is_open_since()
    {
        InstanceState known = Given.Open(TimeSpan.FromSeconds(10)) with { JudgedAt = Given.Now.AddMinutes(-30) };
        SweepStep step = Step(known, Given.Listed, Hint("instance.rebuild.end", s_minute));
        Assert.Null(step.State.Verdict);
        Assert.Equal(known.RoundOpenedAt, step.State.RoundOpenedAt);
        Nothing(Kept(step), Given.Listed, Hint("instance.rebuild.end", s_minute));
    }

    [Fact]
    public void A_challenge_that_was_given_after_the_rebuild_stays()
    {
        InstanceState asked = Given.Open(TimeSpan.FromSeconds(30)) with
        {
            Verdict = null,
            JudgedAt = null,
            Challenge = Guid.NewGuid(),
            Nonce = new byte[32],
            ChallengeExpiresAt = Given.Now.AddSeconds(-20) + s_lifetime,
        };
        Nothing(asked, Given.Listed, Hint("instance.rebuild.end", s_minute));
        SweepStep step = Step(asked with { ChallengeExpiresAt = Given.Now.AddSeconds(-90) + s_lifetime }, Given.Listed, Hint("instance.rebuild.end", s_minute));
        Assert.Null(step.State.Challenge);
    }

    [Fact]
    public void One_that_is_stopped_after_its_rebuild_has_no_verdict_and_no_round()
    {
        InstanceState stopped = Given.Known with { Status = "SHUTOFF", NextRoundAt = RoundTimes.Never };
        ListedServer listed = Given.Listed with { Status = "SHUTOFF" };
        SweepStep step = Step(stopped, listed, Hint("instance.rebuild.end", s_minute));
        Assert.Equal((null, null, RoundTimes.Never), (step.State.Verdict, step.State.RoundOpenedAt, step.State.NextRoundAt));
        Nothing(Kept(step), listed, Hint("instance.rebuild.end", s_minute));
        // It is asked when it runs.
        Assert.Equal(Given.Now, Step(Kept(step), Given.Listed, Hint("instance.power_on.end", TimeSpan.Zero)).State.RoundOpenedAt);
    }

    [Fact]
    public void Another_image_is_told_once()
    {
        ListedServer other = Given.Listed with { Image = Guid.NewGuid() };
        SweepStep step = Step(Given.Known, other, Hint("instance.rebuild.end", s_minute));
        Assert.Equal(SweepEvents.Changed, step.Record!.Kind);
        Nothing(Kept(step), other, Hint("instance.rebuild.end", s_minute));
    }

    [Fact]
    public void An_evacuated_one_has_moved()
    {
        ListedServer moved = Given.Listed with { HostName = "compute2", Node = Given.OtherNode };
        SweepStep step = Step(Given.Known, moved, Hint("instance.rebuild.end", s_minute));
        Assert.Equal((SweepEvents.Moved, null), (step.Record!.Kind, step.State.Verdict));
        Nothing(Kept(step), moved, Hint("instance.rebuild.end", s_minute));
    }

    [Fact]
    public void A_stopped_one_that_runs_again_is_asked_and_the_reason_is_told()
    {
        InstanceState stopped = Given.Known with { Status = "SHUTOFF", NextRoundAt = RoundTimes.Never };
        SweepStep step = Step(stopped, Given.Listed, Hint("instance.power_on.end", TimeSpan.Zero));
        Assert.Equal((SweepStepKind.Opened, NotificationRecords.Restarted, "ACTIVE"), (step.Kind, step.Record!.Kind, step.State.Status));
        // What only says to look tells nothing.
        Assert.Null(Step(stopped, Given.Listed, Hint("instance.unpause.end", TimeSpan.Zero)).Record);
    }

    [Theory, MemberData(nameof(Looks))]
    public void What_only_says_to_look_changes_nothing_that_is_as_it_was(string eventType) => Nothing(Given.Known, Given.Listed, Hint(eventType, TimeSpan.Zero));

    [Fact]
    public void One_that_Nova_does_not_know_is_gone_once()
    {
        SweepStep step = Decide(Given.Known, null, Hint("instance.delete.end", s_minute))!;
        Assert.Equal((SweepEvents.Gone, Given.Now), (step.Record!.Kind, step.State.GoneAt));
        Assert.Null(Decide(Kept(step), null, Hint("instance.delete.end", s_minute)));
        Assert.Null(Decide(null, null, Hint("instance.delete.end", s_minute)));
        Assert.Null(Decide(Kept(step), null, Hint("instance.rebuild.end", s_minute)));
    }

    [Fact]
    public void A_hint_says_what_is_true_of_nobody()
    {
        // Deleted, says the message; Nova has it.
        Nothing(Given.Known, Given.Listed, Hint("instance.delete.end", TimeSpan.Zero));
        // Created, says the message; it asks for no encryption.
        Assert.Null(Decide(null, Given.Listed with { Model = null }, Hint("instance.create.end", TimeSpan.Zero)));
        Assert.Equal(SweepEvents.Seen, Decide(null, Given.Listed, Hint("instance.create.end", TimeSpan.Zero))!.Record!.Kind);
    }

    [Theory, InlineData("amd-sev"), InlineData("amd-sev-es")]
    public void A_guest_without_reports_is_asked_nothing(string model)
    {
        InstanceState known = Given.Known with { Model = model, NextRoundAt = RoundTimes.Never, Verdict = Verdict.None };
        Nothing(known, Given.Listed with { Model = model }, Hint("instance.rebuild.end", s_minute));
        Nothing(known, Given.Listed with { Model = model }, Hint("instance.reboot.end", s_minute));
    }

    [Fact]
    public void A_time_that_has_not_come_yet_and_none_at_all_are_now()
    {
        Assert.Equal(Given.Now, Hint("instance.reboot.end", -TimeSpan.FromDays(400)).ProofSince);
        Assert.Equal(Given.Now, InstanceHint.Of(new Notification { EventType = "instance.rebuild.end", Instance = Given.Instance }, Given.Now).RebuiltAt);
    }

    [Fact]
    public void A_time_of_long_ago_means_nothing_to_one_that_was_judged_since() => Nothing(Given.Known, Given.Listed, Hint("instance.rebuild.end", TimeSpan.FromDays(20_000)));

    [Fact]
    public void What_is_heard_together_is_the_same_in_any_order()
    {
        InstanceHint[] hints =
        [
            Hint("instance.rebuild.end", s_minute * 3), Hint("instance.power_on.end", s_minute), Hint("instance.create.end", s_minute * 9), Hint("instance.delete.end", TimeSpan.Zero),
            Hint("instance.rebuild.end", s_minute * 2),
        ];
        InstanceHint expected = new(MayBeNew: true, Given.Now - s_minute, "instance.power_on.end", Given.Now - (s_minute * 2));
        var random = new Random(1);
        for (int i = 0; i < 50; i++)
        {
            random.Shuffle(hints);
            Assert.Equal(expected, hints.Aggregate((a, b) => a.With(b)));
        }
    }

    private static IEnumerable<string> Of(Consequence consequence) =>
        NotificationEvents.Known.Where(pair => pair.Value == consequence).Select(pair => pair.Key).Order(StringComparer.Ordinal);

    private static InstanceHint Hint(string eventType, TimeSpan ago) =>
        InstanceHint.Of(Heard.Read(Heard.Of(eventType, Given.Instance, Given.Now - ago)), Given.Now);

    private static SweepMoment Moment => new(Given.Now, Given.Options, Given.Now.AddDays(-1));

    private static SweepStep? Decide(InstanceState? known, ListedServer? listed, InstanceHint hint) => NotificationRules.Decide(known, listed, hint, Moment, s_lifetime);

    private static SweepStep Step(InstanceState? known, ListedServer listed, InstanceHint hint) => Decide(known, listed, hint) ?? throw new InvalidOperationException("nothing to do");

    private static void Nothing(InstanceState? known, ListedServer listed, InstanceHint hint) => Assert.Null(Decide(known, listed, hint));

    private static InstanceState Kept(SweepStep step) => step.State with { Version = step.State.Version + 1 };
}
