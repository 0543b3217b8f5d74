using System.Text.Json;
using OpenStackSev.Control.Tests.Reattestation;
using OpenStackSev.Simulation.Snp;
using SimulatedGuest = OpenStackSev.Control.Tests.Reattestation.SimulatedGuest;

namespace OpenStackSev.Control.Tests.Cli;

/// <summary><c>osev history</c>, <c>osev incident</c>, and the words of <c>osev instance show</c>, against the real application.</summary>
[Collection(CommandLab.Name)]
public sealed class HistoryCommandTests : IAsyncLifetime
{
    private GuestLab? lab;

    private GuestLab Lab => lab!;

    public async ValueTask InitializeAsync()
    {
        lab = await GuestLab.StartAsync();
        await CommandLab.UseAsync(lab.Control);
    }

    public async ValueTask DisposeAsync()
    {
        CommandLab.Forget();
        await Lab.DisposeAsync();
    }

    [Fact]
    public async Task A_time_line_tells_what_happened_to_an_instance_and_to_its_host_and_why()
    {
        await DebuggedAsync();
        string story = await CommandLab.OkAsync("history", Id);
        string[] told =
        [
            "web (aaaaaaaa-1111-4111-8111-111111111111): SIMULATED, and so no word about any hardware: not to be trusted since it was judged at 2026-11-25 12:03:00 UTC",
            "  the host may read its memory: it was launched with debugging allowed",
            "  next: find out who launched it so: Nova never does; look at its host",
            "host compute1: Reported its first chips: 0102030405060708… approved, approved by first use",
            "Proved that it is protected (affirming) SIMULATED, on compute1 — 2 times",
            "host compute1: Reported: CURRENT_TCB",
            "Is not to be trusted (contraindicated, was affirming) SIMULATED, because the host may read its memory",
        ];
        int at = 0;
        foreach (string part in told)
        {
            int found = story.IndexOf(part, at, StringComparison.Ordinal);
            Assert.True(found >= 0, $"'{part}' is not in its place in\n{story}");
            at = found + part.Length;
        }

        JsonElement document = JsonDocument.Parse(await CommandLab.OkAsync("history", Id, "-f", "json")).RootElement;
        Assert.Contains(document.GetProperty("records").EnumerateArray(), record => record.TryGetProperty("of", out JsonElement host) && host.GetString() == "compute1");
        Assert.Contains("Reported its first chips", await CommandLab.OkAsync("history", "compute1"), StringComparison.Ordinal);
        await CommandLab.FailsAsync(1, "no host 'nowhere' has reported", "osev host list", "history", "nowhere");
    }

    [Fact]
    public async Task An_incident_is_a_filled_in_record()
    {
        SimulatedGuest guest = await DebuggedAsync();
        string page = await CommandLab.OkAsync("incident", Id);
        Assert.StartsWith("# Incident ", page, StringComparison.Ordinal);
        foreach (string part in new[]
        {
            "\n- Began: 2026-11-25T12:03:00Z\n- Ended: not yet\n", "\n## Symptom\nIs not to be trusted (contraindicated, was affirming) SIMULATED, because the host may read its memory",
            "\n1. is it a report? yes\n2. does its key lead to AMD, and is nothing on the way revoked? yes\n3. did that key sign it? yes\n",
            "\n6. is it what policy asks for? no: snp.policy.debug: ", "\n## Result\nit lasts; ", "\n## Prevention\n- approve chips only of hosts",
        })
        {
            Assert.Contains(part, page, StringComparison.Ordinal);
        }

        await RoundAsync(guest);
        string number = page["# Incident ".Length..page.IndexOf('\n', StringComparison.Ordinal)];
        string over = await CommandLab.OkAsync("incident", number);
        Assert.Contains("\n## Result\nover at 2026-11-25 12:04:00 UTC, after 1 min 0 s: Proved that it is protected (affirming, was contraindicated)", over, StringComparison.Ordinal);
        Assert.Equal($"NUMBER,ENDED\n{number},2026-11-25T12:04:00Z\n", await CommandLab.OkAsync("incident", Id, "--list", "-f", "csv", "-c", "number", "-c", "ended"));
        Assert.Equal(long.Parse(number), JsonDocument.Parse(await CommandLab.OkAsync("incident", number, "-f", "json")).RootElement.GetProperty("number").GetInt64());
        await CommandLab.FailsAsync(1, "attestation 404 attestation.incident.not_found", "osev incident UUID --list", "incident", "1");
        await CommandLab.FailsAsync(1, "there was no incident of compute1", "osev history compute1", "incident", "compute1");
    }

    [Fact]
    public async Task A_tenant_reads_reasons_and_next_steps_and_nothing_of_hosts_and_chips()
    {
        await DebuggedAsync();
        foreach (string path in new[] { "attestation", "history", "incidents" })
        {
            string seen = (await Lab.LookAsync($"/v1/instances/{Id}/{path}")).GetRawText();
            foreach (string secret in new[] { "compute1", GuestLab.Node.ToString(), "0102030405060708" })
                Assert.DoesNotContain(secret, seen, StringComparison.Ordinal);
        }

        JsonElement words = (await Lab.LookAsync($"/v1/instances/{Id}/attestation")).GetProperty("explanation");
        Assert.Equal("the host may read its memory: it was launched with debugging allowed", words.GetProperty("reasons")[0].GetString());
        Assert.Equal("do not put secrets into it; delete it and boot a new one, elsewhere", words.GetProperty("next_steps")[0].GetString());
        long incident = (await Lab.LookAsync($"/v1/instances/{Id}/incidents")).GetProperty("incidents")[0].GetProperty("number").GetInt64();
        Assert.DoesNotContain("compute1", (await Lab.LookAsync($"/v1/incidents/{incident}")).GetRawText(), StringComparison.Ordinal);
        using HttpResponseMessage other = await Lab.SendAsync(HttpMethod.Get, $"/v1/incidents/{incident}", ("X-Auth-Token", Lab.Control.Keystone.Issue("eve", "p2", "reader").Secret));
        Assert.Equal(System.Net.HttpStatusCode.NotFound, other.StatusCode);
    }

    private static string Id => GuestLab.Instance.ToString();

    /// <summary>Twice good; then its host reports other firmware, and it comes back launched for debugging. A minute between each.</summary>
    private async Task<SimulatedGuest> DebuggedAsync()
    {
        SimulatedGuest guest = await Lab.GuestAsync();
        await RoundAsync(guest);
        await RoundAsync(guest);
        await Lab.ReportAsync(GuestLab.Node, GuestLab.Host, Lab.Chip, Lab.Chip.Tcb with { Snp = 1 });
        await RoundAsync(guest, fields => fields with { Policy = fields.Policy | (1UL << 19) });
        return guest;
    }

    private async Task RoundAsync(SimulatedGuest guest, Func<ReportFields, ReportFields>? change = null)
    {
        Lab.Control.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.NotNull((await guest.RoundAsync(change)).Good.Verdict);
    }
}
