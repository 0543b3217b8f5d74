using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;
using OpenStackSev.Api.Attestation;

namespace OpenStackSev.Acceptance.Reattestation;

/// <summary>What Nova does to a server while a challenge of it is open.</summary>
public sealed class OpenChallengeTests(Stack stack) : IAsyncLifetime
{
    private ProvenServers? servers;
    private SnpLab? lab;

    private SnpLab Lab => lab!;

    public async ValueTask InitializeAsync()
    {
        servers = await ProvenServers.StartAsync(stack);
        lab = await SnpLab.StartAsync(stack.Cloud, "[sweep]", "interval = 5");
    }

    public async ValueTask DisposeAsync()
    {
        if (lab is not null)
            await lab.DisposeAsync();
        if (servers is not null)
            await servers.DisposeAsync();
    }

    [Fact]
    public async Task A_challenge_from_before_a_rebuild_or_a_deletion_is_good_for_nothing_after_it()
    {
        string chip = await Lab.EnrolAsync("compute1");
        (Server server, string project) = await servers!.BootAsync("1", "compute1");
        using HandmadeGuest guest = await HandmadeGuest.OfAsync(Lab, server.Id, project, chip);
        Assert.Equal("affirming", (await guest.RoundAsync()).Good.Verdict);
        Evidence before = guest.Evidence((await guest.AskAsync()).Good);

        string image = await servers.ImageAsync("snp-image-2");
        await stack.Cloud.ActAsync(server.Id, "rebuild", new JsonObject { ["imageRef"] = image });
        // What was proven of the old image is no word about the new one.
        JsonNode? shown = null;
        await RealCloud.EventuallyAsync(
            async () => (shown = await Lab.ShownAsync(server.Id))!["instance"] is { } now && now["verdict"] is null && (string?)now["status"] == "ACTIVE" && now["round_opened_at"] is not null,
            () => $"the rebuild was not noticed: {shown}");
        Reply<EvidenceAnswer> late = await guest.SendAsync(before);
        Assert.True(late.Code == "attestation.challenge.foreign", late.ToString());
        Assert.Null((await Lab.ShownAsync(server.Id))!["instance"]!["verdict"]);
        Assert.Equal("affirming", (await guest.RoundAsync()).Good.Verdict);

        Evidence last = guest.Evidence((await guest.AskAsync()).Good);
        await servers.DisposeAsync();
        await RealCloud.EventuallyAsync(
            async () => (string?)(shown = await Lab.ShownAsync(server.Id))?["instance"]!["status"] == "DELETED", () => $"the deletion was not noticed: {shown}");
        Reply<EvidenceAnswer> gone = await guest.SendAsync(last);
        Assert.True(gone.Value is null && gone.Code!.StartsWith("attestation.", StringComparison.Ordinal) && (int)gone.Status < 500, gone.ToString());
        Assert.Null((await guest.AskAsync()).Value);
        Assert.Equal(2, (await Lab.HistoryAsync(server.Id)).Count(kind => kind == "instance.verdict"));
    }

    [Fact]
    public async Task A_challenge_from_before_a_cold_migration_is_answered_by_neither_chip()
    {
        string old = await Lab.EnrolAsync("compute1"), other = await Lab.EnrolAsync("compute2");
        (Server server, string project) = await servers!.BootAsync("1", "compute1");
        using HandmadeGuest before = await HandmadeGuest.OfAsync(Lab, server.Id, project, old), after = await HandmadeGuest.OfAsync(Lab, server.Id, project, other);
        // A first host is no move: the sweep has to know the one that is left.
        await OnHostAsync(server.Id, "compute1");
        Challenge open = (await before.AskAsync()).Good;

        await stack.Cloud.ActAsync(server.Id, "migrate", new JsonObject { ["host"] = "compute2" });
        Server moved = await stack.Cloud.UntilAsync(server.Id, now => now.Status is "VERIFY_RESIZE" or "ERROR");
        Assert.True(moved is { Status: "VERIFY_RESIZE", Node: "compute2" }, moved.ToString());
        await stack.Cloud.ActAsync(server.Id, "confirmResize");
        await OnHostAsync(server.Id, "compute2");
        foreach (HandmadeGuest guest in new[] { before, after })
        {
            Reply<EvidenceAnswer> late = await guest.SendAsync(guest.Evidence(open));
            Assert.True(late.Code == "attestation.challenge.foreign", late.ToString());
        }

        Reply<EvidenceAnswer> left = await before.RoundAsync();
        Assert.True(left.Code == "attestation.evidence.wrong_chip", left.ToString());
        Assert.Null((await Lab.ShownAsync(server.Id))!["instance"]!["verdict"]);
        Assert.Equal("affirming", (await after.RoundAsync()).Good.Verdict);
    }

    private async Task OnHostAsync(string server, string host)
    {
        JsonNode? shown = null;
        await RealCloud.EventuallyAsync(
            async () => (string?)(shown = await Lab.ShownAsync(server))?["instance"]!["host"]?["name"] == host, () => $"the control plane does not have it on {host}: {shown}");
    }
}
