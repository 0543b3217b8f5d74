using System.Net;
using System.Text;
using System.Text.Json;
using OpenStackSev.Api;
using OpenStackSev.Api.Enforcement;
using OpenStackSev.Attestation;
using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Control.Tests.Enforcement;

/// <summary>Looks at a cloud, with all that follows in Nova.</summary>
public sealed class EnforcementRoundTests
{
    private static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_bad_one_is_tagged_locked_and_stopped_once_and_all_of_it_is_undone_when_it_is_good_again()
    {
        await using EnforcedCloud cloud = await EnforcedCloud.StartAsync();
        Guid bad = await cloud.AddAsync(), good = await cloud.AddAsync(Verdict.Affirming);
        EnforcementTally tally = await cloud.LookAsync();
        Assert.Equal(["tag", "lock", "stop"], cloud.Nova.Ours(bad));
        Assert.Equal(5, tally.Of("done"));
        FakeServer server = cloud.Nova.Server(bad);
        Assert.Equal(("SHUTOFF", true, "openstack-sev: " + Given.Code), (server.Status, server.IsLocked, server.LockedReason));
        Assert.Equal([NovaMeasures.ServerTag], server.Tags);
        Assert.Equal(EnforcementStanding.Acted, (await cloud.RowAsync(bad)).Standing);
        await cloud.SweepAsync();
        for (int i = 0; i < 5; i++)
            Assert.Equal(0, (await cloud.LookAsync(s_minute)).Of("done"));

        await cloud.JudgeAsync(bad, Verdict.Affirming);
        Assert.Equal(3, (await cloud.LookAsync()).Of("undone"));
        Assert.Equal(["tag", "lock", "stop", "start", "unlock", "untag"], cloud.Nova.Ours(bad));
        Assert.Equal(("ACTIVE", false, 0), (cloud.Nova.Server(bad).Status, cloud.Nova.Server(bad).IsLocked, cloud.Nova.Server(bad).Tags.Count));
        Assert.Equal(
        [
            "enforcement.done", "enforcement.done", "enforcement.intended", "enforcement.done", "enforcement.intended", "enforcement.done", "enforcement.intended", "enforcement.done",
            "enforcement.intended", "enforcement.undone", "enforcement.intended", "enforcement.undone", "enforcement.intended", "enforcement.undone", "enforcement.cleared",
        ], await cloud.HistoryAsync(bad));
        Assert.Empty(cloud.Nova.Ours(good));
        Assert.Empty(await cloud.HistoryAsync(good));
        Assert.Null((await cloud.BothAsync(good)).Row);
    }

    [Fact]
    public async Task Shelving_is_done_and_undone()
    {
        await using EnforcedCloud cloud = await EnforcedCloud.StartAsync(EnforcedCloud.Rules.Replace("tag, lock, stop", "shelve", StringComparison.Ordinal));
        Guid bad = await cloud.AddAsync();
        await cloud.LookAsync();
        Assert.Equal("SHELVED_OFFLOADED", cloud.Nova.Server(bad).Status);
        await cloud.JudgeAsync(bad, Verdict.Affirming);
        await cloud.LookAsync();
        Assert.Equal(["shelve", "unshelve"], cloud.Nova.Ours(bad));
        Assert.Equal("ACTIVE", cloud.Nova.Server(bad).Status);
    }

    [Fact]
    public async Task What_a_user_locked_himself_stays_locked_and_what_he_stopped_stays_stopped()
    {
        await using EnforcedCloud cloud = await EnforcedCloud.StartAsync();
        Guid locked = await cloud.AddAsync(), restopped = await cloud.AddAsync();
        cloud.Nova.Act(locked, "lock", "tenant", "mine");
        await cloud.LookAsync();
        Assert.Equal(("mine", "SHUTOFF", EnforcementReasons.LockedByOther), (cloud.Nova.Server(locked).LockedReason, cloud.Nova.Server(locked).Status, (await cloud.RowAsync(locked)).Reason));
        cloud.Nova.Act(restopped, "os-start", "admin");
        cloud.Nova.Act(restopped, "os-stop", "admin");
        await cloud.JudgeAsync(locked, Verdict.Affirming);
        await cloud.JudgeAsync(restopped, Verdict.Affirming);
        await cloud.LookAsync();
        Assert.Equal(("mine", "ACTIVE"), (cloud.Nova.Server(locked).LockedReason, cloud.Nova.Server(locked).Status));
        Assert.DoesNotContain("unlock", cloud.Nova.Ours(locked));
        Assert.Equal(("SHUTOFF", false), (cloud.Nova.Server(restopped).Status, cloud.Nova.Server(restopped).IsLocked));
        Assert.Contains(EnforcementEvents.Kept, await cloud.HistoryAsync(restopped));
        Assert.Equal(EnforcementStanding.Clear, (await cloud.RowAsync(restopped)).Standing);
    }

    [Fact]
    public async Task One_that_its_tenant_starts_again_has_the_time_of_the_rule_and_is_stopped_again()
    {
        await using EnforcedCloud cloud = await EnforcedCloud.StartAsync(EnforcedCloud.Rules.Replace("after: 0s", "after: 5m", StringComparison.Ordinal).Replace(", lock", "", StringComparison.Ordinal));
        Guid bad = await cloud.AddAsync();
        await cloud.LookAsync();
        await cloud.JudgeAsync(bad, Verdict.Contraindicated);
        await cloud.LookAsync(s_minute * 5);
        await cloud.SweepAsync();
        cloud.Nova.Act(bad, "os-start", "tenant");
        await cloud.SweepAsync();
        await cloud.LookAsync(s_minute * 3);
        Assert.Equal(EnforcementReasons.Waiting, (await cloud.RowAsync(bad)).Reason);
        Assert.Equal(EnforcementEvents.Overridden, (await cloud.HistoryAsync(bad))[^1]);
        await cloud.JudgeAsync(bad, Verdict.Contraindicated);
        await cloud.LookAsync(s_minute * 5);
        Assert.Equal((2, "SHUTOFF"), (cloud.Nova.Ours(bad).Count(name => name == "stop"), cloud.Nova.Server(bad).Status));
    }

    [Fact]
    public async Task Forty_percent_of_a_fleet_at_once_are_an_outage_nobody_is_acted_on_until_an_administrator_says_so()
    {
        await using EnforcedCloud cloud = await EnforcedCloud.StartAsync();
        Guid[] bad = [.. await Task.WhenAll(Enumerable.Range(0, 40).Select(i => cloud.AddAsync(project: $"p{i % 20}", host: $"compute{i % 10}")))];
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => cloud.AddAsync(Verdict.Affirming, $"p{i % 20}", $"compute{i % 10}")));
        EnforcementTally tally = await cloud.LookAsync();
        Assert.Equal((40, 0), (tally.Finished().Noticed, tally.Of("done")));
        Assert.Empty(cloud.Nova.Actions);
        Assert.DoesNotContain(cloud.Nova.Requests, request => request.Contains("/servers/", StringComparison.Ordinal));
        Assert.All(await Task.WhenAll(bad.Select(cloud.RowAsync)), row => Assert.Equal((EnforcementStanding.Withheld, EnforcementReasons.BreakerOpen), (row.Standing, row.Reason)));
        Assert.Equal([EnforcementEvents.RulesChanged, EnforcementEvents.BreakerOpened], await cloud.HistoryAsync(BreakerSteps.Subject));

        // It stays so over a restart and when the hour is over, is told once, and what is good again is let go.
        await cloud.Control.RestartAsync();
        await cloud.JudgeAsync(bad[0], Verdict.Affirming);
        await cloud.LookAsync(TimeSpan.FromHours(2));
        Assert.Empty(cloud.Nova.Actions);
        Assert.Equal(2, (await cloud.HistoryAsync(BreakerSteps.Subject)).Count);
        Assert.Equal(EnforcementStanding.Clear, (await cloud.RowAsync(bad[0])).Standing);

        await Task.WhenAll(bad[1..].Select(id => cloud.JudgeAsync(id, Verdict.Contraindicated)));
        Assert.Equal(HttpStatusCode.Forbidden, (await PostAsync(cloud, "/v1/enforcement/resume", """{"reason":"mine"}""", "member")).StatusCode);
        using HttpResponseMessage resumed = await PostAsync(cloud, "/v1/enforcement/resume", """{"reason":"they are really bad"}""", "admin");
        EnforcementStatus status = (await JsonSerializer.DeserializeAsync(await resumed.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken), AttestationJson.Default.EnforcementStatus))!;
        Assert.Equal((false, "operator", 100), (status.Breaker.Open, status.Breaker.ResumedBy, status.Breaker.Judged));
        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync(cloud, "/v1/enforcement/resume", """{"reason":"again"}""", "admin")).StatusCode);
        await cloud.LookAsync();
        Assert.All(bad[1..], id => Assert.Equal("SHUTOFF", cloud.Nova.Server(id).Status));
    }

    [Fact]
    public async Task One_tenants_bad_instances_do_not_stop_enforcement_for_the_others()
    {
        await using EnforcedCloud cloud = await EnforcedCloud.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 30).Select(i => cloud.AddAsync(project: "spoiler", host: $"compute{i % 10}")));
        await Task.WhenAll(Enumerable.Range(0, 70).Select(i => cloud.AddAsync(Verdict.Affirming, $"p{i % 14}", $"compute{i % 10}")));
        Guid other = await cloud.AddAsync(project: "p1");
        await cloud.LookAsync();
        Assert.Equal("SHUTOFF", cloud.Nova.Server(other).Status);
        Assert.Equal(31, cloud.Nova.Actions.Count(action => action.Name == "stop"));
    }

    /// <summary>KDS is down or the CRL is stale for everybody: they go on answering, and nobody can judge it.</summary>
    [Fact]
    public async Task When_nothing_can_be_judged_for_anybody_nobody_is_acted_on()
    {
        await using EnforcedCloud cloud = await EnforcedCloud.StartAsync(EnforcedCloud.Rules.Replace("rules:", "rules:\n  - {verdict: none, codes: ['*'], after: 0s, measures: [stop]}\n  - {verdict: warning, after: 0s, measures: [stop]}", StringComparison.Ordinal),
            settings: ("sweep.silence", "contraindicated"));
        Guid[] fleet = [.. Enumerable.Range(0, 20).Select(i => cloud.Nova.Add(project: $"p{i}").Id)];
        await cloud.SweepAsync();
        for (int i = 0; i < 40; i++)
        {
            cloud.Control.Time.Advance(s_minute);
            foreach (Guid id in fleet)
            {
                InstanceState state = (await cloud.BothAsync(id)).Instance!;
                await cloud.Of<OpenStackSev.Control.Persistence.History.HistoryWriter>().ApplyAsync(state with { NoAnswerCode = "snp.crl.stale", NoAnswerAt = cloud.Now });
            }

            await cloud.SweepAsync();
            await cloud.LookAsync();
        }

        Assert.Empty(cloud.Nova.Actions);
        Assert.All(await Task.WhenAll(fleet.Select(cloud.BothAsync)), both => Assert.Equal((Verdict.None, null), (both.Instance!.Verdict, both.Row)));
        // They fall silent: now it is theirs, and as it is all of them, it is an outage again.
        cloud.Control.Time.Advance(s_minute * 20);
        await cloud.SweepAsync();
        await cloud.LookAsync();
        Assert.Empty(cloud.Nova.Actions);
        Assert.Contains(EnforcementEvents.BreakerOpened, await cloud.HistoryAsync(BreakerSteps.Subject));
    }

    [Fact]
    public async Task No_more_are_acted_on_than_may_be_and_the_others_come_later()
    {
        await using EnforcedCloud cloud = await EnforcedCloud.StartAsync(EnforcedCloud.Rules.Replace("1000, most_an_hour: 10000", "2, most_an_hour: 3", StringComparison.Ordinal));
        await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => cloud.AddAsync()));
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => cloud.AddAsync(Verdict.Affirming, $"p{i}")));
        int Stopped() => cloud.Nova.Actions.Count(action => action.Name == "stop");
        await cloud.LookAsync();
        Assert.Equal(2, Stopped());
        await cloud.LookAsync(s_minute);
        Assert.Equal(3, Stopped());
        await cloud.LookAsync(s_minute);
        Assert.Equal((3, 0), (Stopped(), cloud.Nova.Actions.Count(action => action.Name == "start")));
        await cloud.LookAsync(TimeSpan.FromHours(1));
        Assert.Equal(3, Stopped());     // their verdicts are an hour old: they are asked again first
        foreach (FakeServer server in cloud.Nova.Actions.Select(action => action.Server).Distinct().Select(cloud.Nova.Server))
            Assert.Equal("SHUTOFF", server.Status);
    }

    [Fact]
    public async Task Nova_away_is_asked_no_more_than_a_few_times_a_look_and_all_is_done_when_it_is_back()
    {
        await using EnforcedCloud cloud = await EnforcedCloud.StartAsync();
        Guid[] bad = [.. await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => cloud.AddAsync()))];
        await Task.WhenAll(Enumerable.Range(0, 90).Select(i => cloud.AddAsync(Verdict.Affirming, $"p{i % 20}")));
        cloud.Nova.Fails = request => request.Contains("/servers/", StringComparison.Ordinal) ? 503 : null;
        EnforcementTally tally = await cloud.LookAsync();
        Assert.Equal("compute.503", Assert.Single(tally.Finished().Failures).Code);
        // Each is repeated once; four are under way at a time.
        Assert.InRange(cloud.Nova.Requests.Count(request => request.Contains("/servers/", StringComparison.Ordinal)), 3, 14);
        cloud.Nova.Fails = _ => null;
        await cloud.LookAsync(s_minute);
        await cloud.LookAsync(s_minute);
        Assert.All(bad, id => Assert.Equal(["tag", "lock", "stop"], cloud.Nova.Ours(id)));
    }

    [Fact]
    public async Task A_tenant_who_fills_the_tags_is_stopped_all_the_same()
    {
        await using EnforcedCloud cloud = await EnforcedCloud.StartAsync();
        Guid bad = await cloud.AddAsync();
        cloud.Nova.Change(bad, server => server with { Tags = [.. Enumerable.Range(0, 50).Select(i => $"t{i}")] });
        await cloud.LookAsync();
        Assert.Equal(["lock", "stop"], cloud.Nova.Ours(bad));
        Assert.Equal((EnforcementReasons.Failed, EnforcementReasons.TagsFull, Measures.Tag), ((await cloud.RowAsync(bad)).Reason, (await cloud.RowAsync(bad)).FailureCode, (await cloud.RowAsync(bad)).Skipped));
    }

    [Fact]
    public async Task A_release_lets_it_run_for_its_time()
    {
        await using EnforcedCloud cloud = await EnforcedCloud.StartAsync();
        Guid bad = await cloud.AddAsync(), good = await cloud.AddAsync(Verdict.Affirming);
        await cloud.LookAsync();
        await cloud.SweepAsync();
        Assert.Equal(HttpStatusCode.Forbidden, (await PostAsync(cloud, $"/v1/instances/{bad}/release", """{"reason":"please"}""", "manager")).StatusCode);
        using HttpResponseMessage nothing = await PostAsync(cloud, $"/v1/instances/{good}/release", """{"reason":"please"}""", "admin");
        Assert.Equal(HttpStatusCode.Conflict, nothing.StatusCode);
        Assert.Contains(EnforcementErrors.NothingToRelease.Code, await nothing.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.BadRequest, (await PostAsync(cloud, $"/v1/instances/{bad}/release", """{"reason":" "}""", "admin")).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await PostAsync(cloud, $"/v1/instances/{bad}/release", """{"reason":"fixed","hours":1}""", "admin")).StatusCode);
        await cloud.LookAsync(s_minute);
        Assert.Equal(("ACTIVE", false, EnforcementReasons.Released), (cloud.Nova.Server(bad).Status, cloud.Nova.Server(bad).IsLocked, (await cloud.RowAsync(bad)).Reason));
        await cloud.JudgeAsync(bad, Verdict.Contraindicated);
        await cloud.LookAsync(TimeSpan.FromMinutes(58));
        Assert.Equal("ACTIVE", cloud.Nova.Server(bad).Status);
        await cloud.JudgeAsync(bad, Verdict.Contraindicated);
        await cloud.LookAsync(s_minute);
        Assert.Equal("SHUTOFF", cloud.Nova.Server(bad).Status);
    }

    [Fact]
    public async Task Rules_are_read_again_when_they_change_and_wrong_ones_change_nothing()
    {
        await using EnforcedCloud cloud = await EnforcedCloud.StartAsync(EnforcedCloud.Rules.Replace("enforce", "dry-run", StringComparison.Ordinal));
        Guid bad = await cloud.AddAsync();
        await cloud.LookAsync();
        Assert.Equal((EnforcementStanding.DryRun, 0), ((await cloud.RowAsync(bad)).Standing, cloud.Nova.Actions.Count));
        await File.WriteAllTextAsync(cloud.RulesFile, "mode: enforc\n", TestContext.Current.CancellationToken);
        await cloud.LookAsync();
        using HttpResponseMessage response = await cloud.Control.GetAsync("/v1/enforcement", "admin");
        string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Contains("did you mean", body, StringComparison.Ordinal);
        Assert.Contains("\"mode\":\"dry-run\"", body, StringComparison.Ordinal);
        await File.WriteAllTextAsync(cloud.RulesFile, EnforcedCloud.Rules, TestContext.Current.CancellationToken);
        await cloud.LookAsync();
        Assert.Equal("SHUTOFF", cloud.Nova.Server(bad).Status);
        Assert.Equal(2, (await cloud.HistoryAsync(BreakerSteps.Subject)).Count(kind => kind == EnforcementEvents.RulesChanged));
    }

    [Fact]
    public async Task A_host_that_instances_of_two_projects_speak_against_is_asked_to_be_quarantined_once()
    {
        await using EnforcedCloud cloud = await EnforcedCloud.StartAsync(EnforcedCloud.Rules.Replace("tag, lock, stop", "tag", StringComparison.Ordinal));
        await Task.WhenAll(Enumerable.Range(0, 60).Select(i => cloud.AddAsync(Verdict.Affirming, $"p{i % 20}", $"compute{i % 30}")));
        Guid host = OpenStackSev.Api.Capacity.ProviderIdentity.Of("compute1");
        await cloud.AddAsync(project: "p1", codes: ["snp.tcb.below_minimum"]);
        await cloud.AddAsync(project: "p1", codes: ["snp.tcb.below_minimum"]);
        await cloud.AddAsync(project: "p2");
        await cloud.LookAsync();
        Assert.Empty(await cloud.HistoryAsync(host));
        await cloud.AddAsync(project: "p3", codes: ["snp.firmware.below_minimum"]);
        for (int i = 0; i < 3; i++)
            await cloud.LookAsync();
        Assert.Equal([EnforcementEvents.QuarantineRequested], await cloud.HistoryAsync(host));
    }

    [Fact]
    public async Task A_project_sees_its_own_and_no_other()
    {
        await using EnforcedCloud cloud = await EnforcedCloud.StartAsync();
        Guid own = await cloud.AddAsync(), other = await cloud.AddAsync(project: "p2");
        await cloud.LookAsync();
        Assert.Equal([own], await ListAsync("/v1/enforcement/instances", "reader"));
        Assert.Equal(new[] { own, other }.Order(), (await ListAsync("/v1/enforcement/instances", "admin")).Order());
        Assert.Equal([other], await ListAsync("/v1/enforcement/instances?project=p2", "admin"));
        Assert.Empty(await ListAsync("/v1/enforcement/instances?standing=dry_run", "admin"));
        Assert.Single(await ListAsync("/v1/enforcement/instances?limit=1", "admin"));
        foreach ((string path, string role, HttpStatusCode status) in new[]
        {
            ("/v1/enforcement/instances?project=p2", "reader", HttpStatusCode.Forbidden), ("/v1/enforcement", "reader", HttpStatusCode.Forbidden),
            ("/v1/enforcement/instances?standing=x", "admin", HttpStatusCode.BadRequest), ("/v1/enforcement/instances?limit=0", "admin", HttpStatusCode.BadRequest),
        })
        {
            using HttpResponseMessage refused = await cloud.Control.GetAsync(path, role);
            Assert.Equal(status, refused.StatusCode);
        }

        async Task<IReadOnlyList<Guid>> ListAsync(string path, string role)
        {
            using HttpResponseMessage response = await cloud.Control.GetAsync(path, role);
            string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.DoesNotContain("compute1", body, StringComparison.Ordinal);
            return [.. JsonSerializer.Deserialize(body, AttestationJson.Default.EnforcementInstanceList)!.Instances.Select(one => one.Instance)];
        }
    }

    private static async Task<HttpResponseMessage> PostAsync(EnforcedCloud cloud, string path, string body, string role)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Auth-Token", cloud.Control.Keystone.Issue("operator", "p1", role).Secret);
        return await cloud.Control.Http.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
