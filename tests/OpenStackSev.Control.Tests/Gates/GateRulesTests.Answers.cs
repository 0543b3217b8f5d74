using System.Text.Json.Nodes;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Gates;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.Control.Reattestation.Sweep;

namespace OpenStackSev.Control.Tests.Gates;

/// <summary>What a verdict makes of a gate.</summary>
public sealed partial class GateRulesTests
{
    [Fact]
    public void An_affirming_verdict_of_what_runs_opens_it()
    {
        GateStep step = GateRules.Judge(new(s_gate, s_good), Facts, s_moment);
        Assert.True(step.IsIntent);
        Assert.Equal((GateStanding.Signalling, true, "attested: affirming", null), (step.State.Standing, step.State.IsSuccess, step.State.Reason, step.State.Code));
        Assert.True(step.State.NextLookAt > s_now + GateSteps.SendTime);
        JsonNode data = JsonNode.Parse(step.State.Data!)!;
        Assert.Equal($$"""{"instance":"{{s_instance}}","verdict":"affirming","model":"amd-sev-snp","evidence":"guest_report","simulated":false,"judged_at":"{{s_good.JudgedAt:yyyy-MM-dd'T'HH:mm:ss'Z'}}"}""", data.ToJsonString());
    }

    [Fact]
    public void A_verdict_of_before_the_last_boot_says_nothing_good_or_bad()
    {
        foreach (Verdict verdict in new[] { Verdict.Affirming, Verdict.Contraindicated, Verdict.Warning })
        {
            var one = new GatedInstance(s_gate, Enforcement.Given.Judged(verdict, "snp.policy.debug"));
            AssertWaits(GateRules.Judge(one, Facts with { BootedAt = s_now.AddSeconds(1) }, s_moment));
            AssertWaits(GateRules.Judge(one, Facts with { BootedAt = null }, s_moment));
        }
    }

    [Fact]
    public void A_verdict_about_another_image_or_model_is_none_about_this_server()
    {
        AssertWaits(GateRules.Judge(new(s_gate, s_good with { Image = Guid.NewGuid() }), Facts, s_moment));
        AssertWaits(GateRules.Judge(new(s_gate, s_good with { Model = "amd-sev" }), Facts, s_moment));
        AssertWaits(GateRules.Judge(new(s_gate, null), Facts, s_moment));
    }

    [Fact]
    public void A_verdict_about_another_flavor_host_or_node_is_none_about_this_server()
    {
        AssertWaits(GateRules.Judge(new(s_gate, s_good with { Flavor = "other" }), Facts, s_moment));
        AssertWaits(GateRules.Judge(new(s_gate, s_good with { HostName = "other" }), Facts, s_moment));
        AssertWaits(GateRules.Judge(new(s_gate, s_good with { Node = Guid.NewGuid() }), Facts with { Server = Server with { Node = Guid.NewGuid() } }, s_moment));
    }

    [Fact]
    public void An_answer_counts_by_when_its_challenge_was_given()
    {
        InstanceState late = Challenged(s_now.AddMinutes(-3));
        GateStep step = GateRules.Judge(new(s_gate, late), Facts, s_moment);
        AssertWaits(step);
        Assert.True(step.IsRoundWanted);
        Assert.False(GateRules.Judge(new(s_gate, late with { RoundOpenedAt = s_now }), Facts, s_moment).IsRoundWanted);
        Assert.False(GateRules.Judge(new(s_gate, late), Facts with { Server = Server with { Status = "SHUTOFF" } }, s_moment).IsRoundWanted);
        Assert.True(GateRules.Judge(new(s_gate, Challenged(s_now.AddMinutes(-2))), Facts, s_moment).IsIntent);
        // A verdict of which nobody knows what it answered.
        AssertWaits(GateRules.Judge(new(s_gate, Challenged(null)), Facts, s_moment));
    }

    [Fact]
    public void A_good_verdict_that_is_old_opens_nothing_and_a_bad_one_still_closes()
    {
        GateMoment later = s_moment with { Now = s_now + s_fresh + TimeSpan.FromSeconds(1) };
        GateStep step = GateRules.Judge(new(s_gate, s_good), Facts, later);
        Assert.Equal((GateStanding.Waiting, true), (step.State.Standing, step.IsRoundWanted));
        Assert.True(GateRules.Judge(new(s_gate, s_good), Facts, later with { Now = s_now + s_fresh }).IsIntent);
        Assert.False(GateRules.Judge(new(s_gate, Enforcement.Given.Bad), Facts, later).State.IsSuccess);
    }

    [Fact]
    public void What_ran_before_goes_on_until_a_reboot_has_ended()
    {
        const string Asked = "2026-11-25T10:00:00.000000", Ended = "2026-11-25T10:00:30.000000";
        DateTimeOffset created = s_now.AddYears(-1);
        Assert.Equal(created, GateReading.LastBoot([new("lock", null, Ended)], created));
        Assert.Equal(30, GateReading.LastBoot([new("reboot", null, Asked, Ended), new("create", null, Asked, Ended)], created)!.Value.Second);
        Assert.Equal(0, GateReading.LastBoot([new("create", null, Asked, Ended)], created)!.Value.Second);
        Assert.Equal(0, GateReading.LastBoot([new("reboot", null, Asked)], created)!.Value.Second);
        Assert.Null(GateReading.LastBoot([new("create", null, Asked), new("rebuild", null, null, "yesterday")], created));
    }

    [Theory, InlineData("SHUTOFF"), InlineData("ERROR"), InlineData("BUILD"), InlineData("REBUILD")]
    public void A_server_that_does_not_run_opens_nothing(string status) =>
        AssertWaits(GateRules.Judge(new(s_gate, s_good), Facts with { Server = Server with { Status = status } }, s_moment));

    [Fact]
    public void A_bad_verdict_closes_it_with_its_codes()
    {
        GateState state = Judged(Enforcement.Given.Judged(Verdict.Contraindicated, "snp.tcb.below_minimum"));
        Assert.Equal((false, "snp.tcb.below_minimum"), (state.IsSuccess, state.Code));
        Assert.StartsWith("not attested: snp.tcb.below_minimum: ", state.Reason, StringComparison.Ordinal);
        Assert.Equal("""["snp.tcb.below_minimum"]""", JsonNode.Parse(state.Data!)!["codes"]!.ToJsonString());
        string[] many = [.. Enumerable.Range(1, 9).Select(number => $"snp.code_{number}")];
        state = Judged(Enforcement.Given.Judged(Verdict.Contraindicated, many));
        Assert.StartsWith("not attested: snp.code_1, snp.code_2, snp.code_3, snp.code_4, snp.code_5 and 4 more: ", state.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_reason_is_one_bounded_line_that_names_no_chip()
    {
        string chip = new('a', 128);
        GateState state = Judged(With(new FindingRecord(SnpCodes.ChipDenied.Code, "contraindicated", "CHIP_ID", "not on the deny list", chip)));
        Assert.Equal($"not attested: {SnpCodes.ChipDenied.Code}: CHIP_ID", state.Reason);
        Assert.DoesNotContain(chip, state.Data, StringComparison.Ordinal);
        state = Judged(With(new FindingRecord("snp.x", "contraindicated", "line\nbreak", "\U0001f600", new string('y', 5000))));
        Assert.DoesNotContain('\n', state.Reason!);
        Assert.All(state.Reason!.EnumerateRunes(), rune => Assert.True(rune.IsBmp));
        Assert.True(state.Reason.Length <= GateState.MaximumReasonLength && state.Data!.Length <= GateState.MaximumDataLength);
    }

    [Fact]
    public void The_longest_data_fits_its_column()
    {
        string[] codes = [.. Enumerable.Range(10, 40).Select(number => new string('c', 62) + number)];
        GateState state = Judged(Enforcement.Given.Judged(Verdict.Contraindicated, codes));
        Assert.True(state.Data!.Length <= GateState.MaximumDataLength, $"{state.Data.Length}");
        Assert.True(state.Reason!.Length <= GateState.MaximumReasonLength, $"{state.Reason.Length}");
    }

    [Theory, InlineData("fail", false), InlineData("pass", true), InlineData("wait", null)]
    public void A_warning_does_what_the_operator_says(string word, bool? isSuccess)
    {
        GateStep step = GateRules.Judge(new(s_gate, Enforcement.Given.Judged(Verdict.Warning, "attestation.key.none")), Facts, s_moment with { Options = new HeatOptions { WarningWord = word } });
        Assert.Equal(isSuccess, step.State.IsSuccess);
        Assert.Equal(isSuccess is not null, step.IsIntent);
        if (isSuccess is not null)
            Assert.Contains(isSuccess.Value ? "attested: warning" : "attestation.key.none", step.State.Reason, StringComparison.Ordinal);
    }

    [Theory, InlineData("fail"), InlineData("pass"), InlineData("wait")]
    public void Silence_closes_it_whatever_is_said_of_warnings(string word)
    {
        InstanceState silent = With(new FindingRecord(SweepCodes.Silent, "warning", "evidence", "an answer within 900 s", "none that authenticates since 12:00; the last one failed by attestation.evidence.replayed"), Verdict.Warning) with
        {
            RoundOpenedAt = s_now.AddMinutes(-15),
        };
        HeatOptions options = new() { WarningWord = word };
        Assert.True(GateRules.Next(new(s_gate with { CheckedAt = s_now }, silent), new GateMoment(s_now, options, s_fresh)).IsLook);
        GateStep step = GateRules.Judge(new(s_gate, silent), Facts, new GateMoment(s_now, options, s_fresh));
        Assert.Equal((false, SweepCodes.Silent), (step.State.IsSuccess, step.State.Code));
        Assert.Contains("the last one failed by attestation.evidence.replayed", step.State.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void What_could_not_be_judged_here_is_nobodys_failure()
    {
        AssertWaits(GateRules.Judge(new(s_gate, Enforcement.Given.Judged(Verdict.None, SweepCodes.NotJudged)), Facts, s_moment));
        AssertWaits(GateRules.Judge(new(s_gate, s_good with { Verdict = null, JudgedAt = null, Result = null }), Facts, s_moment));
    }

    [Theory, InlineData("amd-sev"), InlineData("amd-sev-es"), InlineData(null)]
    public void A_model_without_proof_closes_it_at_once(string? model)
    {
        GateStep step = GateRules.Judge(new(s_gate, model is null ? null : s_good with { Model = model, Verdict = Verdict.None }),
            Facts with { Server = Server with { Model = model, Status = "BUILD" }, BootedAt = null }, s_moment);
        Assert.Equal((true, false, GateCodes.NotProvable), (step.IsIntent, step.State.IsSuccess, step.State.Code));
        Assert.Contains(model ?? "without memory encryption", step.State.Reason, StringComparison.Ordinal);
        // Its image cannot be looked at: nobody knows what it asks for.
        if (model is null)
            AssertWaits(GateRules.Judge(new(s_gate, null), Facts with { Server = Server with { Model = null, IsModelCertain = false } }, s_moment));
    }
}
