using OpenStackSev.Attestation;
using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Sweep;

namespace OpenStackSev.Control.Tests.Enforcement;

/// <summary>What is to be done about one instance.</summary>
public sealed class EnforcementRulesTests
{
    private const Measures All = Measures.Record | Measures.Event | Measures.Tag | Measures.Lock | Measures.Stop;

    [Fact]
    public void A_bad_one_is_noticed_and_then_each_measure_is_intended_done_and_told_once_the_mildest_first()
    {
        (EnforcementState? row, IReadOnlyList<string> told) = Given.Follow(Given.Bad, null, Given.Moment);
        Assert.Equal(
        [
            "enforcement.done", "enforcement.done", "enforcement.intended", "do tag", "enforcement.intended", "do lock", "enforcement.intended", "do stop",
        ], told);
        Assert.Equal((EnforcementStanding.Acted, null, All, Given.Now), (row!.Standing, row.Reason, row.Done, row.Since!.Value));
        Assert.Null(EnforcementRules.Decide(Given.Bad, row, Given.Moment));
    }

    [Theory]
    [InlineData(Verdict.Affirming), InlineData(Verdict.Warning), InlineData(Verdict.None), InlineData(null)]
    public void Nothing_is_ever_begun_about_one_that_is_not_what_a_rule_is_about(Verdict? verdict)
    {
        InstanceState instance = verdict is { } one ? Given.Judged(one, Given.Code) : Given.Bad with { Verdict = null, Result = null };
        Assert.Equal((null, 0), (Given.Follow(instance, null, Given.Moment).Row, Given.Follow(instance, null, Given.Moment).Told.Count));
    }

    /// <summary>Not even by rules that no file can hold.</summary>
    [Fact]
    public void An_affirming_one_is_left_alone_whatever_the_rules_say()
    {
        EnforcementMoment moment = Given.With(rules => rules with { Rules = [rules.Rules[0] with { Verdict = Verdict.Affirming }] });
        Assert.Empty(Given.Follow(Given.Good, null, moment).Told);
        // What was intended before it turned good is not sent any more.
        EnforcementState pending = EnforcementRules.Decide(Given.Bad, Given.Row(Measures.Record | Measures.Event), Given.Moment)!.State;
        Assert.Equal((Measures.Tag, EnforcementReasons.Recovered), (pending.Pending, EnforcementRules.Stops(Given.Good, pending, Given.Moment)));
        Assert.Null(EnforcementRules.Stops(Given.Bad, pending, Given.Moment));
    }

    [Theory]
    [InlineData("off", EnforcementReasons.ModeOff), InlineData("dry", EnforcementReasons.DryRun), InlineData("project", EnforcementReasons.ProjectNotOptedIn)]
    [InlineData("exempt instance", EnforcementReasons.Exempt), InlineData("exempt project", EnforcementReasons.Exempt), InlineData("exempt flavor", EnforcementReasons.Exempt)]
    [InlineData("breaker", EnforcementReasons.BreakerOpen), InlineData("run", EnforcementReasons.RunLimit), InlineData("hour", EnforcementReasons.HourLimit)]
    [InlineData("stopped", EnforcementReasons.NotRunning), InlineData("released", EnforcementReasons.Released), InlineData("stale", EnforcementReasons.StaleVerdict)]
    public void Whatever_is_not_done_has_its_reason_told_once(string what, string reason)
    {
        (InstanceState instance, EnforcementState row, EnforcementMoment moment) = what switch
        {
            "off" => (Given.Bad, Given.Row(), Given.With(rules => rules with { Mode = EnforcementMode.Off })),
            "dry" => (Given.Bad, Given.Row(), Given.With(rules => rules with { Mode = EnforcementMode.DryRun })),
            "project" => (Given.Bad, Given.Row(), Given.With(rules => rules with { Projects = new Dictionary<string, Measures> { ["*"] = Measures.Shelve, [Given.Bad.Project] = Measures.Event } })),
            "exempt instance" => (Given.Bad, Given.Row(), Given.With(rules => rules with { ExemptInstances = new HashSet<Guid> { Given.Bad.Instance } })),
            "exempt project" => (Given.Bad, Given.Row(), Given.With(rules => rules with { ExemptProjects = new HashSet<string> { Given.Bad.Project } })),
            "exempt flavor" => (Given.Bad, Given.Row(), Given.With(rules => rules with { ExemptFlavors = new HashSet<string> { Given.Bad.Flavor! } })),
            "breaker" => (Given.Bad, Given.Row(), Given.Moment with { IsBreakerOpen = true }),
            "run" => (Given.Bad, Given.Row(), Given.Moment with { Budget = BudgetLeft.NoneThisRun }),
            "hour" => (Given.Bad, Given.Row(), Given.Moment with { Budget = BudgetLeft.NoneThisHour }),
            "stopped" => (Given.Bad with { Status = "SHUTOFF" }, Given.Row(), Given.Moment),
            "released" => (Given.Bad, Given.Row() with { ReleasedUntil = Given.Now.AddHours(1) }, Given.Moment),
            _ => (Given.Bad with { JudgedAt = Given.Now.AddHours(-1) }, Given.Row(), Given.Moment),
        };
        (EnforcementState? left, IReadOnlyList<string> told) = Given.Follow(instance, row, moment);
        Assert.Equal(reason, left!.Reason);
        Assert.Equal(what == "dry" ? EnforcementStanding.DryRun : EnforcementStanding.Withheld, left.Standing);
        Assert.Equal(reason, told[^1]);
        Assert.DoesNotContain(told, one => one.StartsWith("do ", StringComparison.Ordinal));
        Assert.Null(EnforcementRules.Decide(instance, left, moment));
        // The two limits change with every look, and tell nothing new.
        if (what == "run")
            Assert.Empty(Given.Follow(instance, left, moment with { Budget = BudgetLeft.NoneThisHour }).Told);
    }

    [Fact]
    public void It_waits_for_the_time_of_the_rule_and_for_as_many_judgements()
    {
        EnforcementMoment moment = Given.With(rules => rules with { Rules = [rules.Rules[0] with { After = TimeSpan.FromMinutes(15), Rounds = 2 }] });
        (EnforcementState? row, IReadOnlyList<string> told) = Given.Follow(Given.Bad, null, moment);
        Assert.Equal((EnforcementStanding.Waiting, EnforcementReasons.Waiting, 1), (row!.Standing, row.Reason, row.Rounds));
        Assert.Empty(told);
        Assert.Empty(Given.Follow(Given.Bad, row, moment with { Now = Given.Now.AddMinutes(16) }).Told);
        Assert.Empty(Given.Follow(Given.Bad with { JudgedAt = Given.Now.AddMinutes(14) }, row, moment with { Now = Given.Now.AddMinutes(14) }).Told);
        Assert.Contains("do stop", Given.Follow(Given.Bad with { JudgedAt = Given.Now.AddMinutes(16) }, row, moment with { Now = Given.Now.AddMinutes(16) }).Told);
    }

    [Fact]
    public void Good_again_all_of_ours_is_undone_the_most_severe_first_also_under_an_open_breaker_and_without_a_budget()
    {
        EnforcementMoment moment = Given.Moment with { IsBreakerOpen = true, Budget = BudgetLeft.NoneThisHour };
        (EnforcementState? row, IReadOnlyList<string> told) = Given.Follow(Given.Good, Given.Row(All), moment);
        Assert.Equal(["undo stop", "undo lock", "undo tag"], told.Where(one => one.StartsWith("undo", StringComparison.Ordinal)));
        Assert.Equal("enforcement.cleared", told[^1]);
        Assert.Equal((EnforcementStanding.Clear, Measures.None, null), (row!.Standing, row.Done, row.Since));
    }

    [Fact]
    public void Silence_and_having_no_verdict_undo_nothing_and_add_nothing()
    {
        foreach (InstanceState unknown in new[] { Given.JudgedBy("none", Verdict.Warning, SweepCodes.Silent), Given.JudgedBy("none", Verdict.None, SweepCodes.NotJudged), Given.Bad with { Verdict = null, Result = null } })
        {
            (EnforcementState? row, IReadOnlyList<string> told) = Given.Follow(unknown, Given.Row(Measures.Lock), Given.Moment);
            Assert.Equal((EnforcementStanding.Acted, EnforcementReasons.NoVerdict, Measures.Lock), (row!.Standing, row.Reason, row.Done));
            Assert.Empty(told);
        }
    }

    [Fact]
    public void A_warning_that_rests_on_evidence_is_good_unless_a_rule_is_about_it()
    {
        InstanceState warned = Given.Judged(Verdict.Warning, "snp.binding.none");
        Assert.Contains("undo lock", Given.Follow(warned, Given.Row(Measures.Lock), Given.Moment).Told);
        EnforcementMoment moment = Given.With(rules => rules with { Rules = [rules.Rules[0] with { Verdict = Verdict.Warning, Codes = ["snp.binding.*"] }] });
        Assert.Contains("do stop", Given.Follow(warned, null, moment).Told);
        Assert.Empty(Given.Follow(Given.Judged(Verdict.Warning, "attestation.key.none"), null, moment).Told);
    }

    [Fact]
    public void That_nobody_can_tell_is_never_acted_on_not_even_by_a_rule_for_it()
    {
        EnforcementMoment moment = Given.With(rules => rules with { Rules = [rules.Rules[0] with { Verdict = Verdict.None, Codes = ["*"] }] });
        Assert.Empty(Given.Follow(Given.JudgedBy("none", Verdict.None, SweepCodes.NotJudged), null, moment).Told);
        Assert.NotEmpty(Given.Follow(Given.JudgedBy("none", Verdict.None, SweepCodes.NoGuestReport), null, moment).Told);
    }

    [Fact]
    public void What_a_project_is_opted_in_to_is_done_and_the_rest_is_told()
    {
        EnforcementMoment moment = Given.With(rules => rules with { Projects = new Dictionary<string, Measures> { [Given.Bad.Project] = Measures.Tag } });
        (EnforcementState? row, IReadOnlyList<string> told) = Given.Follow(Given.Bad, null, moment);
        Assert.Equal((Measures.Record | Measures.Event | Measures.Tag, EnforcementReasons.ProjectNotOptedIn), (row!.Done, row.Reason));
        Assert.Equal("do tag", Assert.Single(told, one => one.StartsWith("do ", StringComparison.Ordinal)));
        // Opted out later: what was done is undone.
        EnforcementMoment less = Given.With(rules => rules with { Projects = new Dictionary<string, Measures>() });
        Assert.Contains("undo tag", Given.Follow(Given.Bad, row, less).Told);
    }

    [Fact]
    public void A_release_undoes_all_and_holds_for_its_time_then_the_clock_begins_anew()
    {
        EnforcementMoment moment = Given.With(rules => rules with { Rules = [rules.Rules[0] with { After = TimeSpan.FromMinutes(15) }] });
        EnforcementState released = Given.Row(All, TimeSpan.FromHours(1)) with { ReleasedUntil = Given.Now.AddHours(1) };
        InstanceState stopped = Given.Bad with { Status = "SHUTOFF" };
        (EnforcementState? row, IReadOnlyList<string> told) = Given.Follow(stopped, released, moment);
        Assert.Contains("undo stop", told);
        Assert.Equal((EnforcementReasons.Released, Measures.None), (row!.Reason, row.Done & EnforcementRules.OfNova));
        DateTimeOffset later = Given.Now.AddHours(1);
        InstanceState still = Given.Bad with { JudgedAt = later };
        (row, told) = Given.Follow(still, row, moment with { Now = later });
        Assert.Equal((EnforcementReasons.Waiting, later, null), (row!.Reason, row.Since!.Value, row.ReleasedUntil));
        Assert.Empty(told);
        Assert.Contains("do stop", Given.Follow(still, row, moment with { Now = later.AddMinutes(15) }).Told);
    }

    [Fact]
    public void One_that_did_not_run_gets_the_time_of_the_rule_when_it_runs_again()
    {
        EnforcementMoment moment = Given.With(rules => rules with { Rules = [rules.Rules[0] with { After = TimeSpan.FromMinutes(15) }] });
        EnforcementState row = Given.Follow(Given.Bad with { Status = "SHUTOFF" }, null, moment).Row!;
        Assert.Equal(EnforcementReasons.NotRunning, row.Reason);
        DateTimeOffset later = Given.Now.AddHours(1);
        row = Given.Follow(Given.Bad with { JudgedAt = later }, row, moment with { Now = later }).Row!;
        Assert.Equal((EnforcementReasons.Waiting, later), (row.Reason, row.Since!.Value));
    }

    [Fact]
    public void One_that_runs_though_it_was_stopped_is_looked_at_and_has_its_time_once_more()
    {
        EnforcementState row = Given.Row(All) with { LastActionAt = Given.Now.AddMinutes(-3) };
        Assert.Equal(["look"], Given.Follow(Given.Bad, row, Given.Moment).Told);
        Assert.Empty(Given.Follow(Given.Bad with { Status = "SHUTOFF" }, row with { Standing = EnforcementStanding.Acted, Reason = null }, Given.Moment).Told);
        EnforcementState overridden = EnforcementSteps.Override(row, "ACTIVE", Given.Now).State;
        Assert.Equal((All & ~Measures.Stop, Given.Now), (overridden.Done, overridden.Since!.Value));
        Assert.Contains("do stop", Given.Follow(Given.Bad, overridden, Given.Moment).Told);
    }

    [Fact]
    public void Shelving_stops_it_too_and_is_not_done_after_a_stop_of_its_own()
    {
        EnforcementMoment moment = Given.With(rules => rules with { Rules = [rules.Rules[0] with { Measures = Measures.Stop | Measures.Shelve }] });
        Assert.Equal(["do shelve"], Given.Follow(Given.Bad, null, moment).Told.Where(one => one.StartsWith("do ", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_measure_that_is_refused_does_not_keep_the_others_from_being_done_and_is_tried_again()
    {
        EnforcementState row = EnforcementRules.Decide(Given.Bad, Given.Row(Measures.Record | Measures.Event), Given.Moment)!.State;
        row = EnforcementSteps.Leave(row, EnforcementReasons.TagsFull, Given.Now).State;
        (EnforcementState? left, IReadOnlyList<string> told) = Given.Follow(Given.Bad, row, Given.Moment);
        Assert.Equal(["do lock", "do stop"], told.Where(one => one.StartsWith("do ", StringComparison.Ordinal)));
        Assert.Equal((EnforcementStanding.Withheld, EnforcementReasons.Failed), (left!.Standing, left.Reason));
        DateTimeOffset later = left.SkippedUntil!.Value;
        Assert.Contains("do tag", Given.Follow(Given.Bad with { Status = "SHUTOFF", JudgedAt = later }, left, Given.Moment with { Now = later }).Told);
    }

    [Fact]
    public void An_open_failure_stays_pending_until_its_next_try_and_is_told_once()
    {
        EnforcementState row = EnforcementRules.Decide(Given.Bad, Given.Row(Measures.Record | Measures.Event), Given.Moment)!.State;
        EnforcementStep first = EnforcementSteps.Fail(row, isOpen: true, "compute.503", "no", Given.Now), second = EnforcementSteps.Fail(first.State, isOpen: true, "compute.503", "no", Given.Now);
        Assert.Equal((EnforcementEvents.Failed, null), (first.Record!.Kind, second.Record?.Kind));
        Assert.Equal((Measures.Tag, 2, Given.Now.AddMinutes(1)), (second.State.Pending, second.State.Failures, second.State.NextTryAt!.Value));
        Assert.Empty(Given.Follow(Given.Bad, second.State, Given.Moment).Told);
        Assert.Equal("do tag", Given.Follow(Given.Bad, second.State, Given.Moment with { Now = Given.Now.AddMinutes(1) }).Told[0]);
    }

    [Fact]
    public void One_that_is_gone_needs_nothing_any_more()
    {
        (EnforcementState? row, IReadOnlyList<string> told) = Given.Follow(Given.Bad with { GoneAt = Given.Now }, Given.Row(All), Given.Moment);
        Assert.Equal((EnforcementStanding.Clear, Measures.None), (row!.Standing, row.Done));
        Assert.Equal([EnforcementEvents.Cleared], told);
        Assert.Null(EnforcementRules.Decide(null, row, Given.Moment));
    }
}
