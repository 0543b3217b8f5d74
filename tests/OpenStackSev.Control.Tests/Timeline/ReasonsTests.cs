using OpenStackSev.Attestation;
using OpenStackSev.Control.Reattestation.Rounds;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.Control.Timeline;

namespace OpenStackSev.Control.Tests.Timeline;

/// <summary>Every code of a verdict has its words.</summary>
public sealed class ReasonsTests
{
    public static TheoryData<string> Codes { get; } =
        [.. SnpCodes.All.Select(check => check.Code), SweepCodes.Silent, SweepCodes.NotEncrypted, SweepCodes.NotJudged, SweepCodes.NoGuestReport, RoundRules.WithoutKey.Code];

    [Theory, MemberData(nameof(Codes))]
    public void Every_code_says_what_is_wrong_what_each_can_do_and_how_it_is_kept_from_coming_again(string code)
    {
        Assert.True(Reasons.Knows(code), code);
        Reason reason = Reasons.Of(code, "");
        foreach (string text in new[] { reason.Text, reason.Tenant, reason.Operator, reason.Prevention })
        {
            Assert.True(text.Length > 10, text);
            Assert.False(text.EndsWith('.') || char.IsUpper(text[0]) && !text.StartsWith("AMD", StringComparison.Ordinal), text);
        }
    }

    /// <summary>Commands of an administrator are no use to a tenant.</summary>
    [Theory, MemberData(nameof(Codes))]
    public void A_tenant_is_told_nothing_that_only_an_operator_can_do(string code)
    {
        string tenant = Reasons.Of(code, "").Tenant;
        foreach (string word in new[] { "osev policy", "osev reference", "osev endorsements", "osev host", "MASK_CHIP", "BIOS" })
            Assert.DoesNotContain(word, tenant, StringComparison.Ordinal);
    }

    [Fact]
    public void A_code_of_another_release_speaks_for_itself() => Assert.Equal("LAUNCH_TCB is odd", Reasons.Of("snp.new.code", "LAUNCH_TCB is odd").Text);
}
