using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using OpenStackSev.Api.Errors;
using OpenStackSev.Api.Hosts;

namespace OpenStackSev.Control.Tests.Hosts;

/// <summary>Hosts from their first report to their silence, on the real application.</summary>
public sealed class HostTests : IAsyncLifetime
{
    private NodeCloud? cloud;
    private X509Certificate2? certificate, otherCertificate;

    private NodeCloud Cloud => cloud!;

    public async ValueTask InitializeAsync()
    {
        cloud = await NodeCloud.StartAsync();
        certificate = cloud.Issue(Given.Node);
        otherCertificate = cloud.Issue(Given.OtherNode);
    }

    public async ValueTask DisposeAsync()
    {
        certificate?.Dispose();
        otherCertificate?.Dispose();
        if (cloud is not null)
            await cloud.DisposeAsync();
    }

    [Fact]
    public async Task A_host_is_enrolled_once_an_administrator_approved_its_chips()
    {
        Assert.Equal("pending", await ReportAsync(Given.Report(Given.ChipA, Given.ChipB)));
        Assert.Equal(200, (await ApproveAsync(Given.ChipA)).Status);
        Assert.Equal("changed", await ReportAsync(Given.Report(Given.ChipA, Given.ChipB)));
        Assert.Equal(200, (await ApproveAsync(Given.ChipA, Given.ChipB)).Status);
        Assert.Equal("enrolled", await ReportAsync(Given.Report(Given.ChipA, Given.ChipB)));
        Assert.Equal([HostEvents.ChipApproved, HostEvents.ChipApproved, HostEvents.Reported, HostEvents.ChipRegistered], await KindsAsync());
    }

    [Fact]
    public async Task Another_chip_in_an_enrolled_host_is_recorded_and_needs_approval()
    {
        await ReportAsync(Given.Report(Given.ChipA));
        await ApproveAsync(Given.ChipA);
        Assert.Equal("changed", await ReportAsync(Given.Report(Given.ChipC)));
        Assert.Contains(HostEvents.ChipChanged, await KindsAsync());
        Assert.Equal((409, HostErrors.ChipNotReported.Code), await CodeAsync(ApproveAsync(Given.ChipA)));
        Assert.Equal(200, (await ApproveAsync(Given.ChipC)).Status);
        Assert.Equal("enrolled", await ReportAsync(Given.Report(Given.ChipC)));
    }

    [Fact]
    public async Task A_chip_that_two_hosts_claim_is_refused_to_the_second_and_told_once()
    {
        await ReportAsync(Given.Report(Given.ChipA));
        for (int i = 0; i < 3; i++)
        {
            (int status, string? code, _) = await Cloud.ReportAsync(otherCertificate, Given.OtherNode, Given.Report(Given.ChipA) with { Name = "compute2" });
            Assert.Equal((409, HostErrors.ChipConflict.Code), (status, code));
        }

        Assert.Equal([HostEvents.ChipConflict], await KindsAsync(Given.OtherNode));
        JsonNode other = (await AdminAsync(HttpMethod.Get, $"/v1/hosts/{Given.OtherNode}")).Body!;
        Assert.Equal("conflict", (string)other["enrolment"]!);
        Assert.Equal("pending", await ReportAsync(Given.Report(Given.ChipA)));

        (int free, _, _) = await Cloud.ReportAsync(otherCertificate, Given.OtherNode, Given.Report(Given.ChipB) with { Name = "compute2" });
        Assert.Equal(200, free);
    }

    [Fact]
    public async Task A_heartbeat_that_says_nothing_new_leaves_no_history()
    {
        for (int i = 0; i < 5; i++)
        {
            await ReportAsync(Given.Report(Given.ChipA) with { AsidsInUseSevEs = (uint)i });
            await ReportAsync(Given.Report(Given.ChipA) with { AsidsInUseSevEs = (uint)i });
            Cloud.Control.Time.Advance(TimeSpan.FromSeconds(10));
        }

        Assert.Equal([HostEvents.Reported, HostEvents.ChipRegistered], await KindsAsync());
        JsonNode host = (await AdminAsync(HttpMethod.Get, $"/v1/hosts/{Given.Node}")).Body!;
        Assert.Equal(4, (int)host["report"]!["asids_in_use_sev_es"]!);
        Assert.Equal(Given.Now.AddSeconds(40), (DateTimeOffset)host["last_seen"]!);
    }

    [Fact]
    public async Task A_host_that_misses_three_reports_is_marked_once_and_comes_back_once()
    {
        await ReportAsync(Given.Report(Given.ChipA));
        await UntilAsync(async () => (await KindsAsync())[0] == HostEvents.Silent);
        Cloud.Control.Time.Advance(TimeSpan.FromMinutes(10));
        JsonNode listed = (await AdminAsync(HttpMethod.Get, "/v1/hosts")).Body!["hosts"]![0]!;
        Assert.True((bool)listed["silent"]!);
        await ReportAsync(Given.Report(Given.ChipA));
        await ReportAsync(Given.Report(Given.ChipA));
        Assert.Equal([HostEvents.Returned, HostEvents.Silent, HostEvents.Reported, HostEvents.ChipRegistered], await KindsAsync());
        Assert.False((bool)(await AdminAsync(HttpMethod.Get, $"/v1/hosts/{Given.Node}")).Body!["silent"]!);
    }

    [Fact]
    public async Task Chips_of_a_host_that_is_gone_are_withdrawn_for_the_host_that_has_them_now()
    {
        await ReportAsync(Given.Report(Given.ChipA));
        await ApproveAsync(Given.ChipA);
        Assert.Equal((409, HostErrors.StillReports.Code), await CodeAsync(WithdrawAsync(Given.ChipA)));
        await UntilAsync(async () => (await KindsAsync())[0] == HostEvents.Silent);
        Assert.Equal(409, (await Cloud.ReportAsync(otherCertificate, Given.OtherNode, Given.Report(Given.ChipA))).Status);
        Assert.Equal((409, HostErrors.ChipNotReported.Code), await CodeAsync(WithdrawAsync(Given.ChipB)));

        Assert.Equal(200, (await WithdrawAsync(Given.ChipA)).Status);
        Assert.Equal(200, (await WithdrawAsync(Given.ChipA)).Status);
        Assert.Equal([HostEvents.ChipWithdrawn, HostEvents.Silent], (await KindsAsync())[..2]);
        (int status, _, JsonNode? answer) = await Cloud.ReportAsync(otherCertificate, Given.OtherNode, Given.Report(Given.ChipA));
        // Never by first use: it was another host's.
        Assert.Equal((200, "pending"), (status, (string?)answer!["enrolment"]));
        // Whoever comes back after all does not get it back by that.
        (status, string? code, _) = await Cloud.ReportAsync(certificate, Given.Node, Given.Report(Given.ChipA));
        Assert.Equal((409, HostErrors.ChipConflict.Code), (status, code));
    }

    [Fact]
    public async Task Hosts_are_listed_page_by_page()
    {
        await ReportAsync(Given.Report(Given.ChipA));
        await Cloud.ReportAsync(otherCertificate, Given.OtherNode, Given.Report(Given.ChipB) with { Name = "compute2" });
        JsonNode first = (await AdminAsync(HttpMethod.Get, "/v1/hosts?limit=1")).Body!;
        Assert.Equal("compute1", (string)first["hosts"]![0]!["name"]!);
        JsonNode second = (await AdminAsync(HttpMethod.Get, $"/v1/hosts?limit=1&marker={first["marker"]}")).Body!;
        Assert.Equal("compute2", (string)second["hosts"]![0]!["name"]!);
        Assert.Empty((await AdminAsync(HttpMethod.Get, $"/v1/hosts?marker={second["marker"]}")).Body!["hosts"]!.AsArray());
    }

    [Theory]
    [InlineData("/v1/hosts?limit=0"), InlineData("/v1/hosts?limit=many"), InlineData("/v1/hosts?marker=x")]
    [InlineData("/v1/hosts/11111111-2222-4333-8444-555555555555/history?before=-1")]
    public async Task A_query_out_of_bounds_is_refused(string path) =>
        Assert.Equal((400, RequestErrors.Invalid.Code), await CodeAsync(AdminAsync(HttpMethod.Get, path)));

    [Fact]
    public async Task A_report_out_of_bounds_and_a_host_that_never_reported_have_their_codes()
    {
        (int status, string? code, _) = await Cloud.ReportAsync(certificate, Given.Node, Given.Report("abcd"));
        Assert.Equal((400, HostErrors.ReportInvalid.Code), (status, code));
        foreach (string path in new[] { "", "/history" })
            Assert.Equal((404, HostErrors.NotFound.Code), await CodeAsync(AdminAsync(HttpMethod.Get, $"/v1/hosts/{Given.Node}{path}")));
        Assert.Equal((404, HostErrors.NotFound.Code), await CodeAsync(ApproveAsync(Given.ChipA)));
    }

    [Theory]
    [InlineData("reader"), InlineData("member"), InlineData("manager")]
    public async Task Hosts_are_the_clouds_and_no_tenant_sees_them(string role)
    {
        await ReportAsync(Given.Report(Given.ChipA));
        foreach (string path in new[] { "/v1/hosts", $"/v1/hosts/{Given.Node}", $"/v1/hosts/{Given.Node}/history" })
            Assert.Equal((403, RequestErrors.Forbidden.Code), await CodeAsync(Cloud.AskAsync(HttpMethod.Get, path, null, role)));
        Assert.Equal((403, RequestErrors.Forbidden.Code), await CodeAsync(Cloud.AskAsync(HttpMethod.Post, $"/v1/hosts/{Given.Node}/approval", Chips(Given.ChipA), role)));
    }

    [Fact]
    public async Task A_service_looks_and_does_not_approve()
    {
        await ReportAsync(Given.Report(Given.ChipA));
        Assert.Equal(200, (await Cloud.AskAsync(HttpMethod.Get, "/v1/hosts", null, "service")).Status);
        Assert.Equal(403, (await Cloud.AskAsync(HttpMethod.Post, $"/v1/hosts/{Given.Node}/approval", Chips(Given.ChipA), "service")).Status);
    }

    private async Task<string> ReportAsync(HostReport report)
    {
        (int status, string? code, JsonNode? body) = await Cloud.ReportAsync(certificate, Given.Node, report);
        Assert.True(status == 200, $"{status} {code}");
        return (string)body!["enrolment"]!;
    }

    private Task<(int Status, string? Code, JsonNode? Body)> AdminAsync(HttpMethod method, string path) => Cloud.AskAsync(method, path, null, "admin");

    private Task<(int Status, string? Code, JsonNode? Body)> ApproveAsync(params string[] chips) =>
        Cloud.AskAsync(HttpMethod.Post, $"/v1/hosts/{Given.Node}/approval", Chips(chips), "admin");

    private Task<(int Status, string? Code, JsonNode? Body)> WithdrawAsync(string chip) =>
        Cloud.AskAsync(HttpMethod.Post, $"/v1/hosts/{Given.Node}/withdrawal", new JsonObject { ["chips"] = new JsonArray(chip), ["reason"] = "it is gone" }, "admin");

    private async Task<string[]> KindsAsync(Guid? node = null) =>
        [.. (await AdminAsync(HttpMethod.Get, $"/v1/hosts/{node ?? Given.Node}/history")).Body!["records"]!.AsArray().Select(record => (string)record!["kind"]!)];

    private static JsonObject Chips(params string[] chips) => new() { ["chips"] = new JsonArray([.. chips.Select(chip => (JsonNode)chip)]) };

    /// <summary>Lets time pass until it is so.</summary>
    private async Task UntilAsync(Func<Task<bool>> reached)
    {
        using var hung = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!await reached())
        {
            Assert.False(hung.IsCancellationRequested, "it never came to that");
            Cloud.Control.Time.Advance(TimeSpan.FromSeconds(10));
        }
    }

    private static async Task<(int Status, string? Code)> CodeAsync(Task<(int Status, string? Code, JsonNode? Body)> asked)
    {
        (int status, string? code, _) = await asked;
        return (status, code);
    }
}
