using OpenStackSev.Attestation;
using OpenStackSev.Control.Gates;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.Control.Reattestation.Sweep;

namespace OpenStackSev.Control.Tests.Gates;

public sealed partial class GateRulesTests
{
    private const string Snp = "amd-sev-snp";
    private static readonly TimeSpan s_fresh = TimeSpan.FromMinutes(75);
    private static readonly DateTimeOffset s_now = Enforcement.Given.Now;
    private static readonly InstanceState s_good = Enforcement.Given.JudgedBy("guest_report", Verdict.Affirming);
    private static readonly Guid s_instance = s_good.Instance;
    private static readonly string s_stack = "466f702e-0e1b-4e67-a671-2fa421982b87";
    private static readonly NamedGate s_named = new(s_instance, s_good.Project, s_stack, "gate");
    private static readonly GateState s_gate = GateRules.Notice(null, s_named, s_now.AddMinutes(-3))!.State with { Version = 1 };
    private static readonly HeatFacts s_heat = new("CREATE_IN_PROGRESS", new HandleFacts(GateRules.HandleType, "CREATE_COMPLETE"), HoldsServer: true);
    private static readonly GateMoment s_moment = new(s_now, new HeatOptions(), s_fresh);

    private static ListedServer Server => new(s_instance, "vm", s_good.Project, "ACTIVE", s_good.HostName, s_good.Node, s_good.Flavor, s_good.Image, Snp, Gate: s_named);

    private static GateFacts Facts => new(Server, s_now.AddMinutes(-2), s_heat);

    [Fact]
    public void A_server_that_names_a_gate_has_one()
    {
        GateStep step = GateRules.Notice(null, s_named, s_now)!;
        Assert.Equal((GateStanding.Waiting, GateEvents.Noticed, s_now), (step.State.Standing, step.Record!.Kind, step.State.Since));
        Assert.Null(GateRules.Notice(step.State, s_named, s_now.AddHours(1)));
    }

    [Theory]
    [InlineData("", "gate"), InlineData("not-a-uuid", "gate"), InlineData("466f702e0e1b4e67a6712fa421982b87", "gate"), InlineData("{466f702e-0e1b-4e67-a671-2fa421982b87}", "gate")]
    [InlineData("466f702e-0e1b-4e67-a671-2fa421982b87", ""), InlineData("466f702e-0e1b-4e67-a671-2fa421982b87", ".."), InlineData("466f702e-0e1b-4e67-a671-2fa421982b87", ".")]
    [InlineData("466f702e-0e1b-4e67-a671-2fa421982b87", "a/b"), InlineData("466f702e-0e1b-4e67-a671-2fa421982b87", "a%2fb"), InlineData("466f702e-0e1b-4e67-a671-2fa421982b87", "gate?x=1")]
    [InlineData("466f702e-0e1b-4e67-a671-2fa421982b87", "http://evil.example.org/v1/signal"), InlineData("466f702e-0e1b-4e67-a671-2fa421982b87", "gäte"), InlineData("466f702e-0e1b-4e67-a671-2fa421982b87", "a b\n")]
    public void What_cannot_be_a_name_is_refused_and_nobody_is_asked(string stack, string resource)
    {
        GateStep step = GateRules.Notice(null, s_named with { Stack = stack, Resource = resource }, s_now)!;
        Assert.Equal((GateStanding.Refused, GateCodes.NameMalformed, s_now), (step.State.Standing, step.State.Code, step.State.EndedAt));
        Assert.Equal(GateMove.Rest, GateRules.Next(new(step.State, s_good), s_moment));
    }

    [Fact]
    public void Another_name_is_another_gate_also_after_a_refusal_and_a_signal()
    {
        NamedGate other = s_named with { Resource = "gate2" };
        foreach (GateStanding standing in Enum.GetValues<GateStanding>().Where(one => one != GateStanding.Signalling))
        {
            GateState anew = GateRules.Notice(s_gate with { Standing = standing, EndedAt = s_now, IsSuccess = true, Code = "x", Version = 7 }, other, s_now)!.State;
            Assert.Equal(("gate2", GateStanding.Waiting, null, null, null, s_now, 7L), (anew.Resource, anew.Standing, anew.EndedAt, anew.IsSuccess, anew.Code, anew.Since, anew.Version));
        }

        Assert.Null(GateRules.Notice(s_gate with { Standing = GateStanding.Signalling }, other, s_now));
    }

    [Fact]
    public void A_gate_is_looked_at_once_and_then_when_there_is_something_to_say()
    {
        InstanceState unjudged = s_good with { Verdict = null, JudgedAt = null, Result = null };
        Assert.True(GateRules.Next(new(s_gate, unjudged), s_moment).IsLook);
        GateState seen = s_gate with { CheckedAt = s_now };
        Assert.Equal(GateMove.Rest, GateRules.Next(new(seen, unjudged), s_moment));
        Assert.True(GateRules.Next(new(seen, s_good), s_moment).IsLook);
        Assert.Equal(GateMove.Rest, GateRules.Next(new(seen with { NextLookAt = s_now.AddSeconds(1) }, s_good), s_moment));
        // Nothing is known of one that asks for no encryption: Nova is asked.
        Assert.True(GateRules.Next(new(seen, null), s_moment).IsLook);
        Assert.True(GateRules.Next(new(seen with { Standing = GateStanding.Signalling }, unjudged), s_moment).IsLook);
    }

    [Fact]
    public void A_name_that_was_taken_back_and_given_again_is_another_gate()
    {
        GateState opened = s_gate with { Standing = GateStanding.Opened, IsSuccess = true, EndedAt = s_now };
        Assert.Null(GateRules.Notice(opened, s_named, s_now));
        GateStep taken = GateRules.Unnamed(opened, s_now)!;
        Assert.Equal((GateStanding.Ended, GateCodes.NameRemoved), (taken.State.Standing, taken.State.Code));
        Assert.Null(GateRules.Unnamed(taken.State, s_now));
        Assert.Null(GateRules.Unnamed(s_gate, s_now));
        Assert.Equal((GateStanding.Waiting, null, null), Anew(taken.State));
        // Nova did not know the instance for a while.
        Assert.Equal((GateStanding.Waiting, null, null), Anew(GateSteps.End(s_gate, GateCodes.InstanceGone, "", s_now).State));
        Assert.Null(GateRules.Notice(GateSteps.End(s_gate, GateCodes.GaveUp, "", s_now).State, s_named, s_now));

        static (GateStanding, string?, DateTimeOffset?) Anew(GateState known) =>
            GateRules.Notice(known, s_named, s_now)!.State is var state ? (state.Standing, state.Code, state.EndedAt) : default;
    }

    [Fact]
    public void After_an_outage_what_is_not_there_is_waited_for_from_the_first_word_of_Heat()
    {
        GateState outage = GateSteps.PutOff(s_gate with { Since = s_now.AddHours(-1) }, "orchestration.503", "away", s_now).State;
        GateStep first = GateRules.Judge(new(outage, s_good), Facts with { Heat = new HeatFacts("CREATE_IN_PROGRESS") }, s_moment);
        AssertWaits(first);
        GateStep last = GateRules.Judge(new(first.State, s_good), Facts with { Heat = new HeatFacts("CREATE_IN_PROGRESS") }, s_moment with { Now = s_now + GateRules.SettleTime });
        Assert.Equal((GateStanding.Refused, GateCodes.HandleNotFound), (last.State.Standing, last.State.Code));
    }

    [Fact]
    public void A_cell_that_is_away_closes_and_ends_nothing() =>
        AssertWaits(GateRules.Judge(new(s_gate, s_good), new GateFacts(Server with { Status = "UNKNOWN", Model = null, Gate = null }), s_moment));

    [Theory]
    [InlineData("stack", GateCodes.StackNotFound), InlineData("handle", GateCodes.HandleNotFound), InlineData("server", GateCodes.ServerNotInStack)]
    public void What_is_not_there_is_waited_for_a_little_and_then_refused(string absent, string code)
    {
        HeatFacts heat = absent switch
        {
            "stack" => new HeatFacts(null),
            "handle" => new HeatFacts("CREATE_IN_PROGRESS"),
            _ => s_heat with { HoldsServer = false },
        };
        AssertWaits(GateRules.Judge(new(s_gate with { Since = s_now - GateRules.SettleTime + TimeSpan.FromSeconds(1) }, s_good), Facts with { Heat = heat }, s_moment));
        GateStep step = GateRules.Judge(new(s_gate with { Since = s_now - GateRules.SettleTime }, s_good), Facts with { Heat = heat }, s_moment);
        Assert.Equal((GateStanding.Refused, code, GateEvents.Refused, null), (step.State.Standing, step.State.Code, step.Record!.Kind, step.State.IsSuccess));
    }

    [Theory, InlineData("OS::Heat::WaitCondition"), InlineData("OS::Nova::Server"), InlineData("AWS::CloudFormation::WaitConditionHandle"), InlineData("OS::Heat::UpdateWaitConditionHandle"), InlineData("OS::Heat::ScalingPolicy")]
    public void Any_other_resource_is_refused(string type)
    {
        GateStep step = GateRules.Judge(new(s_gate, s_good), Facts with { Heat = s_heat with { Handle = new HandleFacts(type, "CREATE_COMPLETE") } }, s_moment);
        Assert.Equal((GateStanding.Refused, GateCodes.HandleWrongType), (step.State.Standing, step.State.Code));
    }

    [Fact]
    public void A_handle_that_is_not_made_yet_is_waited_for() =>
        AssertWaits(GateRules.Judge(new(s_gate, s_good), Facts with { Heat = s_heat with { Handle = new HandleFacts(GateRules.HandleType, "INIT_COMPLETE") } }, s_moment));

    [Theory, InlineData("DELETE_IN_PROGRESS"), InlineData("DELETE_COMPLETE"), InlineData("DELETE_FAILED")]
    public void A_stack_that_goes_ends_it(string status)
    {
        GateStep step = GateRules.Judge(new(s_gate, s_good), Facts with { Heat = s_heat with { StackStatus = status } }, s_moment);
        Assert.Equal((GateStanding.Ended, GateCodes.StackGone, null), (step.State.Standing, step.State.Code, step.State.IsSuccess));
        GateState seen = s_gate with { CheckedAt = s_now };
        Assert.Equal(GateCodes.StackGone, GateRules.Judge(new(seen, s_good), Facts with { Heat = new HeatFacts(null) }, s_moment).State.Code);
        Assert.Equal(GateCodes.StackGone, GateRules.Judge(new(seen, s_good), Facts with { Heat = new HeatFacts("CREATE_IN_PROGRESS") }, s_moment).State.Code);
    }

    [Fact]
    public void An_instance_that_is_gone_ends_it()
    {
        GateMove move = GateRules.Next(new(s_gate, s_good with { GoneAt = s_now }), s_moment);
        Assert.Equal((GateStanding.Ended, GateCodes.InstanceGone), (move.Step!.State.Standing, move.Step.State.Code));
        Assert.Equal(GateCodes.InstanceGone, GateRules.Judge(new(s_gate, s_good), new GateFacts(null), s_moment).State.Code);
        Assert.Equal(GateCodes.InstanceGone, GateRules.Judge(new(s_gate, s_good), Facts with { Server = Server with { Status = "DELETED" } }, s_moment).State.Code);
    }

    [Fact]
    public void A_name_that_was_taken_back_ends_it_and_another_one_begins_anew()
    {
        Assert.Equal(GateCodes.NameRemoved, GateRules.Judge(new(s_gate, s_good), new GateFacts(Server with { Gate = null }), s_moment).State.Code);
        GateStep other = GateRules.Judge(new(s_gate with { CheckedAt = s_now }, s_good), new GateFacts(Server with { Gate = s_named with { Stack = Guid.NewGuid().ToString() } }), s_moment);
        Assert.Equal((GateStanding.Waiting, null, s_now), (other.State.Standing, other.State.CheckedAt, other.State.Since));
    }

    [Fact]
    public void It_is_given_up_when_no_wait_condition_could_still_wait()
    {
        var late = new GateMoment(s_gate.Since + TimeSpan.FromHours(12), new HeatOptions(), s_fresh);
        GateState failing = s_gate with { FailureCode = "identity.401", FailureDetail = "no role" };
        foreach (GateState gate in new[] { s_gate, failing, failing with { Standing = GateStanding.Signalling, IsSuccess = true } })
            Assert.Equal((GateStanding.Ended, GateCodes.GaveUp), (GateRules.Next(new(gate, s_good), late).Step!.State.Standing, GateRules.Next(new(gate, s_good), late).Step!.State.Code));
        Assert.Contains("identity.401", GateRules.Next(new(failing, s_good), late).Step!.State.Detail, StringComparison.Ordinal);
        Assert.True(GateRules.Next(new(s_gate, s_good), late with { Now = late.Now.AddSeconds(-1) }).IsLook);
    }

    [Fact]
    public void A_signal_that_Heat_has_is_not_sent_again()
    {
        GateState sent = GateRules.Judge(new(s_gate, s_good), Facts, s_moment).State;
        GateStep step = GateRules.Judge(new(sent, s_good), Facts with { Heat = s_heat with { Taken = "SUCCESS" } }, s_moment);
        Assert.Equal((GateStanding.Opened, GateEvents.Opened, s_now), (step.State.Standing, step.Record!.Kind, step.State.EndedAt));
        // What it is now does not undo what was said: the stack has gone on.
        step = GateRules.Judge(new(sent, Enforcement.Given.Bad), Facts with { Heat = s_heat with { Taken = "SUCCESS" } }, s_moment);
        Assert.Equal(GateStanding.Opened, step.State.Standing);
    }

    [Fact]
    public void A_signal_that_was_lost_is_decided_anew()
    {
        GateState sent = GateRules.Judge(new(s_gate, s_good), Facts, s_moment).State;
        Assert.True(GateRules.Judge(new(sent, s_good), Facts, s_moment).State.IsSuccess);
        Assert.False(GateRules.Judge(new(sent, Enforcement.Given.Bad), Facts, s_moment).State.IsSuccess);
        GateStep nothing = GateRules.Judge(new(sent, s_good with { Verdict = null, JudgedAt = null, Result = null }), Facts, s_moment);
        Assert.Equal((GateStanding.Waiting, null, null, null), (nothing.State.Standing, nothing.State.IsSuccess, nothing.State.Reason, nothing.State.Data));
    }

    [Fact]
    public void A_signal_that_somebody_else_wrote_under_its_id_is_replaced_unless_it_says_the_same()
    {
        GateStep step = GateRules.Judge(new(s_gate, Enforcement.Given.Bad), Facts with { Heat = s_heat with { Taken = "SUCCESS" } }, s_moment);
        Assert.Equal((true, false), (step.IsIntent, step.State.IsSuccess));
        step = GateRules.Judge(new(s_gate, Enforcement.Given.Bad), Facts with { Heat = s_heat with { Taken = "FAILURE" } }, s_moment);
        Assert.Equal(GateStanding.Closed, step.State.Standing);
    }

    [Fact]
    public void Nothing_is_said_of_a_gate_that_was_not_checked_with_Heat() =>
        Assert.Throws<InvalidOperationException>(() => GateRules.Judge(new(s_gate, s_good), Facts with { Heat = null }, s_moment));

    [Fact]
    public void Every_wait_after_a_failure_ends()
    {
        GateState gate = s_gate;
        TimeSpan last = TimeSpan.Zero;
        for (int i = 0; i < 20; i++)
        {
            gate = GateSteps.PutOff(gate, "orchestration.503", "away", s_now).State;
            TimeSpan wait = gate.NextLookAt - s_now;
            Assert.True(wait >= last && wait <= TimeSpan.FromMinutes(10));
            last = wait;
        }

        Assert.Equal(TimeSpan.FromMinutes(10), last);
        Assert.Null(GateSteps.PutOff(gate, "orchestration.503", "away", s_now).Record);
        Assert.NotNull(GateSteps.PutOff(gate, "identity.401", "no role", s_now).Record);
    }

    private static InstanceState Challenged(DateTimeOffset? at) => s_good with { Result = (StoredResult.Of(s_good)! with { ChallengedAt = at }).Bytes() };

    private static GateState Judged(InstanceState instance) => GateRules.Judge(new(s_gate, instance), Facts, s_moment).State;

    private static InstanceState With(FindingRecord finding, Verdict verdict = Verdict.Contraindicated)
    {
        InstanceState judged = Enforcement.Given.Judged(verdict, "x");
        StoredResult stored = StoredResult.Of(judged)!;
        return judged with { Result = (stored with { Judgement = stored.Judgement with { Findings = [finding] } }).Bytes() };
    }

    private static void AssertWaits(GateStep step)
    {
        Assert.Equal((GateStanding.Waiting, null, null), (step.State.Standing, step.State.IsSuccess, step.State.EndedAt));
        Assert.Null(step.Record);
        Assert.True(step.State.NextLookAt > s_now);
    }
}
