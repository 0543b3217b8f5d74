using System.Text.Json.Nodes;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Quarantine;

namespace OpenStackSev.Control.Tests.Quarantine;

/// <summary>Hosts that a person sets aside, with what follows in Nova.</summary>
public sealed class QuarantineTests
{
    private static readonly TimeSpan s_later = TimeSpan.FromMinutes(11);

    private static (bool Disabled, string? Reason) Service(QuarantineCloud cloud) => (cloud.Nova.Services["compute1"].IsDisabled, cloud.Nova.Services["compute1"].Reason);

    private static int Updates(QuarantineCloud cloud) => cloud.Nova.Requests.Count(request => request.StartsWith("PUT", StringComparison.Ordinal));

    private static void Somebody(QuarantineCloud cloud, bool disables, string? reason = null) =>
        cloud.Nova.Services["compute1"] = cloud.Nova.Services["compute1"] with { IsDisabled = disables, Reason = reason };

    [Fact]
    public async Task A_host_is_set_aside_once_gets_other_reasons_and_is_let_go_once()
    {
        await using QuarantineCloud cloud = await QuarantineCloud.StartAsync();
        string path = $"/v1/hosts/{QuarantineCloud.NodeOf("compute1")}/quarantine";
        int told = 0;
        cloud.Cloud.Of<QuarantineChanges>().Listen(() => told++);
        await cloud.QuarantineAsync("first");
        await cloud.QuarantineAsync("first");
        HostQuarantineState first = (await cloud.RowAsync())!;
        Assert.Equal(("first", "alice", false, false, cloud.Cloud.Now), (first.Reason, first.By, first.ByRule, first.DisablesService, first.Since));
        cloud.Cloud.Control.Time.Advance(s_later);
        await cloud.QuarantineAsync("second");
        HostQuarantineState second = (await cloud.RowAsync())!;
        Assert.Equal(("second", first.Since), (second.Reason, second.Since));
        await cloud.ReleaseAsync();
        (int status, string text) = await cloud.SendAsync(HttpMethod.Delete, path);
        Assert.Equal((409, "attestation.host.not_quarantined"), (status, (string?)JsonNode.Parse(text)!["errors"]![0]!["code"]));
        Assert.Equal(["host.quarantined", "host.quarantined", "host.released"], await cloud.HistoryAsync());
        Assert.Null((await cloud.RowAsync())!.Since);
        Assert.Equal(3, told);
        Assert.Equal(0, Updates(cloud));
    }

    [Fact]
    public async Task Its_compute_service_is_disabled_when_asked_and_enabled_again()
    {
        await using QuarantineCloud cloud = await QuarantineCloud.StartAsync();
        await cloud.QuarantineAsync(disablesService: true);
        Assert.Null((await cloud.RowAsync())!.DisabledService);
        await cloud.LookAsync();
        Assert.Equal((true, "openstack-sev: looked at"), Service(cloud));
        Assert.Equal(("compute1", ServiceRequest.None), ((await cloud.RowAsync())!.DisabledService, (await cloud.RowAsync())!.Pending));
        for (int i = 0; i < 3; i++)
            await cloud.LookAsync(s_later);
        Assert.Equal(1, Updates(cloud));
        await cloud.ReleaseAsync();
        await cloud.LookAsync();
        Assert.Equal((false, null), Service(cloud));
        Assert.Null((await cloud.RowAsync())!.DisabledService);
        Assert.Equal(
            ["host.quarantined", "host.quarantine.service_intended", "host.quarantine.service_disabled", "host.released", "host.quarantine.service_intended", "host.quarantine.service_enabled"],
            await cloud.HistoryAsync());
        int requests = cloud.Nova.Requests.Count;
        await cloud.LookAsync(s_later);
        Assert.Equal(requests, cloud.Nova.Requests.Count);
    }

    [Fact]
    public async Task Another_reason_is_Novas_too_and_a_quarantine_without_the_service_gives_it_back()
    {
        await using QuarantineCloud cloud = await QuarantineCloud.StartAsync();
        await cloud.QuarantineAsync("first", disablesService: true);
        await cloud.LookAsync();
        await cloud.QuarantineAsync("second", disablesService: true);
        await cloud.LookAsync();
        Assert.Equal((true, "openstack-sev: second"), Service(cloud));
        await cloud.QuarantineAsync("second");
        await cloud.LookAsync();
        Assert.Equal((false, null), Service(cloud));
        Assert.NotNull((await cloud.RowAsync())!.Since);
    }

    [Fact]
    public async Task Another_reason_alone_leaves_the_service_as_it_is()
    {
        await using QuarantineCloud cloud = await QuarantineCloud.StartAsync();
        await cloud.QuarantineAsync("first", disablesService: null);
        Assert.False((await cloud.RowAsync())!.DisablesService);
        await cloud.QuarantineAsync("first", disablesService: true);
        await cloud.LookAsync();
        await cloud.QuarantineAsync("under investigation", disablesService: null);
        await cloud.LookAsync();
        Assert.Equal((true, "openstack-sev: under investigation"), Service(cloud));
        await cloud.ReleaseAsync();
        await cloud.LookAsync();
        Assert.Equal((false, null), Service(cloud));
        await cloud.QuarantineAsync("again", disablesService: null);
        Assert.False((await cloud.RowAsync())!.DisablesService);
    }

    [Fact]
    public async Task A_service_that_somebody_else_had_disabled_is_his_before_and_after()
    {
        await using QuarantineCloud cloud = await QuarantineCloud.StartAsync();
        Somebody(cloud, disables: true, "disk broken");
        await cloud.QuarantineAsync(disablesService: true);
        await cloud.LookAsync();
        await cloud.LookAsync(s_later);
        Assert.Equal((null, ServiceProblems.DisabledByOther), ((await cloud.RowAsync())!.DisabledService, (await cloud.RowAsync())!.ServiceProblem));
        await cloud.ReleaseAsync();
        await cloud.LookAsync(s_later);
        Assert.Equal((true, "disk broken"), Service(cloud));
        Assert.Equal(0, Updates(cloud));
        Assert.Equal(["host.quarantined", "host.quarantine.service_kept", "host.released"], await cloud.HistoryAsync());
    }

    [Theory]
    [InlineData(true, "taken over by ops")]
    [InlineData(true, "openstack-sev: looked at; ALSO bad memory, do not enable")]
    [InlineData(true, null)]
    [InlineData(false, null)]
    public async Task What_somebody_did_to_it_meanwhile_stays(bool disables, string? reason)
    {
        await using QuarantineCloud cloud = await QuarantineCloud.StartAsync();
        await cloud.QuarantineAsync(disablesService: true);
        await cloud.LookAsync();
        Somebody(cloud, disables, reason);
        await cloud.LookAsync(s_later);
        await cloud.LookAsync(s_later);
        Assert.Equal((disables, reason), Service(cloud));
        Assert.Equal((null, disables ? ServiceProblems.DisabledByOther : ServiceProblems.EnabledByOther), ((await cloud.RowAsync())!.DisabledService, (await cloud.RowAsync())!.ServiceProblem));
        await cloud.ReleaseAsync();
        await cloud.LookAsync(s_later);
        Assert.Equal((disables, reason), Service(cloud));
        Assert.Equal(1, Updates(cloud));
        Assert.Single(await cloud.HistoryAsync(), "host.quarantine.service_kept");
    }

    [Fact]
    public async Task Another_reason_that_comes_between_a_look_and_a_release_is_respected_at_the_release()
    {
        await using QuarantineCloud cloud = await QuarantineCloud.StartAsync();
        await cloud.QuarantineAsync(disablesService: true);
        await cloud.LookAsync();
        Somebody(cloud, disables: true, "taken over");
        await cloud.ReleaseAsync();
        await cloud.LookAsync();
        Assert.Equal((true, "taken over"), Service(cloud));
        Assert.Null((await cloud.RowAsync())!.DisabledService);
        Assert.Equal("host.quarantine.service_kept", (await cloud.HistoryAsync())[^1]);
    }

    /// <summary>Nova did it, and its answer was lost.</summary>
    [Theory]
    [InlineData(false, "host.quarantine.service_disabled")]
    [InlineData(true, "host.quarantine.service_enabled")]
    public async Task What_is_done_without_an_answer_is_found_and_told_once(bool isReleased, string last)
    {
        await using QuarantineCloud cloud = await QuarantineCloud.StartAsync();
        await cloud.QuarantineAsync(disablesService: true);
        cloud.Nova.AfterServiceUpdate = _ => throw new InvalidOperationException("the answer is lost");
        await cloud.LookAsync();
        cloud.Nova.AfterServiceUpdate = _ => { };
        Assert.True(Service(cloud).Disabled);
        Assert.Equal((ServiceRequest.Disable, null, ServiceProblems.Failed), ((await cloud.RowAsync())!.Pending, (await cloud.RowAsync())!.DisabledService, (await cloud.RowAsync())!.ServiceProblem));
        if (isReleased)
            await cloud.ReleaseAsync();
        int updates = Updates(cloud);
        await cloud.LookAsync(TimeSpan.FromSeconds(31));
        Assert.Equal(isReleased ? updates + 1 : updates, Updates(cloud));
        Assert.Equal(!isReleased, Service(cloud).Disabled);
        Assert.Equal(last, (await cloud.HistoryAsync())[^1]);
        Assert.Equal((ServiceRequest.None, isReleased ? null : "compute1", null), ((await cloud.RowAsync())!.Pending, (await cloud.RowAsync())!.DisabledService, (await cloud.RowAsync())!.ServiceProblem));
    }

    [Fact]
    public async Task A_release_that_comes_while_Nova_disables_it_is_followed()
    {
        await using QuarantineCloud cloud = await QuarantineCloud.StartAsync();
        await cloud.QuarantineAsync(disablesService: true);
        cloud.Nova.AfterServiceUpdate = _ => cloud.ReleaseAsync().GetAwaiter().GetResult();
        await cloud.LookAsync();
        cloud.Nova.AfterServiceUpdate = _ => { };
        Assert.Equal(("compute1", null), ((await cloud.RowAsync())!.DisabledService, (await cloud.RowAsync())!.Since));
        await cloud.LookAsync();
        Assert.Equal((false, null), Service(cloud));
    }

    [Fact]
    public async Task While_Nova_is_away_it_is_tried_less_and_less_often()
    {
        await using QuarantineCloud cloud = await QuarantineCloud.StartAsync();
        cloud.Nova.Fails = request => request.Contains("os-hypervisors", StringComparison.Ordinal) ? 503 : null;
        await cloud.QuarantineAsync(disablesService: true);
        await cloud.LookAsync();
        int asked = cloud.Nova.Requests.Count;
        await cloud.LookAsync(TimeSpan.FromSeconds(29));
        Assert.Equal(asked, cloud.Nova.Requests.Count);
        await cloud.LookAsync(TimeSpan.FromSeconds(2));
        Assert.True(cloud.Nova.Requests.Count > asked);
        Assert.Equal((2, cloud.Cloud.Now.AddMinutes(1)), ((await cloud.RowAsync())!.Failures, (await cloud.RowAsync())!.NextLookAt));
        cloud.Nova.Fails = _ => null;
        await cloud.LookAsync(TimeSpan.FromSeconds(61));
        Assert.Equal((true, 0), (Service(cloud).Disabled, (await cloud.RowAsync())!.Failures));
        Assert.Equal(["host.quarantined", "host.quarantine.service_failed", "host.quarantine.service_intended", "host.quarantine.service_disabled"], await cloud.HistoryAsync());
    }

    [Fact]
    public async Task A_service_that_runs_other_nodes_too_is_not_disabled()
    {
        await using QuarantineCloud cloud = await QuarantineCloud.StartAsync();
        cloud.Nova.Services["compute1"] = cloud.Nova.Services["compute1"] with { Others = [(Guid.NewGuid(), "baremetal2")] };
        await cloud.QuarantineAsync(disablesService: true);
        await cloud.LookAsync();
        Assert.Equal((false, ServiceProblems.Shared), (Service(cloud).Disabled, (await cloud.RowAsync())!.ServiceProblem));
        Assert.Equal(0, Updates(cloud));
    }

    [Fact]
    public async Task A_host_without_a_compute_service_is_in_quarantine_all_the_same()
    {
        await using QuarantineCloud cloud = await QuarantineCloud.StartAsync();
        cloud.Nova.Services.Clear();
        await cloud.QuarantineAsync(disablesService: true);
        await cloud.LookAsync();
        Assert.Equal(ServiceProblems.NotFound, (await cloud.RowAsync())!.ServiceProblem);
        await cloud.ReleaseAsync();
        await cloud.LookAsync();
        Assert.Equal(["host.quarantined", "host.quarantine.service_kept", "host.released"], await cloud.HistoryAsync());
    }
}
