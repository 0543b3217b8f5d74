using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Tests.Quarantine;

/// <summary>Hosts that a rule sets aside, and lets go.</summary>
public sealed class RuleQuarantineTests
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    private static async Task<string?> ByAsync(QuarantineCloud cloud, string host = "compute1") => await cloud.RowAsync(host) is { Since: not null } row ? row.By : null;

    /// <summary>However many guests say it: tenants could agree.</summary>
    [Fact]
    public async Task What_guests_say_alone_quarantines_no_host()
    {
        await using QuarantineCloud cloud = await QuarantineCloud.StartAsync();
        await cloud.BlameAsync();
        await cloud.BlameAsync();
        await cloud.LookAsync();
        Assert.Equal(["host.quarantine.requested"], await cloud.HistoryAsync());
        await cloud.AppraiseAsync("compute1", TrustLevel.Trusted);
        await cloud.LookAsync(s_minute);
        Assert.Null(await cloud.RowAsync());
    }

    [Fact]
    public async Task Its_own_appraisal_beside_them_does_and_it_is_let_go_when_nothing_speaks_against_it()
    {
        await using QuarantineCloud cloud = await QuarantineCloud.StartAsync(QuarantineCloud.Rules.Replace("quarantine: enforce", "quarantine: enforce, disable_service: true", StringComparison.Ordinal));
        IReadOnlyList<Guid> blaming = await cloud.BlameAsync();
        await cloud.AppraiseAsync("compute1", TrustLevel.Untrusted, "host.debug.unlocked");
        await cloud.LookAsync();
        HostQuarantineState row = (await cloud.RowAsync())!;
        Assert.Equal(("rule quarantine_request", true, true), (row.By, row.ByRule, row.DisablesService));
        Assert.Equal("2 instances of 2 projects and its appraisal speak against it: host.debug.unlocked, snp.tcb.below_minimum", row.Reason);
        Assert.Equal("compute1", row.DisabledService);

        await cloud.AppraiseAsync("compute1", TrustLevel.Quarantined);
        await cloud.LookAsync(s_minute);
        Assert.NotNull(await ByAsync(cloud));
        foreach (Guid instance in blaming)
            await cloud.Cloud.JudgeAsync(instance, Verdict.Affirming);
        await cloud.AppraiseAsync("compute1", TrustLevel.Quarantined, "host.debug.unlocked");
        await cloud.LookAsync(s_minute);
        Assert.NotNull(await ByAsync(cloud));
        await cloud.AppraiseAsync("compute1", TrustLevel.Quarantined);
        await cloud.LookAsync(s_minute);
        Assert.Null(await ByAsync(cloud));
        Assert.False(cloud.Nova.Services["compute1"].IsDisabled);
        Assert.Equal(
            ["host.quarantine.requested", "host.quarantined", "host.quarantine.service_intended", "host.quarantine.service_disabled", "host.released", "host.quarantine.service_intended",
                "host.quarantine.service_enabled"], await cloud.HistoryAsync());
    }

    [Fact]
    public async Task A_report_that_its_own_chip_signed_is_as_good_as_its_appraisal()
    {
        await using QuarantineCloud cloud = await QuarantineCloud.StartAsync("" + QuarantineCloud.Rules, "compute1", "compute2");
        IReadOnlyList<Guid> blaming = await cloud.BlameAsync();
        await cloud.SignAsync(blaming[0], "compute2");
        await cloud.LookAsync();
        Assert.Null(await ByAsync(cloud));
        await cloud.SignAsync(blaming[0]);
        await cloud.LookAsync(s_minute);
        Assert.Contains("its own chip", (await cloud.RowAsync())!.Reason, StringComparison.Ordinal);
        Assert.Null(await cloud.RowAsync("compute2"));
    }

    [Theory]
    [InlineData("mode: enforce", "mode: dry-run")]
    [InlineData("mode: enforce", "mode: off")]
    [InlineData("quarantine: enforce", "quarantine: request")]
    [InlineData("projects: 2, ", "projects: 3, ")]
    [InlineData("share: 1, minimum: 1000", "share: 0.01, minimum: 2")]
    public async Task Nothing_is_done_by_rules_that_do_not_say_so_or_while_the_breaker_is_open(string rule, string other)
    {
        await using QuarantineCloud cloud = await QuarantineCloud.StartAsync(QuarantineCloud.Rules.Replace(rule, other, StringComparison.Ordinal));
        await cloud.BlameAsync();
        await cloud.AppraiseAsync("compute1", TrustLevel.Untrusted, "host.debug.unlocked");
        await cloud.LookAsync();
        Assert.Null(await cloud.RowAsync());
    }

    [Fact]
    public async Task A_person_s_quarantine_is_never_ended_by_a_rule_and_one_that_a_person_ended_is_not_begun_again()
    {
        await using QuarantineCloud cloud = await QuarantineCloud.StartAsync();
        await cloud.AppraiseAsync("compute1", TrustLevel.Trusted);
        await cloud.QuarantineAsync();
        await cloud.LookAsync(s_minute);
        Assert.Equal("alice", await ByAsync(cloud));
        await cloud.ReleaseAsync();

        IReadOnlyList<Guid> blaming = await cloud.BlameAsync();
        await cloud.AppraiseAsync("compute1", TrustLevel.Untrusted, "host.debug.unlocked");
        await cloud.LookAsync();
        Assert.Null(await ByAsync(cloud));

        foreach (Guid instance in blaming)
            await cloud.Cloud.JudgeAsync(instance, Verdict.Affirming);
        await cloud.AppraiseAsync("compute1", TrustLevel.Trusted);
        await cloud.LookAsync(s_minute);
        foreach (Guid instance in blaming)
            await cloud.Cloud.JudgeAsync(instance, Verdict.Contraindicated, QuarantineCloud.Blame);
        await cloud.AppraiseAsync("compute1", TrustLevel.Untrusted, "host.debug.unlocked");
        await cloud.LookAsync(s_minute);
        Assert.Equal("rule quarantine_request", await ByAsync(cloud));
        await cloud.QuarantineAsync("mine now");
        foreach (Guid instance in blaming)
            await cloud.Cloud.JudgeAsync(instance, Verdict.Affirming);
        await cloud.AppraiseAsync("compute1", TrustLevel.Quarantined);
        await cloud.LookAsync(s_minute);
        Assert.Equal("alice", await ByAsync(cloud));
    }

    [Fact]
    public async Task A_host_that_stays_untrusted_is_set_aside_where_the_rules_want_it_but_no_more_than_the_breaker_allows()
    {
        string rules = QuarantineCloud.Rules.Replace("quarantine: enforce", "quarantine_untrusted_after: 30m", StringComparison.Ordinal)
            .Replace("share: 1, minimum: 1000", "share: 0.5, minimum: 2", StringComparison.Ordinal);
        await using QuarantineCloud cloud = await QuarantineCloud.StartAsync(rules, "compute1", "compute2", "compute3", "compute4");
        foreach (string host in new[] { "compute1", "compute2", "compute3" })
            await cloud.AppraiseAsync(host, TrustLevel.Untrusted, "host.smt.refused");
        await cloud.AppraiseAsync("compute4", TrustLevel.Untrusted);
        await cloud.LookAsync(s_minute * 29);
        Assert.Null(await ByAsync(cloud));
        await cloud.LookAsync(s_minute);
        string?[] by = [await ByAsync(cloud), await ByAsync(cloud, "compute2"), await ByAsync(cloud, "compute3"), await ByAsync(cloud, "compute4")];
        Assert.Equal(2, by.Count(one => one == "rule quarantine_untrusted_after"));
        Assert.Null(by[3]);
        foreach (string host in new[] { "compute1", "compute2", "compute3" })
            await cloud.AppraiseAsync(host, TrustLevel.Unknown);
        await cloud.LookAsync(s_minute);
        Assert.Equal([null, null, null], [await ByAsync(cloud), await ByAsync(cloud, "compute2"), await ByAsync(cloud, "compute3")]);
    }

    [Fact]
    public async Task A_rule_that_is_no_more_holds_nobody()
    {
        await using QuarantineCloud cloud = await QuarantineCloud.StartAsync();
        await cloud.BlameAsync();
        await cloud.AppraiseAsync("compute1", TrustLevel.Untrusted, "host.debug.unlocked");
        await cloud.LookAsync();
        Assert.NotNull(await ByAsync(cloud));
        await File.WriteAllTextAsync(cloud.Cloud.RulesFile, QuarantineCloud.Rules.Replace("quarantine: enforce", "quarantine: request", StringComparison.Ordinal), TestContext.Current.CancellationToken);
        await cloud.LookAsync(s_minute);
        Assert.Null(await ByAsync(cloud));
    }
}
