using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Tests.Hosts;

namespace OpenStackSev.Control.Tests.Events;

/// <summary>What a SIEM and Prometheus see of the real application.</summary>
public sealed class EventStoryTests : IAsyncLifetime
{
    private NodeCloud? cloud;
    private X509Certificate2? certificate;

    private NodeCloud Cloud => cloud!;

    public async ValueTask InitializeAsync()
    {
        cloud = await NodeCloud.StartAsync();
        certificate = cloud.Issue(Given.Node);
    }

    public async ValueTask DisposeAsync()
    {
        certificate?.Dispose();
        if (cloud is not null)
            await cloud.DisposeAsync();
    }

    [Fact]
    public async Task Each_change_of_a_host_is_one_line_with_ECS_fields()
    {
        await Cloud.ReportAsync(certificate, Given.Node, Given.Report(Given.ChipA));
        await Cloud.AskAsync(HttpMethod.Post, $"/v1/hosts/{Given.Node}/approval", new JsonObject { ["chips"] = new JsonArray(Given.ChipA) }, "admin");
        await Cloud.ReportAsync(certificate, Given.Node, Given.Report(Given.ChipB));
        await Cloud.ReportAsync(certificate, Given.Node, Given.Report(Given.ChipB));

        JsonNode[] lines = Lines("events.json");
        Assert.Equal(["host.chip.registered", "host.reported", "host.chip.approved", "host.chip.changed", "host.reported"],
            lines.Select(line => (string?)line["event"]!["action"]));
        JsonNode changed = lines[3];
        Assert.Equal("2026-11-25T12:00:00.000000Z", (string?)changed["@timestamp"]);
        Assert.Equal(("alert", "success", "openstack_sev.host"),
            ((string?)changed["event"]!["kind"], (string?)changed["event"]!["outcome"], (string?)changed["event"]!["dataset"]));
        Assert.Equal(("host", "change"), ((string?)changed["event"]!["category"]![0], (string?)changed["event"]!["type"]![0]));
        Assert.Equal($"{Given.Node}", (string?)changed["host"]!["id"]);
        Assert.Equal("8.17.0", (string?)changed["ecs"]!["version"]);
        Assert.StartsWith("req-", (string?)changed["http"]!["request"]!["id"], StringComparison.Ordinal);
        Assert.Equal((string?)changed["http"]!["request"]!["id"], (string?)changed["trace"]!["id"]);
        Assert.Equal(4, (int?)changed["openstack_sev"]!["sequence"]);
        Assert.Equal(Given.ChipB, (string?)changed["openstack_sev"]!["body"]!["chips"]![0]!["id"]);
        Assert.Equal("compute1", (string?)lines[1]["host"]!["name"]);
    }

    [Fact]
    public async Task Who_acted_is_in_each_event_and_a_clock_is_nobody()
    {
        await Cloud.ReportAsync(certificate, Given.Node, Given.Report(Given.ChipA));
        await Cloud.AskAsync(HttpMethod.Post, $"/v1/hosts/{Given.Node}/approval", new JsonObject { ["chips"] = new JsonArray(Given.ChipA) }, "admin");
        await Cloud.Control.App.Services.GetRequiredService<HistoryWriter>().AppendAsync(new HistoryRecord("host.silent", Given.Node, null, "{}"u8.ToArray()));

        JsonNode[] lines = Lines("events.json");
        Assert.Equal(["host.chip.registered", "host.reported", "host.chip.approved", "host.silent"], lines.Select(line => (string?)line["event"]!["action"]));
        foreach (JsonNode line in lines[..2])
        {
            Assert.Equal(($"{Given.Node}", $"node {Given.Node}"), ((string?)line["user"]!["id"], (string?)line["user"]!["name"]));
            Assert.Equal(certificate!.SerialNumber.TrimStart('0'), (string?)line["tls"]!["client"]!["x509"]!["serial_number"]);
        }

        Assert.Equal(("id-of-alice", "alice"), ((string?)lines[2]["user"]!["id"], (string?)lines[2]["user"]!["name"]));
        Assert.Null(lines[2]["tls"]);
        Assert.Null(lines[3]["user"]);
    }

    [Fact]
    public async Task Each_write_leaves_an_audit_record_whether_it_was_allowed_or_not()
    {
        await Cloud.ReportAsync(certificate, Given.Node, Given.Report(Given.ChipA));
        var approval = new JsonObject { ["chips"] = new JsonArray(Given.ChipA) };
        await Cloud.AskAsync(HttpMethod.Post, $"/v1/hosts/{Given.Node}/approval", approval, "reader");
        await Cloud.AskAsync(HttpMethod.Post, $"/v1/hosts/{Given.Node}/approval", approval.DeepClone(), "admin");
        using (HttpClient nobody = Cloud.Client())
            (await nobody.PostAsync($"/v1/hosts/{Given.Node}/approval", null)).Dispose();

        JsonNode[] lines = Lines("audit.json");
        Assert.Equal(["update 200 success", "create 403 failure", "create 200 success", "create 401 failure"],
            lines.Select(line => $"{line["action"]} {line["reason"]!["reasonCode"]} {line["outcome"]}"));
        Assert.Equal(("data/compute/node", $"{Given.Node}"), ((string?)lines[0]["initiator"]!["typeURI"], (string?)lines[0]["initiator"]!["id"]));
        Assert.Equal(("alice", "p1"), ((string?)lines[1]["initiator"]!["name"], (string?)lines[1]["initiator"]!["project_id"]));
        Assert.Equal("unknown", (string?)lines[3]["initiator"]!["id"]);
        Assert.All(lines, line =>
        {
            Assert.Equal("http://schemas.dmtf.org/cloud/audit/1.0/event", (string?)line["typeURI"]);
            Assert.Equal($"{Given.Node}", (string?)line["target"]!["id"]);
            Assert.StartsWith("correlation_id?value=req-", (string?)line["tags"]![0], StringComparison.Ordinal);
        });
    }

    [Fact]
    public async Task A_heartbeat_that_changes_nothing_and_a_question_leave_neither_event_nor_audit()
    {
        await Cloud.ReportAsync(certificate, Given.Node, Given.Report(Given.ChipA));
        (int events, int audit) = (Lines("events.json").Length, Lines("audit.json").Length);
        for (int i = 0; i < 3; i++)
            Assert.Equal(200, (await Cloud.ReportAsync(certificate, Given.Node, Given.Report(Given.ChipA))).Status);
        await Cloud.AskAsync(HttpMethod.Get, "/v1/hosts", null, "admin");
        Assert.Equal((events, audit), (Lines("events.json").Length, Lines("audit.json").Length));
    }

    [Fact]
    public async Task No_token_and_no_certificate_reaches_an_event_or_an_audit_record()
    {
        await Cloud.ReportAsync(certificate, Given.Node, Given.Report(Given.ChipA));
        string secret = Cloud.Control.Keystone.Issue("alice", "p1", ["admin"]).Secret;
        using (HttpClient client = Cloud.Client())
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/hosts/{Given.Node}/approval?token={secret}");
            request.Headers.Add("X-Auth-Token", secret);
            (await client.SendAsync(request)).Dispose();
        }

        string all = string.Join('\n', Directory.GetFiles(Path.Join(Cloud.Control.StateFolder, "events")).Select(File.ReadAllText));
        Assert.DoesNotContain(secret, all, StringComparison.Ordinal);
        Assert.DoesNotContain("BEGIN CERTIFICATE", all, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Prometheus_reads_ASIDs_heartbeats_and_counters()
    {
        // Meters are the process's: a name of its own keeps this host apart from those of other tests.
        await Cloud.ReportAsync(certificate, Given.Node, Given.Report(Given.ChipA) with { Name = "measured", AsidsInUseSevEs = 7 });
        Cloud.Control.Time.Advance(TimeSpan.FromSeconds(20));
        await Cloud.Control.App.Services.GetServices<IHostedService>().OfType<HostMetrics>().Single().RefreshAsync(default);
        using var http = new HttpClient();
        string metrics = await http.GetStringAsync(new Uri(Cloud.Control.MetricsUrl, "/metrics"));
        Assert.Matches("""(?m)^osev_asids_total\{[^}]*host="measured",model="amd-sev-snp"[^}]*\} 99$""", metrics);
        Assert.Matches("""(?m)^osev_asids_used\{[^}]*host="measured",model="amd-sev-es,amd-sev-snp"[^}]*\} 7$""", metrics);
        Assert.Matches("""(?m)^osev_host_heartbeat_age_seconds\{[^}]*host="measured"[^}]*\} 20$""", metrics);
        Assert.Matches("""(?m)^osev_host_certificate_remaining_seconds\{[^}]*host="measured"[^}]*\} 86380$""", metrics);
        Assert.Matches("""(?m)^osev_host_silent\{[^}]*host="measured"[^}]*\} 0$""", metrics);
        // other applications of this test program count into the same numbers
        Assert.Matches("""(?m)^osev_history_rows_total\{?[^}]*\}? [1-9][0-9]*$""", metrics);
        Assert.Matches("""(?m)^osev_events_lost_total\{?[^}]*\}? [0-9]+$""", metrics);
    }

    private JsonNode[] Lines(string file)
    {
        string path = Path.Join(Cloud.Control.StateFolder, "events", file);
        return File.Exists(path) ? [.. File.ReadAllLines(path).Select(line => JsonNode.Parse(line)!)] : [];
    }
}
