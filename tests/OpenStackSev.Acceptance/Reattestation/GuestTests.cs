using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Reattestation;

/// <summary>Instances of the real Nova prove themselves: ticket by vendordata and the metadata API, challenge, evidence, verdict, token.</summary>
public sealed class GuestTests(Stack stack, GuestTests.SharedLab shared) : IAsyncLifetime, IClassFixture<GuestTests.SharedLab>
{
    /// <summary>Of a processor that is emulated, beside other work.</summary>
    private static readonly TimeSpan s_emulated = TimeSpan.FromMinutes(10);

    private ProvenServers? servers;

    private SnpLab Lab => shared.Lab!;

    public async ValueTask InitializeAsync()
    {
        servers = await ProvenServers.StartAsync(stack);
        SnpLab.NeedsVendordata();
    }

    public async ValueTask DisposeAsync()
    {
        if (servers is not null)
            await servers.DisposeAsync();
    }

    [Fact]
    public async Task A_server_proves_itself_and_the_workload_has_its_token()
    {
        string chip = await Lab.EnrolAsync("compute1");
        (Server server, string project) = await servers!.BootAsync("1", "compute1");
        await using RunningGuest guest = await RunningGuest.OfAsync(Lab, server.Id, project, chip);
        guest.Start();
        await Lab.UntilAsync(server.Id, "affirming");
        Ended status = await guest.AskAsync("status");
        Assert.True(status.ExitCode == 0, status.ToString());
        Ended token = await guest.AskAsync("token");
        Assert.True(token.ExitCode == 0, token.ToString());
        Assert.Equal(3, token.Output.Trim().Split('.').Length);
        JsonNode shown = (await Lab.ShownAsync(server.Id))!;
        Assert.True((bool)shown["instance"]!["simulated"]!);
        Assert.Equal("guest_report", (string?)shown["judgement"]!["evidence"]);
    }

    [Fact]
    public async Task A_virtual_machine_of_libvirt_boots_from_its_config_drive_and_proves_itself_over_its_network()
    {
        GuestMachine.NeedsParts();
        string chip = await Lab.EnrolAsync("compute1");
        (Server server, string project) = await servers!.BootAsync("machine", "compute1");
        Dictionary<string, string> metadata = await MetadataAsync(server, project, "vendor_data2.json", "meta_data.json");
        Assert.NotEqual("affirming", (string?)(await Lab.ShownAsync(server.Id))?["instance"]!["verdict"]);
        await using GuestMachine machine = await GuestMachine.BootAsync(Lab.Chain, chip, metadata);
        await RealCloud.EventuallyAsync(
            () => Task.FromResult(machine.Console.Contains("the workload has a token", StringComparison.Ordinal)), () => machine.Console, s_emulated);
        Assert.Contains("verdict           SIMULATED affirming", machine.Console, StringComparison.Ordinal);
        Assert.Contains("as said by        /mnt/config/openstack/latest/vendor_data2.json", machine.Console, StringComparison.Ordinal);
        JsonNode shown = (await Lab.ShownAsync(server.Id))!;
        Assert.Equal("affirming", (string?)shown["instance"]!["verdict"]);
        Assert.True((bool)shown["instance"]!["simulated"]!);
        Assert.Equal("guest_report", (string?)shown["judgement"]!["evidence"]);
        string ticket = (string)JsonNode.Parse(metadata["vendor_data2.json"])!["sev"]!["openstack_sev"]!["ticket"]!;
        Assert.DoesNotContain(ticket, machine.Console, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_guest_that_turns_bad_is_contraindicated_with_the_reason_and_affirmed_again_when_repaired()
    {
        string chip = await Lab.EnrolAsync("compute1");
        (Server server, string project) = await servers!.BootAsync("1", "compute1");
        await using RunningGuest guest = await RunningGuest.OfAsync(Lab, server.Id, project, chip);
        await RoundAsync(guest, 0);
        await guest.ChangeAsync("--set-lie", "debug");
        await RoundAsync(guest, 2);
        JsonNode shown = (await Lab.ShownAsync(server.Id))!;
        Assert.Equal("contraindicated", (string?)shown["instance"]!["verdict"]);
        Assert.Contains("snp.policy.debug", shown["instance"]!["findings"]!.ToJsonString(), StringComparison.Ordinal);
        await guest.ChangeAsync("--set-lie", "none");
        await RoundAsync(guest, 0);
        Assert.Equal("affirming", (string?)(await Lab.ShownAsync(server.Id))!["instance"]!["verdict"]);
    }

    [Fact]
    public async Task Each_lie_has_its_code_and_leaves_the_verdict_as_it_was()
    {
        string chip = await Lab.EnrolAsync("compute1");
        (Server server, string project) = await servers!.BootAsync("1", "compute1");
        await using RunningGuest guest = await RunningGuest.OfAsync(Lab, server.Id, project, chip);
        await RoundAsync(guest, 0);
        foreach ((string lie, string code) in new[]
        {
            ("wrong-chip", "attestation.evidence.wrong_chip"), ("replay", "attestation.evidence.replayed"), ("foreign-nonce", "attestation.evidence.foreign"),
        })
        {
            await guest.ChangeAsync("--set-lie", lie);
            Ended round = await guest.OnceAsync();
            Assert.True(round.ExitCode == 3, $"{lie}: {round}");
            Assert.Contains(code, round.Error, StringComparison.Ordinal);
            Assert.Equal("affirming", (string?)(await Lab.ShownAsync(server.Id))!["instance"]!["verdict"]);
        }
    }

    [Fact]
    public async Task A_server_that_moved_proves_itself_by_the_chip_of_its_new_host_only()
    {
        string before = await Lab.EnrolAsync("compute1"), after = await Lab.EnrolAsync("compute2");
        (Server server, string project) = await servers!.BootAsync("1", "compute1");
        await using (RunningGuest guest = await RunningGuest.OfAsync(Lab, server.Id, project, before))
        {
            await RoundAsync(guest, 0);
            await stack.Cloud.ActAsync(server.Id, "migrate");
            await stack.Cloud.UntilAsync(server.Id, now => now.Status is "VERIFY_RESIZE" or "ERROR");
            await stack.Cloud.ActAsync(server.Id, "confirmResize");
            Server moved = await stack.Cloud.UntilAsync(server.Id, now => now.Status == "ACTIVE");
            Assert.NotEqual("compute1", moved.Node);
        }

        if ((await stack.Cloud.ServerAsync(server.Id)).Node != "compute2")
            return;     // the scheduler may have taken a host without a chip
        await using RunningGuest elsewhere = await RunningGuest.OfAsync(Lab, server.Id, project, after);
        // Nova is asked where an instance is every ten seconds at most: until then the old host counts, and the guest comes again.
        string? judgedBefore = await JudgedAtAsync(server);
        elsewhere.Start();
        // Null in between, where the sweep has seen the move already.
        await RealCloud.EventuallyAsync(async () => await JudgedAtAsync(server) is { } at && at != judgedBefore, () => "no evidence of the new chip was judged");
        Assert.Equal("affirming", (string?)(await Lab.ShownAsync(server.Id))!["instance"]!["verdict"]);
    }

    [Fact]
    public async Task A_server_without_encryption_gets_no_ticket()
    {
        Server server = await servers!.BootPlainAsync();
        await using MetadataProxy metadata = new(server.Id, await servers.ProjectAsync(server));
        using var http = new HttpClient();
        JsonNode data = JsonNode.Parse(await http.GetStringAsync(new Uri(metadata.Url, "vendor_data2.json"), TestContext.Current.CancellationToken))!;
        Assert.Equal("{}", data["sev"]!.ToJsonString());
    }

    private async Task<string?> JudgedAtAsync(Server server) => (string?)(await Lab.ShownAsync(server.Id))!["instance"]!["judged_at"];

    /// <summary>As Nova writes them onto a config drive.</summary>
    private static async Task<Dictionary<string, string>> MetadataAsync(Server server, string project, params string[] names)
    {
        await using MetadataProxy proxy = new(server.Id, project);
        using var http = new HttpClient();
        var documents = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (string name in names)
            documents[name] = await http.GetStringAsync(new Uri(proxy.Url, name), TestContext.Current.CancellationToken);
        return documents;
    }

    private static async Task RoundAsync(RunningGuest guest, int exitCode)
    {
        Ended round = await guest.OnceAsync();
        Assert.True(round.ExitCode == exitCode, round.ToString());
    }

    /// <summary>One control plane for all of them; each has a server, and compute1 a chip, of its own.</summary>
    public sealed class SharedLab(Stack stack) : IAsyncLifetime
    {
        public SnpLab? Lab { get; private set; }

        public async ValueTask InitializeAsync() => Lab = stack.IsThere && Stack.Release.ContextsOnChildren && SnpLab.HasVendordata ? await SnpLab.StartAsync(stack.Cloud) : null;

        public async ValueTask DisposeAsync()
        {
            if (Lab is not null)
                await Lab.DisposeAsync();
        }
    }
}
