using System.Text.Json;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Trust;

namespace OpenStackSev.Control.Tests.Trust;

/// <summary>From facts to a level, and what is written of it.</summary>
public sealed class TrustRulesTests
{
    private static readonly ProofRecord s_proof = Given.Proof(TimeSpan.FromMinutes(10));

    [Fact]
    public void A_proof_that_counts_makes_trusted_until_it_ends()
    {
        TrustStep step = Decided(Given.Facts(s_proof));

        Assert.Equal(TrustLevel.Trusted, step.State.Level);
        Assert.Equal((s_proof.At, Given.Instance, s_proof.At + TimeSpan.FromMinutes(45)), (step.State.ProvenAt, step.State.ProvenBy, step.State.ExpiresAt));
        Assert.Empty(TrustRecord.Of(step.State).Findings);
        Assert.Equal(HostEvents.TrustChanged, step.Record!.Kind);
    }

    [Fact]
    public void Its_own_word_alone_makes_nobody_trusted_unless_policy_takes_it()
    {
        Assert.Equal((TrustLevel.Unknown, "host.proof.missing"), Level(Given.Facts()));
        TrustStep step = TrustRules.Decide(Given.Facts(), Given.Moment(Given.ByItsWord))!;
        Assert.Equal((TrustLevel.Trusted, Given.Host.LastSeenAt + TimeSpan.FromMinutes(15)), (step.State.Level, step.State.ExpiresAt));
        Assert.Equal("platform", TrustRecord.Of(step.State).Evidence);
        Assert.Null(step.State.ProvenAt);
    }

    [Fact]
    public void A_proof_that_has_ended_leaves_it_unknown_and_never_counts_again()
    {
        HostTrustState trusted = Decided(Given.Facts(s_proof)).State;
        DateTimeOffset end = trusted.ExpiresAt!.Value;
        TrustFacts later = Heard(Given.Facts(s_proof), end) with { Before = trusted };

        Assert.Null(TrustRules.Decide(later, Given.Moment(now: end.AddTicks(-1))));
        TrustStep over = TrustRules.Decide(later, Given.Moment(now: end))!;
        Assert.Equal((TrustLevel.Unknown, null), (over.State.Level, over.State.ExpiresAt));
        Assert.Equal(["host.proof.expired"], TrustRecord.Of(over.State).Findings.Select(finding => finding.Code));
        // Another control plane whose clock is behind does not give it back.
        Assert.Null(TrustRules.Decide(later with { Before = over.State }, Given.Moment(now: end.AddSeconds(-30))));
    }

    [Fact]
    public void A_silent_host_is_unknown_until_it_is_heard_again()
    {
        DateTimeOffset silent = Given.Host.LastSeenAt + TimeSpan.FromMinutes(15);
        TrustFacts facts = Given.Facts(s_proof) with { Before = Decided(Given.Facts(s_proof)).State };
        TrustStep step = TrustRules.Decide(facts, Given.Moment(now: silent))!;

        Assert.Equal(TrustLevel.Unknown, step.State.Level);
        Assert.Contains(TrustRecord.Of(step.State).Findings, finding => finding.Code == "host.silent");
        Assert.Null(TrustRules.Decide(facts with { Before = step.State }, Given.Moment(now: silent.AddSeconds(-5))));
        TrustStep heard = TrustRules.Decide(Heard(facts, silent.AddSeconds(1)) with { Before = step.State }, Given.Moment(now: silent.AddSeconds(2)))!;
        Assert.Equal(TrustLevel.Trusted, heard.State.Level);
    }

    [Theory]
    [InlineData(EnrolmentState.NoChips, TrustLevel.Unknown, "host.chip.none")]
    [InlineData(EnrolmentState.Pending, TrustLevel.Unknown, "host.chip.pending")]
    [InlineData(EnrolmentState.Changed, TrustLevel.Untrusted, "host.chip.changed")]
    [InlineData(EnrolmentState.Conflict, TrustLevel.Untrusted, "host.chip.conflict")]
    public void Only_an_enrolled_host_is_trusted(EnrolmentState enrolment, TrustLevel level, string code)
    {
        Assert.Equal((level, code), Level(Given.Facts(s_proof) with { Enrolment = enrolment }));
        Assert.Equal((level, code), Level(Given.Facts() with { Enrolment = enrolment }, Given.Moment(Given.ByItsWord)));
    }

    [Fact]
    public void A_simulated_host_counts_only_where_a_simulated_root_is_named()
    {
        TrustMoment real = Given.Moment(Given.Policy with { SimulatedRoots = [] });
        Assert.Equal((TrustLevel.Unknown, "host.simulated"), Level(Given.Facts(s_proof), real));
        TrustFacts folder = Given.Facts(report: Given.Report(facts => facts with { Simulated = true }));
        Assert.Equal((TrustLevel.Unknown, "host.simulated"), Level(folder, Given.Moment(Given.ByItsWord with { SimulatedRoots = [] })));
        Assert.True(TrustRecord.Of(TrustRules.Decide(folder, Given.Moment(Given.ByItsWord))!.State).Simulated);
    }

    [Fact]
    public void What_the_chip_signed_speaks_against_a_host_that_says_better()
    {
        ProofRecord older = Given.Proof(TimeSpan.FromMinutes(1), fields => fields with { ReportedTcb = fields.ReportedTcb with { Snp = 1 }, CommittedTcb = fields.CommittedTcb with { Snp = 1 } });
        TrustMoment strict = Given.Moment(Given.Policy with { MinimumTcb = new Dictionary<ProductLine, Attestation.Appraisal.TcbMinimum> { [ProductLine.Turin] = new(Snp: 2) } });
        TrustStep step = TrustRules.Decide(Given.Facts(older), strict)!;

        Assert.Equal(TrustLevel.Untrusted, step.State.Level);
        Assert.Contains(TrustRecord.Of(step.State).Findings, finding => finding.Code == "host.tcb.below_minimum");
    }

    [Fact]
    public void A_host_that_says_before_and_after_a_report_what_its_chip_did_not_sign_is_untrusted_until_it_says_something_else()
    {
        HostReport report = Given.Report(facts => facts with { Tsme = !TsmeOf(s_proof) });
        TrustFacts lying = Given.Facts(s_proof, report) with { Witness = s_proof };
        Assert.Equal((TrustLevel.Untrusted, "host.facts.contradicted"), Level(lying));
        // No report of a time at which it said so before and after: nothing can be held against it yet.
        Assert.Equal(TrustLevel.Trusted, Decided(Given.Facts(s_proof, report)).State.Level);
        // A newer report that is not of such a time does not wash it clean.
        HostTrustState caught = Decided(lying).State;
        ProofRecord newer = s_proof with { At = Given.Now.AddSeconds(-5) };
        Assert.Null(TrustRules.Decide(Given.Facts(newer, report) with { Before = caught }, Given.Moment()));
        // One that bears it out does, and so do other facts.
        Assert.Equal(TrustLevel.Trusted, Decided(Given.Facts(newer) with { Before = caught, Witness = newer }).State.Level);
        TrustFacts changed = Given.Facts(newer) with { Before = caught };
        Assert.Equal(TrustLevel.Trusted, Decided(changed with { Host = changed.Host with { FactsChangedAt = Given.Now.AddSeconds(-20) } }).State.Level);
    }

    [Fact]
    public void What_a_chip_signed_last_speaks_against_its_host_also_when_that_is_old()
    {
        ProofRecord low = Given.Proof(TimeSpan.FromMinutes(10), fields => fields with { ReportedTcb = fields.ReportedTcb with { Snp = 1 }, CommittedTcb = fields.CommittedTcb with { Snp = 1 } });
        TrustMoment strict = Given.Moment(Given.Policy with { MinimumTcb = new Dictionary<ProductLine, Attestation.Appraisal.TcbMinimum> { [ProductLine.Turin] = new(Snp: 2) } });
        HostTrustState untrusted = TrustRules.Decide(Given.Facts(low), strict)!.State;
        DateTimeOffset later = low.At.AddHours(1);
        TrustFacts old = Heard(Given.Facts(low), later) with { Before = untrusted };

        HostTrustState still = TrustRules.Decide(old, strict with { Now = later })!.State;
        Assert.Equal(TrustLevel.Untrusted, still.Level);
        Assert.Superset(new HashSet<string> { "host.proof.expired", "host.tcb.below_minimum" }, TrustRecord.Of(still).Findings.Select(finding => finding.Code).ToHashSet());
        TrustStep changed = TrustRules.Decide(old with { Host = old.Host with { FactsChangedAt = later.AddSeconds(-1) }, Report = Given.Report(facts => facts with { Firmware = null }) }, strict with { Now = later })!;
        Assert.Equal(TrustLevel.Unknown, changed.State.Level);
    }

    [Fact]
    public void A_shorter_lifetime_holds_for_proofs_that_are_there()
    {
        HostTrustState row = TrustRules.Decide(Given.Facts(s_proof), Given.Moment() with { Lifetime = TimeSpan.FromDays(7) })!.State;
        TrustStep step = TrustRules.Decide(Given.Facts(s_proof) with { Before = row }, Given.Moment())!;
        Assert.Equal((s_proof.At + TimeSpan.FromMinutes(45), null), (step.State.ExpiresAt, step.Record));
    }

    [Fact]
    public void Times_from_a_wrong_clock_prove_nothing()
    {
        Assert.Equal((TrustLevel.Unknown, "host.proof.expired"), Level(Given.Facts(s_proof with { At = Given.Now.AddDays(365) })));
        Assert.Equal((TrustLevel.Unknown, "host.silent"), Level(Heard(Given.Facts(s_proof), Given.Now.AddDays(365))));
    }

    [Fact]
    public void A_quarantine_holds_whatever_is_proven()
    {
        var asked = new HostQuarantineState { Node = Given.Node, Since = Given.Now, Reason = "disk", By = "admin" };
        HostTrustState trusted = Decided(Given.Facts(s_proof)).State;
        TrustFacts facts = Given.Facts(s_proof) with { Before = trusted, Quarantine = asked };

        Assert.Equal(TrustLevel.Quarantined, TrustViews.LevelOf(trusted, asked));
        TrustStep step = TrustRules.Decide(facts, Given.Moment())!;
        Assert.Equal((TrustLevel.Quarantined, null), (step.State.Level, step.State.ExpiresAt));
        Assert.Equal(TrustLevel.Unknown, TrustViews.LevelOf(step.State, asked with { Since = null }));
        Assert.Equal(TrustLevel.Trusted, TrustRules.Decide(facts with { Before = step.State, Quarantine = asked with { Since = null } }, Given.Moment())!.State.Level);
    }

    [Fact]
    public void Nothing_new_writes_nothing_and_a_newer_proof_only_times()
    {
        HostTrustState trusted = Decided(Given.Facts(s_proof)).State;
        Assert.Null(TrustRules.Decide(Given.Facts(s_proof) with { Before = trusted }, Given.Moment()));
        TrustFacts newer = Given.Facts(s_proof with { At = s_proof.At.AddMinutes(6) }) with { Before = trusted };
        TrustStep step = TrustRules.Decide(newer, Given.Moment())!;
        Assert.Null(step.Record);
        Assert.Equal(s_proof.At.AddMinutes(51), step.State.ExpiresAt);
        Assert.Equal(trusted.Since, step.State.Since);
        // Moved by less than an eighth of the shortest lifetime: not worth a write, until the old end has come.
        TrustFacts little = newer with { Proof = s_proof with { At = s_proof.At.AddMinutes(1) } };
        Assert.Null(TrustRules.Decide(little, Given.Moment()));
        DateTimeOffset end = trusted.ExpiresAt!.Value;
        TrustStep moved = TrustRules.Decide(Heard(little, end), Given.Moment(now: end))!;
        Assert.Equal((TrustLevel.Trusted, end.AddMinutes(1), null), (moved.State.Level, moved.State.ExpiresAt, moved.Record));
    }

    [Fact]
    public void The_record_names_what_changed_and_why()
    {
        JsonElement body = JsonDocument.Parse(TrustRules.Decide(Given.Facts() with { Enrolment = EnrolmentState.Changed }, Given.Moment())!.Record!.Body).RootElement;
        Assert.Equal("untrusted", body.GetProperty("level").GetString());
        Assert.Equal("host.chip.changed", body.GetProperty("findings")[0].GetProperty("code").GetString());
        Assert.False(body.TryGetProperty("previous", out _));
    }

    [Fact]
    public void A_host_without_encryption_is_unknown() => Assert.Equal(
        (TrustLevel.Unknown, "host.encryption.off"),
        Level(Given.Facts(report: Given.Report(facts => facts with { Sev = false, SevEs = false, SevSnp = false })), Given.Moment(Given.ByItsWord)));

    [Fact]
    public void A_baseline_is_had_by_evidence_that_counts_only()
    {
        string[] ByWord() => [.. TrustRecord.Of(TrustRules.Decide(Given.Facts(), Given.Moment(Given.ByItsWord))!.State).Baselines];
        Assert.Equal(["SB_3023"], ByWord());
        TrustRecord unproven = TrustRecord.Of(Decided(Given.Facts()).State);
        Assert.Empty(unproven.Baselines);
        Assert.Contains(unproven.Bulletins, one => one is { Bulletin: "AMD-SB-3023", Standing: "mitigated" });
    }

    [Fact]
    public void A_long_lifetime_of_proofs_does_not_let_the_words_end_go_unwritten()
    {
        TrustMoment moment = Given.Moment(Given.ByItsWord) with { Lifetime = TimeSpan.FromDays(1) };
        HostTrustState row = TrustRules.Decide(Given.Facts(), moment)!.State;
        for (int i = 1; i <= 10; i++)
        {
            DateTimeOffset now = Given.Now.AddMinutes(10 * i);
            TrustStep? step = TrustRules.Decide(Heard(Given.Facts(), now.AddSeconds(-5)) with { Before = row }, moment with { Now = now });
            row = step?.State ?? row;
            Assert.True(row.ExpiresAt > now);
        }
    }

    [Fact]
    public void Every_code_has_its_line_in_the_README()
    {
        string[] lines = File.ReadAllLines(Path.Join(Repository.Root, "src", "OpenStackSev.Control", "Trust", "README.md"));
        Assert.All(TrustCodes.All, check => Assert.Contains($"| `{check.Code}` | {check.Tier.ToString().ToLowerInvariant()} | {check.Meaning} |", lines));
    }

    private static bool TsmeOf(ProofRecord proof) => AttestationReport.TryParse(proof.Report, null, out AttestationReport? report, out _) && report.PlatformInfo.TsmeEnabled;

    private static TrustFacts Heard(TrustFacts facts, DateTimeOffset at) => facts with { Host = facts.Host with { LastSeenAt = at } };

    private static TrustStep Decided(TrustFacts facts) => TrustRules.Decide(facts, Given.Moment())!;

    private static (TrustLevel, string) Level(TrustFacts facts, TrustMoment? moment = null)
    {
        TrustStep step = TrustRules.Decide(facts, moment ?? Given.Moment())!;
        return (step.State.Level, TrustRecord.Of(step.State).Findings[0].Code);
    }
}
