using System.Net;
using Microsoft.Data.Sqlite;
using OpenStackSev.Acceptance.Cloud;
using OpenStackSev.Api.Attestation;

namespace OpenStackSev.Acceptance.Reattestation;

/// <summary>Nova, Keystone and the database go away in the middle of a round, and come back.</summary>
public sealed class OutageTests(Stack stack) : IAsyncLifetime
{
    private ProvenServers? servers;
    private ServiceProxy? nova, keystone;
    private SnpLab? lab;

    private SnpLab Lab => lab!;

    public async ValueTask InitializeAsync()
    {
        servers = await ProvenServers.StartAsync(stack);
        Uri realNova = new($"http://{Stack.Setting("IP")}:{Stack.Setting("NPORT")}"), realKeystone = new($"http://{Stack.Setting("IP")}:{Stack.Setting("KPORT")}");
        nova = new ServiceProxy(realNova);
        string Authority(Uri url) => url.GetLeftPart(UriPartial.Authority);
        // In Keystone's catalogue Nova stands behind its proxy.
        keystone = new ServiceProxy(realKeystone, body => body.Replace(Authority(realNova), Authority(nova.Url), StringComparison.Ordinal));
        lab = await SnpLab.StartAsync(stack.Cloud, new Uri(keystone.Url, "v3"), "[sweep]", "interval = 5", "[database]", "lock_timeout = 1");
    }

    public async ValueTask DisposeAsync()
    {
        if (lab is not null)
            await lab.DisposeAsync();
        foreach (ServiceProxy? proxy in new[] { keystone, nova })
        {
            if (proxy is not null)
                await proxy.DisposeAsync();
        }

        if (servers is not null)
            await servers.DisposeAsync();
    }

    [Fact]
    public async Task Nova_Keystone_or_the_database_away_in_the_middle_of_a_round_lose_nothing()
    {
        string chip = await Lab.EnrolAsync("compute1");
        (Server server, string project) = await servers!.BootAsync("1", "compute1");
        (Server doomed, string itsProject) = await servers.BootAsync("2", "compute1");
        using HandmadeGuest guest = await HandmadeGuest.OfAsync(Lab, server.Id, project, chip), second = await HandmadeGuest.OfAsync(Lab, doomed.Id, itsProject, chip);
        Assert.Equal("affirming", (await guest.RoundAsync()).Good.Verdict);
        Assert.Equal("affirming", (await second.RoundAsync()).Good.Verdict);

        Evidence answer = guest.Evidence((await guest.AskAsync()).Good);
        nova!.Leave();
        keystone!.Leave();
        await stack.Cloud.SendAsync(HttpMethod.Delete, "compute", "/servers/" + doomed.Id);
        await RealCloud.EventuallyAsync(() => Task.FromResult(nova.Refused > 0), () => "no sweep asked for Nova while it was away");
        await AnsweredOnceAsync(guest, answer);
        // A round of its own while they are away.
        await AnsweredOnceAsync(guest, guest.Evidence((await guest.AskAsync()).Good));
        nova.Return();
        keystone.Return();
        string? status = null;
        await RealCloud.EventuallyAsync(
            async () => (status = (string?)(await Lab.ShownAsync(doomed.Id))?["instance"]!["status"]) == "DELETED", () => $"what was deleted meanwhile is {status}");

        answer = guest.Evidence((await guest.AskAsync()).Good);
        using (var database = new SqliteConnection($"Data Source={Lab.Database};Pooling=False"))
        {
            await database.OpenAsync(TestContext.Current.CancellationToken);
            await using SqliteTransaction held = database.BeginTransaction(deferred: false);
            Reply<EvidenceAnswer> busy = await guest.SendAsync(answer);
            Assert.True(busy is { Status: HttpStatusCode.ServiceUnavailable, RetryAfter: not null }, busy.ToString());
        }

        await AnsweredOnceAsync(guest, answer);

        string[] history = [.. await Lab.HistoryAsync(server.Id)];
        Assert.Equal(4, history.Count(kind => kind == "instance.verdict"));
        Assert.DoesNotContain("instance.gone", history);
        Assert.DoesNotContain("instance.silent", history);
        Assert.Equal("affirming", (string?)(await Lab.ShownAsync(server.Id))!["instance"]!["verdict"]);
    }

    [Fact]
    public async Task Killed_at_each_step_of_the_protocol_it_goes_on_and_no_challenge_is_good_twice()
    {
        string chip = await Lab.EnrolAsync("compute1");
        (Server server, string project) = await servers!.BootAsync("1", "compute1");
        using HandmadeGuest guest = await HandmadeGuest.OfAsync(Lab, server.Id, project, chip);

        await RestartAsync();       // after the ticket
        Challenge open = (await guest.AskAsync()).Good;
        await RestartAsync();       // after the challenge
        Assert.Equal(open.Id, (await guest.AskAsync()).Good.Id);
        Evidence answer = guest.Evidence(open);
        Task<Reply<EvidenceAnswer>> judging = guest.SendAsync(answer);
        await RestartAsync();       // somewhere in the judgement
        string? judged = await VerdictAsync(judging);
        Reply<EvidenceAnswer> again = await guest.SendAsync(answer);
        Assert.True(judged is null && again.Value?.Verdict == "affirming" || again.Code == "attestation.challenge.used", $"{judged}, then {again}");
        Assert.Equal("attestation.challenge.used", (await guest.SendAsync(answer)).Code);
        await RestartAsync();       // after the answer
        Assert.Equal("attestation.challenge.used", (await guest.SendAsync(answer)).Code);
        Assert.Equal("affirming", (string?)(await Lab.ShownAsync(server.Id))!["instance"]!["verdict"]);
        await AnsweredOnceAsync(guest, guest.Evidence((await guest.AskAsync()).Good));
        Assert.Equal(2, (await Lab.HistoryAsync(server.Id)).Count(kind => kind == "instance.verdict"));
    }

    private async Task RestartAsync()
    {
        await Lab.KillControlAsync();
        await Lab.StartControlAsync();
    }

    /// <summary>Null when the control plane died before it said.</summary>
    private static async Task<string?> VerdictAsync(Task<Reply<EvidenceAnswer>> judging)
    {
        try
        {
            return (await judging).Good.Verdict;
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static async Task AnsweredOnceAsync(HandmadeGuest guest, Evidence evidence)
    {
        Assert.Equal("affirming", (await guest.SendAsync(evidence)).Good.Verdict);
        Assert.Equal("attestation.challenge.used", (await guest.SendAsync(evidence)).Code);
    }
}
