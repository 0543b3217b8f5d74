using OpenStackSev.Api.Attestation;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.Control.Timeline;

namespace OpenStackSev.Control.Tests.Timeline;

/// <summary>How an instance stands, as its tenant and as an operator read it.</summary>
public sealed class InstanceInWordsTests
{
    private static readonly DateTimeOffset s_now = new(2026, 11, 25, 12, 0, 0, TimeSpan.Zero);

    private static readonly InstanceState s_affirmed = new()
    {
        Instance = Guid.NewGuid(),
        Project = "p1",
        Name = "web",
        Model = "amd-sev-snp",
        Status = "ACTIVE",
        FirstSeenAt = s_now,
        SeenAt = s_now,
        NextRoundAt = s_now,
        Verdict = Verdict.Affirming,
        JudgedAt = s_now,
    };

    private static readonly JudgementRecord s_judgement = new(
        "affirming", null, [], ["measurement"], "guest_report", Simulated: false, BoundToChip: true, "Turin", "snp 3", "00", null, "key", null, null, null);

    [Fact]
    public void An_affirmed_one_is_protected_and_what_is_not_claimed_is_said()
    {
        InstanceExplanation words = Of(s_affirmed);
        Assert.Equal("protected, as far as it proved at 2026-11-25 12:00:00 UTC", words.Summary);
        Assert.Equal("what was started in it is not known: the operator has no reference values", Assert.Single(words.Reasons));
        Assert.Empty(words.NextSteps);
        Assert.EndsWith("; its next proof is awaited since 2026-11-25 12:00:00 UTC", Of(s_affirmed with { RoundOpenedAt = s_now }).Summary, StringComparison.Ordinal);
        Assert.EndsWith("; it does not run now, and proves itself again when it does", Of(s_affirmed with { Status = "SHUTOFF" }).Summary, StringComparison.Ordinal);
    }

    /// <summary>The one word that must never stand there for these.</summary>
    [Fact]
    public void Whoever_is_not_affirmed_is_not_called_protected()
    {
        foreach (InstanceState state in new[]
        {
            s_affirmed with { Verdict = null }, s_affirmed with { Verdict = null, RoundOpenedAt = s_now }, s_affirmed with { Verdict = Verdict.None },
            s_affirmed with { Verdict = Verdict.Contraindicated }, s_affirmed with { GoneAt = s_now },
        })
        {
            Assert.DoesNotContain("protected,", Of(state).Summary, StringComparison.Ordinal);
            Assert.DoesNotContain("protected with", Of(state).Summary, StringComparison.Ordinal);
        }

        Assert.StartsWith("SIMULATED, ", InstanceInWords.Of(s_affirmed, s_judgement with { Simulated = true }, null, withHost: false).Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_done_about_it_is_told_and_how_it_comes_free()
    {
        InstanceState bad = s_affirmed with { Verdict = Verdict.Contraindicated };
        EnforcementState row = EnforcementState.New(bad) with { Standing = EnforcementStanding.Acted, Done = Measures.Record | Measures.Lock | Measures.Stop };
        JudgementRecord judgement = s_judgement with { Verdict = "contraindicated", Findings = [new FindingRecord("snp.policy.debug", "contraindicated", "POLICY", "off", "on")] };
        InstanceExplanation tenant = InstanceInWords.Of(bad, judgement, row, withHost: false), admin = InstanceInWords.Of(bad, judgement, row, withHost: true);
        Assert.Contains("for that it was locked and stopped by the operator's rules", tenant.Reasons);
        Assert.Contains("it can prove itself again only when the operator releases it: ask him", tenant.NextSteps);
        Assert.DoesNotContain(tenant.NextSteps, step => step.Contains("osev enforcement", StringComparison.Ordinal));
        Assert.Contains("osev enforcement release UUID --reason TEXT lets it run and prove itself again", admin.NextSteps);

        row = row with { Standing = EnforcementStanding.Withheld, Done = Measures.None, Reason = EnforcementReasons.BreakerOpen };
        Assert.Contains("the operator's rules want more than was done about it, and wait: too many turned bad at once, which looks like an outage",
            InstanceInWords.Of(bad, judgement, row, withHost: false).Reasons);
    }

    private static InstanceExplanation Of(InstanceState state) => InstanceInWords.Of(state, s_judgement, null, withHost: false);
}
