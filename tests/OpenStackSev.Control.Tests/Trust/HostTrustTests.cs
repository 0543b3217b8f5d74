using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation.Results;
using OpenStackSev.Attestation.Snapshots;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Tests.Reattestation;
using OpenStackSev.Control.Trust;

namespace OpenStackSev.Control.Tests.Trust;

/// <summary>Hosts in the running control plane: proven by their guests, shown, and told to the scheduler.</summary>
public sealed class HostTrustTests : IAsyncLifetime
{
    private GuestLab? lab;

    private GuestLab Lab => lab!;

    public async ValueTask InitializeAsync() => lab = await GuestLab.StartAsync();

    public async ValueTask DisposeAsync() => await Lab.DisposeAsync();

    [Fact]
    public async Task A_guest_proves_the_host_it_runs_on_and_no_other()
    {
        await LookAsync();
        Assert.Equal(("unknown", "host.proof.missing"), await TrustAsync(GuestLab.Node));
        await (await Lab.GuestAsync()).RoundAsync();
        await LookAsync();

        JsonElement trust = (await HostAsync(GuestLab.Node)).GetProperty("trust");
        Assert.Equal("trusted", trust.GetProperty("level").GetString());
        Assert.Equal("guest_report", trust.GetProperty("evidence").GetString());
        Assert.True(trust.GetProperty("simulated").GetBoolean());
        Assert.Equal(GuestLab.Instance, trust.GetProperty("proven_by").GetGuid());
        Assert.Equal(("unknown", "host.proof.missing"), await TrustAsync(GuestLab.OtherNode));
        JsonElement summary = (await Lab.LookAsync("/v1/hosts", "admin")).GetProperty("hosts").EnumerateArray().Single(host => host.GetProperty("node").GetGuid() == GuestLab.Node);
        Assert.Equal("trusted", summary.GetProperty("trust").GetString());
    }

    [Fact]
    public async Task A_guest_that_is_contraindicated_for_itself_proves_its_host_all_the_same()
    {
        await (await Lab.GuestAsync()).RoundAsync(fields => fields with { Policy = fields.Policy | (1 << 19) });
        await LookAsync();
        Assert.Equal("contraindicated", (await Lab.LookAsync($"/v1/instances/{GuestLab.Instance}/attestation")).GetProperty("instance").GetProperty("verdict").GetString());
        Assert.Equal(("trusted", null), await TrustAsync(GuestLab.Node));
    }

    [Fact]
    public async Task A_chip_that_signs_too_low_a_TCB_makes_its_host_untrusted()
    {
        await Lab.PolicyAsync($$"""{"version":1,"minimum_tcb":{"turin":{"snp":{{Lab.Chip.Tcb.Snp + 1}} } } }""");
        await (await Lab.GuestAsync()).RoundAsync();
        await LookAsync();
        Assert.Equal(("untrusted", "host.tcb.below_minimum"), await TrustAsync(GuestLab.Node));
    }

    [Fact]
    public async Task Garbage_and_strangers_reports_neither_prove_nor_blame_a_host()
    {
        Reattestation.SimulatedGuest guest = await Lab.GuestAsync(chip: Lab.StrangeChip);
        await guest.RoundAsync();
        guest.Chip = Lab.OtherChip;
        await guest.RoundAsync();
        await LookAsync();
        Assert.Equal(("unknown", "host.proof.missing"), await TrustAsync(GuestLab.Node));
        Assert.Equal(("unknown", "host.proof.missing"), await TrustAsync(GuestLab.OtherNode));
    }

    [Fact]
    public async Task A_proof_outlives_its_guest_and_ends_by_the_clock()
    {
        await (await Lab.GuestAsync()).RoundAsync();
        await LookAsync();
        Lab.Set(GuestLab.Instance, null);
        await ReportsAsync(TimeSpan.FromMinutes(44));
        await LookAsync();
        Assert.Equal(("trusted", null), await TrustAsync(GuestLab.Node));
        await ReportsAsync(TimeSpan.FromMinutes(1));
        await LookAsync();
        Assert.Equal(("unknown", "host.proof.expired"), await TrustAsync(GuestLab.Node));
    }

    [Fact]
    public async Task Another_chip_in_the_host_ends_its_trust_and_the_old_chips_proof()
    {
        await (await Lab.GuestAsync()).RoundAsync();
        await LookAsync();
        await Lab.ReportAsync(GuestLab.Node, GuestLab.Host, Lab.StrangeChip);
        await LookAsync();
        Assert.Equal(("untrusted", "host.chip.changed"), await TrustAsync(GuestLab.Node));
        using HttpResponseMessage approved = await Lab.SendAsync(HttpMethod.Post, $"/v1/hosts/{GuestLab.Node}/approval",
            ("X-Auth-Token", Lab.Control.Keystone.Issue("boss", "p1", "admin").Secret), $$"""{"chips":["{{GuestLab.ChipId(Lab.StrangeChip)}}"]}""");
        Assert.Equal(HttpStatusCode.OK, approved.StatusCode);
        await LookAsync();
        Assert.Equal(("unknown", "host.proof.missing"), await TrustAsync(GuestLab.Node));
    }

    [Fact]
    public async Task Nothing_is_written_while_nothing_is_new()
    {
        await (await Lab.GuestAsync()).RoundAsync();
        await LookAsync();
        long before = (await RowAsync()).Version;
        await ReportsAsync(TimeSpan.FromMinutes(5));
        for (int i = 0; i < 5; i++)
            await LookAsync();
        Assert.Equal(before, (await RowAsync()).Version);
        IReadOnlyList<HistoryRow> rows = await Lab.Control.App.Services.GetRequiredService<HistoryReader>().OfSubjectAsync(GuestLab.Node, 100, null);
        Assert.Single(rows, row => row.Kind == HostEvents.TrustChanged);
    }

    [Fact]
    public async Task Two_control_planes_with_clocks_apart_do_not_flap()
    {
        await (await Lab.GuestAsync()).RoundAsync();
        await LookAsync();
        IServiceProvider services = Lab.Control.App.Services;
        var behind = ActivatorUtilities.CreateInstance<TrustRound>(services, new SkewedTime(services.GetRequiredService<TimeProvider>(), TimeSpan.FromSeconds(-20)));
        await ReportsAsync(TimeSpan.FromMinutes(45));
        for (int i = 0; i < 4; i++)
        {
            await LookAsync();
            await behind.RunAsync(CancellationToken.None);
            Assert.Equal(("unknown", "host.proof.expired"), await TrustAsync(GuestLab.Node));
        }

        IReadOnlyList<HistoryRow> rows = await services.GetRequiredService<HistoryReader>().OfSubjectAsync(GuestLab.Node, 100, null);
        Assert.Equal(2, rows.Count(row => row.Kind == HostEvents.TrustChanged));
    }

    [Fact]
    public async Task The_snapshot_is_signed_by_a_published_key_and_has_a_tag()
    {
        await (await Lab.GuestAsync()).RoundAsync();
        await LookAsync();
        using HttpResponseMessage response = await SnapshotAsync();
        string jws = await response.Content.ReadAsStringAsync();
        Assert.Equal(("application/jose", HttpStatusCode.OK), (response.Content.Headers.ContentType?.MediaType, response.StatusCode));
        string[] parts = jws.Split('.');
        JsonElement header = Part(parts[0]), payload = Part(parts[1]);
        Assert.Equal(("ES384", "openstack-sev-snapshot"), (header.GetProperty("alg").GetString(), header.GetProperty("typ").GetString()));
        Assert.True(EarVerificationKeys.TryParse(await Lab.Control.Http.GetByteArrayAsync("/.well-known/jwks.json"), out EarVerificationKeys? keys, out _));
        Assert.True(OpenStackSev.Attestation.Snapshots.SignedSnapshot.TryOpen(Encoding.ASCII.GetBytes(jws), keys, out byte[]? opened, out _));
        Assert.True(HostsSnapshot.TryRead(opened, out HostsSnapshot? read, out _));
        Assert.Equal("trusted", read.Hosts.Single(one => one.Node == GuestLab.Node).Trust);
        JsonElement host = payload.GetProperty("hosts").EnumerateArray().Single(one => one.GetProperty("node").GetGuid() == GuestLab.Node);
        Assert.Equal(("trusted", "2026-11-25T12:45:00Z", "2026-11-25T12:00:00Z"),
            (host.GetProperty("trust").GetString(), host.GetProperty("expires_at").GetString(), host.GetProperty("proven_at").GetString()));
        Assert.True(host.GetProperty("simulated").GetBoolean());
        Assert.Equal("2026-11-25T12:10:00Z", payload.GetProperty("expires_at").GetString());

        string tag = response.Headers.ETag!.ToString();
        using HttpResponseMessage same = await SnapshotAsync(tag);
        Assert.Equal((HttpStatusCode.NotModified, 0), (same.StatusCode, (await same.Content.ReadAsByteArrayAsync()).Length));
        Lab.Control.Time.Advance(TimeSpan.FromSeconds(19));
        using HttpResponseMessage soon = await SnapshotAsync(tag);
        Assert.Equal(HttpStatusCode.NotModified, soon.StatusCode);
        Lab.Control.Time.Advance(TimeSpan.FromSeconds(1));
        using HttpResponseMessage later = await SnapshotAsync(tag);
        Assert.Equal(HttpStatusCode.OK, later.StatusCode);
        Assert.Equal("2026-11-25T12:00:20Z", Part((await later.Content.ReadAsStringAsync()).Split('.')[1]).GetProperty("issued_at").GetString());
    }

    [Fact]
    public async Task A_snapshot_never_says_trusted_after_the_end_though_nobody_looked()
    {
        await (await Lab.GuestAsync()).RoundAsync();
        await LookAsync();
        Lab.Control.Time.Advance(TimeSpan.FromMinutes(45));
        // Another look began, and has not come to this host yet.
        Lab.Control.App.Services.GetRequiredService<TrustPulse>().Judged();
        using HttpResponseMessage response = await SnapshotAsync();
        JsonElement host = Part((await response.Content.ReadAsStringAsync()).Split('.')[1]).GetProperty("hosts").EnumerateArray().Single(one => one.GetProperty("node").GetGuid() == GuestLab.Node);
        Assert.Equal(("unknown", "host.proof.expired"), (host.GetProperty("trust").GetString(), host.GetProperty("reasons")[0].GetString()));
    }

    [Fact]
    public async Task A_quarantine_is_in_the_snapshot_before_the_first_judgement()
    {
        IServiceProvider services = Lab.Control.App.Services;
        services.GetRequiredService<TrustPulse>().Judged();
        await services.GetRequiredService<HistoryWriter>().ApplyAsync(
            new HostQuarantineState { Node = GuestLab.Node, Reason = "disk", By = "admin", Since = Lab.Control.Time.GetUtcNow() });
        using HttpResponseMessage response = await SnapshotAsync();
        JsonElement host = Assert.Single(Part((await response.Content.ReadAsStringAsync()).Split('.')[1]).GetProperty("hosts").EnumerateArray());
        Assert.Equal((GuestLab.Node, GuestLab.Host, "quarantined"), (host.GetProperty("node").GetGuid(), host.GetProperty("name").GetString(), host.GetProperty("trust").GetString()));
    }

    [Fact]
    public async Task A_host_that_cannot_be_judged_is_tried_again_at_the_next_interval_and_not_at_once()
    {
        await (await Lab.GuestAsync()).RoundAsync();
        await LookAsync();
        IServiceProvider services = Lab.Control.App.Services;
        await services.GetRequiredService<HistoryWriter>().ApplyAsync(await RowAsync() with { Result = Encoding.UTF8.GetBytes("{") });
        TrustRound round = ActivatorUtilities.CreateInstance<TrustRound>(services);
        Assert.NotNull(await round.RunAsync(CancellationToken.None));
        Lab.Control.Time.Advance(TimeSpan.FromMinutes(46));
        Assert.Null(await round.RunAsync(CancellationToken.None));
        Assert.True((await RowAsync()).ExpiresAt < Lab.Control.Time.GetUtcNow());
    }

    [Fact]
    public async Task Where_nobody_judges_nothing_is_signed_as_fresh_and_agents_hear_no_word_that_grants_anything()
    {
        Assert.False(await JudgesAsync());
        await LookAsync();
        Lab.Control.App.Services.GetRequiredService<TrustPulse>().Told(new HashSet<Guid>());
        Assert.True(await JudgesAsync());
        Lab.Control.Time.Advance(TimeSpan.FromMinutes(2) + TimeSpan.FromTicks(1));
        using HttpResponseMessage response = await SnapshotAsync();
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.False(await JudgesAsync());
    }

    [Fact]
    public async Task Tenants_get_no_snapshot()
    {
        await LookAsync();
        using HttpResponseMessage response = await Lab.Control.GetAsync("/v1/scheduling/snapshot", "member");
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        using HttpResponseMessage service = await Lab.Control.GetAsync("/v1/scheduling/snapshot", "service");
        Assert.Equal(HttpStatusCode.OK, service.StatusCode);
    }

    private async Task<bool> JudgesAsync()
    {
        using HttpResponseMessage response = await Lab.SendAsync(HttpMethod.Put, $"/v1/hosts/{Guid.NewGuid()}",
            ("X-Auth-Token", Lab.Control.Keystone.Issue("agent", "service", "service").Secret),
            JsonSerializer.Serialize(Given.Report() with { Name = "compute9", Chips = [] }, OpenStackSev.Api.AttestationJson.Default.HostReport));
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("judges").GetBoolean();
    }

    private async Task LookAsync() => await Lab.Control.App.Services.GetRequiredService<TrustRound>().RunAsync(CancellationToken.None);

    /// <summary>Time passes, and both hosts report as before.</summary>
    private async Task ReportsAsync(TimeSpan time)
    {
        Lab.Control.Time.Advance(time);
        await Lab.ReportAsync(GuestLab.Node, GuestLab.Host, Lab.Chip);
        await Lab.ReportAsync(GuestLab.OtherNode, GuestLab.OtherHost, Lab.OtherChip);
    }

    private async Task<HostTrustState> RowAsync() => (await Lab.Control.App.Services.GetRequiredService<HostTrustStates>().FindAsync(GuestLab.Node))!;

    private Task<JsonElement> HostAsync(Guid node) => Lab.LookAsync($"/v1/hosts/{node}", "admin");

    private async Task<(string? Level, string? Code)> TrustAsync(Guid node)
    {
        JsonElement trust = (await HostAsync(node)).GetProperty("trust");
        return (trust.GetProperty("level").GetString(), trust.GetProperty("findings").EnumerateArray().Select(finding => finding.GetProperty("code").GetString()).FirstOrDefault());
    }

    private async Task<HttpResponseMessage> SnapshotAsync(string? tag = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "/v1/scheduling/snapshot");
        request.Headers.Add("X-Auth-Token", Lab.Control.Keystone.Issue("nova", "service", "service").Secret);
        if (tag is not null)
            request.Headers.TryAddWithoutValidation("If-None-Match", tag);
        return await Lab.Control.Http.SendAsync(request);
    }

    private static JsonElement Part(string part) =>
        JsonDocument.Parse(Encoding.UTF8.GetString(System.Buffers.Text.Base64Url.DecodeFromChars(part))).RootElement;

    private sealed class SkewedTime(TimeProvider time, TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => time.GetUtcNow() + by;
    }
}
