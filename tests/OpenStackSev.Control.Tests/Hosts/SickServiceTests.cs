using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using OpenStackSev.Api;
using OpenStackSev.Api.Errors;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Control.Tests.Hosts;

/// <summary>What a sick database and a wrong clock look like to whoever reports, and that nothing has to be restarted afterwards.</summary>
public sealed class SickServiceTests : IAsyncLifetime
{
    private RunningControl? running;

    private RunningControl Control => running!;

    public async ValueTask InitializeAsync() => running = await RunningControl.StartAsync(new Dictionary<string, string>
    {
        ["hosts.allow_service_user"] = "true",
        ["database.lock_timeout"] = "1",
    });

    public ValueTask DisposeAsync() => Control.DisposeAsync();

    [Fact]
    public async Task While_the_database_is_locked_reports_are_refused_with_a_time_to_come_back_and_then_taken()
    {
        Assert.Equal((200, null, null), await ReportAsync("one"));
        using (var other = new SqliteConnection($"Data Source={Path.Join(Control.StateFolder, "control.sqlite")};Pooling=False"))
        {
            other.Open();
            using SqliteTransaction held = other.BeginTransaction();
            Assert.Equal((503, RequestErrors.StorageUnavailable.Code, "1"), await ReportAsync("two"));
        }

        Assert.Equal((200, null, null), await ReportAsync("two"));
        Assert.Equal([HostEvents.Reported, HostEvents.Reported, HostEvents.ChipRegistered], await KindsAsync());
    }

    [Fact]
    public async Task A_clock_that_is_set_back_an_hour_refuses_no_report()
    {
        Assert.Equal((200, null, null), await ReportAsync("one"));
        Control.Time.AdjustTime(Given.Now.AddHours(-1));
        Assert.Equal((200, null, null), await ReportAsync("two"));
        Control.Time.AdjustTime(Given.Now.AddMinutes(1));
        Assert.Equal((200, null, null), await ReportAsync("three"));
        Assert.Equal([HostEvents.Reported, HostEvents.Reported, HostEvents.Reported, HostEvents.ChipRegistered], await KindsAsync());
    }

    /// <summary>With another kernel each time, so that each report is one to be written.</summary>
    private async Task<(int Status, string? Code, string? RetryAfter)> ReportAsync(string kernel)
    {
        HostReport report = Given.Report(Given.ChipA);
        using HttpRequestMessage request = Request(HttpMethod.Put, $"/v1/hosts/{Given.Node}", "service");
        request.Content = JsonContent.Create(report with { Facts = report.Facts with { Kernel = kernel } }, AttestationJson.Default.HostReport);
        using HttpResponseMessage response = await Control.Http.SendAsync(request, TestContext.Current.CancellationToken);
        JsonNode? body = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return ((int)response.StatusCode, (string?)body?["errors"]?[0]?["code"], response.Headers.RetryAfter?.ToString());
    }

    private async Task<string[]> KindsAsync()
    {
        using HttpRequestMessage request = Request(HttpMethod.Get, $"/v1/hosts/{Given.Node}/history", "admin");
        using HttpResponseMessage response = await Control.Http.SendAsync(request, TestContext.Current.CancellationToken);
        JsonNode body = JsonNode.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken))!;
        return [.. body["records"]!.AsArray().Select(record => (string)record!["kind"]!)];
    }

    private HttpRequestMessage Request(HttpMethod method, string path, string role)
    {
        var request = new HttpRequestMessage(method, path);
        request.Headers.Add("X-Auth-Token", Control.Keystone.Issue("somebody", "p1", TimeSpan.FromHours(3), [role]).Secret);
        return request;
    }
}
