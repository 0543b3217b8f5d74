using System.Security.Cryptography;
using OpenStackSev.Acceptance.Cloud;
using OpenStackSev.Api.Attestation;

namespace OpenStackSev.Acceptance.Reattestation;

/// <summary>Those who speak in the name of an instance that is not theirs.</summary>
public sealed class StrangerTests(Stack stack) : IAsyncLifetime
{
    private const int AtOnce = 20;
    private ProvenServers? servers;
    private SnpLab? lab;

    private SnpLab Lab => lab!;

    public async ValueTask InitializeAsync()
    {
        servers = await ProvenServers.StartAsync(stack);
        lab = await SnpLab.StartAsync(stack.Cloud);
    }

    public async ValueTask DisposeAsync()
    {
        if (lab is not null)
            await lab.DisposeAsync();
        if (servers is not null)
            await servers.DisposeAsync();
    }

    [Fact]
    public async Task Whoever_has_no_ticket_or_anothers_and_a_thousand_posts_of_garbage_change_no_verdict_and_others_feel_nothing()
    {
        string chip = await Lab.EnrolAsync("compute1");
        (Server server, string project) = await servers!.BootAsync("1", "compute1");
        (Server neighbour, string itsProject) = await servers.BootAsync("2", "compute1");
        using HandmadeGuest victim = await HandmadeGuest.OfAsync(Lab, server.Id, project, chip), other = await HandmadeGuest.OfAsync(Lab, neighbour.Id, itsProject, chip);
        Assert.Equal("affirming", (await victim.RoundAsync()).Good.Verdict);
        string before = await ShownAsync(server);

        Evidence answer = victim.Evidence((await victim.AskAsync()).Good);
        Assert.Equal("attestation.ticket.missing", (await victim.SendAsync(answer, "")).Code);
        Assert.Equal("attestation.ticket.other_instance", (await victim.SendAsync(answer, other.Instructions.Ticket)).Code);
        Assert.Equal("attestation.ticket.invalid", (await victim.SendAsync(answer, "x" + victim.Instructions.Ticket)).Code);
        Assert.Equal(before, await ShownAsync(server));

        Task<Reply<EvidenceAnswer>[]> storm = StormAsync(victim, answer);
        for (int round = 0; round < 5; round++)
            Assert.Equal("affirming", (await other.RoundAsync()).Good.Verdict);
        Reply<EvidenceAnswer>[] replies = await storm;
        Assert.Equal(1000, replies.Length);
        Assert.All(replies, reply => Assert.True(reply.Value is null && (int)reply.Status is >= 400 and < 500, reply.ToString()));
        Assert.Contains(replies, reply => reply.Code == "attestation.evidence.not_authentic");
        Assert.Equal(before, await ShownAsync(server));
        Assert.Equal("affirming", (await other.RoundAsync()).Good.Verdict);
        // One row for the first of the garbage, none for the rest.
        string[] history = [.. await Lab.HistoryAsync(server.Id)];
        Assert.Equal(1, history.Count(kind => kind == "instance.verdict"));
        Assert.InRange(history.Length, 1, 5);
    }

    /// <summary>Half by somebody without a ticket of ours, half by somebody who stole the victim's.</summary>
    private static async Task<Reply<EvidenceAnswer>[]> StormAsync(HandmadeGuest victim, Evidence answer)
    {
        var replies = new Reply<EvidenceAnswer>[1000];
        await Parallel.ForAsync(0, replies.Length, new ParallelOptions { MaxDegreeOfParallelism = AtOnce }, async (number, _) =>
        {
            Evidence garbage = answer with { Report = RandomNumberGenerator.GetBytes(answer.Report.Length) };
            replies[number] = await victim.SendAsync(garbage, number % 2 == 0 ? "x" + victim.Instructions.Ticket : null);
        });
        return replies;
    }

    /// <summary>Verdict, and when and by which findings it was given.</summary>
    private async Task<string> ShownAsync(Server server)
    {
        var instance = (await Lab.ShownAsync(server.Id))!["instance"]!;
        return $"{instance["verdict"]} {instance["judged_at"]} {instance["findings"]}";
    }
}
