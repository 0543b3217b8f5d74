using System.Text.Json;
using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Quarantine;
using OpenStackSev.Control.Timeline;

namespace OpenStackSev.Control.Tests.Timeline;

/// <summary>Records as a person reads them.</summary>
public sealed class SentencesTests
{
    [Theory]
    [InlineData("instance.seen", """{"name":"web","model":"amd-sev-snp","flavor":"snp.small","host":{"name":"compute1"}}""",
        "Seen for the first time: asks for amd-sev-snp, flavor snp.small, on compute1")]
    [InlineData("instance.seen", """{"name":"web","model":"amd-sev-snp"}""", "Seen for the first time: asks for amd-sev-snp")]
    [InlineData("instance.changed", """{"model_before":"amd-sev-snp","model":"amd-sev-snp","flavor_before":"a","flavor":"b"}""",
        "Rebuilt or resized (flavor a → b); it has to prove itself anew")]
    [InlineData("instance.not_encrypted", """{"model_before":"amd-sev-snp"}""", "Runs without memory encryption now (model amd-sev-snp → none): contraindicated")]
    [InlineData("instance.moved", """{"host":{"name_before":"compute1","name":"compute2"}}""", "Moved from compute1 to compute2; it has to prove itself anew from there")]
    [InlineData("instance.moved", "{}", "Moved to another host; it has to prove itself anew from there")]
    [InlineData("instance.gone", "{}", "Deleted")]
    [InlineData("instance.silent", """{"verdict":"none","round_opened_at":"2026-11-25T12:00:00+00:00","no_answer":"attestation.challenge.late","nudges":2}""",
        "No answer since 2026-11-25 12:00:00 UTC: none; what came was no answer (attestation.challenge.late); 2 nudges")]
    [InlineData("instance.silent", """{"verdict":"none","round_opened_at":"2026-11-25T12:00:00+00:00","no_answer":"snp.crl.stale","nudges":0}""",
        "Its answers since 2026-11-25 12:00:00 UTC could not be judged here (snp.crl.stale): none")]
    [InlineData("instance.verdict", """{"verdict":"affirming","findings":[]}""", "Proved that it is protected (affirming)")]
    [InlineData("instance.verdict", """{"verdict":"affirming","previous":"affirming","findings":[],"simulated":true}""", "Proved that it is protected (affirming) SIMULATED")]
    [InlineData("instance.verdict", """
        {"verdict":"contraindicated","previous":"affirming","host":{"name":"compute1"},
         "findings":[{"code":"snp.tcb.below_minimum","subject":"REPORTED_TCB","expected":"snp ≥ 22","actual":"snp 20"}]}
        """, "Is not to be trusted (contraindicated, was affirming), because the firmware that protects it is older than the operator allows "
        + "(snp.tcb.below_minimum: REPORTED_TCB: expected snp ≥ 22, got snp 20), on compute1")]
    [InlineData("instance.no_answer", """{"code":"attestation.evidence.replayed"}""", "Something came that is no answer and changes nothing (attestation.evidence.replayed)")]
    [InlineData("host.chip.approved", """{"chips":[{"id":"0102030405060708090a","status":"approved"}],"by":"admin"}""", "Chips were approved by admin: 0102030405060708… approved")]
    [InlineData("host.silent", """{"last_seen":"2026-11-25T12:00:00+00:00"}""", "Silent: its agent last reported at 2026-11-25 12:00:00 UTC")]
    [InlineData("enforcement.intended", """{"measure":"lock","undo":false,"codes":["snp.policy.debug"]}""", "Is about to be locked, because of snp.policy.debug")]
    [InlineData("enforcement.done", """{"measure":"stop","undo":false}""", "Was stopped")]
    [InlineData("enforcement.undone", """{"measure":"lock","undo":true}""", "Is no longer locked")]
    [InlineData("enforcement.failed", """{"measure":"stop","undo":false,"code":"compute.409","detail":"busy"}""", "Could not be stopped: compute.409, busy")]
    [InlineData("enforcement.kept", """{"measure":"lock","undo":false,"reason":"enforcement.locked_by_other"}""", "Is left as it is, not locked: somebody else has locked it")]
    [InlineData("enforcement.withheld", """{"reason":"enforcement.breaker_open","measures":["lock","stop"],"codes":[]}""",
        "Would be locked, stopped, and is not: too many turned bad at once, which looks like an outage")]
    [InlineData("enforcement.cleared", """{"cause":"enforcement.recovered","left":[]}""", "Nothing is held against it any more: it is good again")]
    [InlineData("enforcement.released", """{"by":"admin","reason":"tried it by hand"}""", "Was released by admin: tried it by hand")]
    [InlineData("gate.noticed", """{"stack":"s1","resource":"gate"}""", "Stack s1 waits for it to prove itself (resource gate)")]
    [InlineData("gate.intended", """{"status":"SUCCESS","reason":"attested: affirming"}""", "Its stack is about to be told SUCCESS: attested: affirming")]
    [InlineData("gate.opened", """{"status":"SUCCESS","reason":"attested: affirming","found":true}""", "Its stack was told SUCCESS, as it had been already: attested: affirming")]
    [InlineData("gate.closed", """{"status":"FAILURE","reason":"not attested: snp.policy.debug: x"}""", "Its stack was told FAILURE, and fails: not attested: snp.policy.debug: x")]
    [InlineData("gate.refused", """{"code":"gate.server.not_in_stack","detail":"the stack holds no server"}""",
        "The gate that it names is none, and nothing is signalled: the stack that it names does not hold it (gate.server.not_in_stack: the stack holds no server)")]
    [InlineData("gate.ended", """{"code":"gate.instance.gone","detail":"x"}""", "Its stack was told nothing: it is gone (gate.instance.gone)")]
    [InlineData("gate.put_off", """{"code":"identity.401","detail":"no role"}""", "Its stack cannot be told anything now, and it is tried again: identity.401, no role")]
    [InlineData("host.quarantine.requested", """{"host_name":"compute1","projects":2,"instances":3,"codes":["snp.tcb.below_minimum"]}""",
        "3 instances of 2 projects speak against it (snp.tcb.below_minimum): it should be quarantined")]
    [InlineData("instance.rebuilt", """{"event_type":"instance.rebuild.end","happened_at":"2026-11-25T12:00:00+00:00","host":{}}""", "Rebuilt (instance.rebuild.end); what was proven before counts no more")]
    [InlineData("host.service.disabled", """{"name":"compute1","service":"nova-compute","disabled":true,"forced_down":false,"reason":"broken"}""", "Its nova-compute was disabled: broken")]
    [InlineData("host.quarantined", """{"reason":"firmware","by":"alice","by_rule":false,"disable_service":true,"previous":"disk"}""",
        "Was quarantined by alice: firmware (before: disk); its compute service is to be disabled too")]
    [InlineData("host.released", """{"reason":"firmware","by":"rule quarantine_request","by_rule":true,"cause":"enforcement.recovered"}""",
        "Was released from quarantine by rule quarantine_request: it is good again; it was in it for: firmware")]
    [InlineData("host.released", """{"reason":"firmware","by":"alice"}""", "Was released from quarantine by alice; it was in it for: firmware")]
    [InlineData("host.quarantine.service_intended", """{"service":"compute1","request":"disable"}""", "Its compute service compute1 is about to be disabled")]
    [InlineData("host.quarantine.service_disabled", """{"service":"compute1","request":"disable","reason":"openstack-sev: firmware"}""",
        "Its compute service compute1 was disabled: openstack-sev: firmware")]
    [InlineData("host.quarantine.service_enabled", """{"service":"compute1","request":"enable"}""", "Its compute service compute1 was enabled again")]
    [InlineData("host.quarantine.service_kept", """{"request":"enable","reason":"host.service.disabled_by_other"}""",
        "Its compute service is not enabled: somebody else has disabled it, and it is his to enable")]
    [InlineData("host.quarantine.service_failed", """{"request":"disable","code":"compute.503","detail":"away"}""", "Its compute service could not be disabled: compute.503, away")]
    [InlineData("host.trust.changed", """{"level":"trusted","previous":"unknown","evidence":"guest_report","simulated":true,"findings":[]}""",
        "Is trusted (was unknown), by a report that its chip signed SIMULATED")]
    [InlineData("host.trust.changed", """{"level":"untrusted","previous":"trusted","evidence":"platform","simulated":false,"findings":[{"code":"x.y","subject":"SMT","expected":"off","actual":"on"}]}""",
        "Is not trusted (was trusted), by its own word, because SMT: expected off, got on (x.y: SMT: expected off, got on)")]
    [InlineData("host.traits.corrected", """{"removed":["CUSTOM_SEV_TRUSTED"],"restored":["CUSTOM_SEV_QUARANTINED"]}""",
        "Somebody else changed what Placement says of it; put right: +CUSTOM_SEV_QUARANTINED, -CUSTOM_SEV_TRUSTED")]
    [InlineData("something.new", """{"a":1}""", "something.new")]
    public void A_record_is_a_sentence(string kind, string body, string expected) => Assert.Equal(expected, Sentences.Of(kind, Parsed(body)));

    [Fact]
    public void A_host_that_reports_something_else_is_told_by_what_is_else()
    {
        const string Before = """{"name":"c1","agent_version":"1","facts":{"firmware":{"api":"1.58","reported_tcb":"02"},"smt":true},"capacity":[{"model":"amd-sev","total":5}],"findings":[]}""";
        const string Now = """{"name":"c1","agent_version":"1","facts":{"firmware":{"api":"1.55","reported_tcb":"01"},"smt":true},"capacity":[],"findings":["platform.sev.off"]}""";
        Assert.Equal("Reported: SNP firmware API 1.58 → 1.55, REPORTED_TCB 02 → 01, room for 5 amd-sev → room for no encrypted guest, findings platform.sev.off",
            Sentences.Of("host.reported", Parsed(Now), Parsed(Before)));
        Assert.Equal("Reported: SNP firmware API 1.58, REPORTED_TCB 02, room for 5 amd-sev", Sentences.Of("host.reported", Parsed(Before)));
    }

    /// <summary>Names are others' words, and records those of other releases.</summary>
    [Theory]
    [InlineData("null"), InlineData("[]"), InlineData("7"), InlineData("""{"host":7,"findings":7,"verdict":[],"round_opened_at":"never","chips":[1,null],"capacity":[{}]}""")]
    public void What_is_not_as_it_was_written_today_ends_no_reader(string body)
    {
        foreach (string kind in new[] { "instance.seen", "instance.verdict", "instance.silent", "instance.moved", "instance.changed", "host.reported", "host.chip.changed", "enforcement.done" })
            Assert.NotEqual("", Sentences.Of(kind, Parsed(body), Parsed(body)));
    }

    [Fact]
    public void A_name_with_line_breaks_stays_on_its_line_and_a_long_one_is_cut()
    {
        string sentence = Sentences.Of("instance.seen", Parsed($$"""{"model":"a\nb\u001b[31m","flavor":"{{new string('x', 5000)}}"}"""));
        Assert.DoesNotContain(sentence, char.IsControl);
        Assert.InRange(sentence.Length, 300, 400);
    }

    [Fact]
    public void Every_problem_with_a_compute_service_has_its_words()
    {
        foreach (System.Reflection.FieldInfo problem in typeof(ServiceProblems).GetFields())
            Assert.True(TrustWords.Knows((string)problem.GetRawConstantValue()!), problem.Name);
    }

    /// <summary>No kind of a host's record is told by its name.</summary>
    [Fact]
    public void Every_kind_of_a_host_has_its_sentence()
    {
        foreach (System.Reflection.FieldInfo kind in typeof(OpenStackSev.Api.Hosts.HostEvents).GetFields())
            Assert.NotEqual(kind.GetRawConstantValue(), Sentences.Of((string)kind.GetRawConstantValue()!, Parsed("{}")));
    }

    /// <summary>No code of enforcement is left to speak for itself.</summary>
    [Fact]
    public void Every_reason_of_enforcement_has_its_words()
    {
        foreach (System.Reflection.FieldInfo reason in typeof(EnforcementReasons).GetFields())
            Assert.True(EnforcementWords.Knows((string)reason.GetRawConstantValue()!), reason.Name);
        foreach (System.Reflection.FieldInfo kind in typeof(EnforcementEvents).GetFields())
            Assert.NotEqual(kind.GetRawConstantValue(), Sentences.Of((string)kind.GetRawConstantValue()!, Parsed("{}")));
    }

    private static JsonElement Parsed(string json) => JsonDocument.Parse(json).RootElement;
}
