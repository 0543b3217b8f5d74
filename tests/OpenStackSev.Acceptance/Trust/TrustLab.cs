using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;
using OpenStackSev.Acceptance.Reattestation;

namespace OpenStackSev.Acceptance.Trust;

/// <summary>A control plane that judges compute1 and compute2 of the real cloud, an agent on each, and what it says of them beside the real scheduler.</summary>
/// <remarks>Where Nova launches SEV-SNP a host earns trust by a guest's report, on Zed by its own word: an operator's policy says so.</remarks>
public sealed class TrustLab : IAsyncDisposable
{
    /// <summary>Servers of a test; those that prove their hosts stay with the lab.</summary>
    public const string Servers = "trust-test-";

    private const string AllServers = "trust-";
    public static readonly IReadOnlyList<string> Hosts = ["compute1", "compute2"];

    /// <summary>What <c>osev simulate host --model turin</c> says of itself: a chip that signs something else speaks against its host.</summary>
    private const string FirmwareOfTurin = "1/1/1/3/72";

    private readonly RealCloud cloud;
    private readonly Dictionary<string, SimulatedNode> machines = [];
    private readonly Dictionary<string, RunningGuest> guests = [];
    private readonly Dictionary<string, (Process Process, Task<Ended> Ended)> agents = [];
    private readonly string folder = Directory.CreateTempSubdirectory("osev-trust-").FullName;
    private SnapshotSync? sync;
    private SnpLab? control;

    private TrustLab(RealCloud cloud) => this.cloud = cloud;

    public SnpLab Control => control!;
    public string Image { get; private set; } = "";

    private static bool ByReports => Stack.Release.ContextsOnChildren;

    /// <summary>Both hosts are trusted, and the scheduler knows it.</summary>
    /// <param name="lifetime">Of a proof, in seconds.</param>
    public static async Task<TrustLab> StartAsync(Stack stack, int lifetime = 3600)
    {
        var lab = new TrustLab(stack.Cloud);
        try
        {
            await lab.PrepareAsync();
            lab.control = await SnpLab.StartAsync(stack.Cloud, keystone: null, ["heartbeat_interval = 5", $"proof_lifetime = {lifetime}"],
                ["[trust]", "interval = 2", $"lifetime = {lifetime}", "[sweep]", "interval = 5"]);
            if (!ByReports)
                await lab.ByTheirWordAsync();
            foreach (string host in Hosts)
                await lab.StartAgentAsync(host);
            foreach (string host in Hosts)
                await lab.EnrolAsync(host);
            foreach (string host in Hosts)
                await lab.ProveAsync(host);
            foreach (string host in Hosts)
                await lab.UntilAsync(host, "trusted");
            await SnapshotFiles.FetchKeysAsync();
            lab.sync = await SnapshotSync.StartAsync(lab.Control);
            return lab;
        }
        catch
        {
            await lab.DisposeAsync();
            throw;
        }
    }

    /// <summary>A flavor for encrypted servers, and what else it asks for.</summary>
    public Task<string> FlavorAsync(string name, params (string Key, string Value)[] more) =>
        cloud.FlavorAsync(name, [("hw:mem_encryption", "true"), .. ByReports ? new[] { ("hw:mem_encryption_model", "amd-sev-snp") } : [], .. more]);

    public Task<string> ImageAsync(string name) =>
        cloud.ImageAsync(name, [("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"), .. ByReports ? new[] { ("hw_firmware_stateless", "true") } : []]);

    /// <summary>A guest on that host has its chip sign a report. Where hosts are believed, there is nothing to do.</summary>
    public async Task ProveAsync(string host)
    {
        if (!ByReports)
            return;
        if (!guests.TryGetValue(host, out RunningGuest? guest))
        {
            Server server = await cloud.BootAsync(AllServers + "proves-" + host, await FlavorAsync("trust.proves"), Image, host);
            Assert.True(server.Status == "ACTIVE", server.ToString());
            string project = (string)(await cloud.GetAsync("compute", "/servers/" + server.Id))!["server"]!["tenant_id"]!;
            string chip = (string)(await ShownAsync(host))!["chips"]![0]!["id"]!;
            guests[host] = guest = await RunningGuest.OfAsync(Control, server.Id, project, chip[..16], "--tcb", FirmwareOfTurin);
        }

        Ended round = await guest.OnceAsync();
        Assert.True(round.ExitCode == 0, round.ToString());
    }

    /// <summary>What the control plane says of a host; null before it reported.</summary>
    public async Task<JsonNode?> ShownAsync(string host)
    {
        (HttpStatusCode status, JsonNode? body) = await cloud.TrySendAsync(HttpMethod.Get, "attestation", $"/v1/hosts/{await NodeAsync(host)}");
        return status == HttpStatusCode.OK ? body : null;
    }

    public async Task UntilAsync(string host, string level)
    {
        JsonNode? shown = null;
        await RealCloud.EventuallyAsync(
            async () => (string?)(shown = await ShownAsync(host))?["trust"]?["level"] == level, () => $"{host} is not {level}: {shown?["trust"]?.ToJsonString()}");
    }

    /// <summary>When a host's trust ends; null for one that is not trusted.</summary>
    public async Task<DateTimeOffset?> EndAsync(string host) => (DateTimeOffset?)(await ShownAsync(host))!["trust"]!["expires_at"];

    public async Task QuarantineAsync(string host, string reason, bool disableService = false) => await cloud.SendAsync(HttpMethod.Post, "attestation",
        $"/v1/hosts/{await NodeAsync(host)}/quarantine", new JsonObject { ["reason"] = reason, ["disable_service"] = disableService });

    public async Task ReleaseAsync(string host) => await cloud.SendAsync(HttpMethod.Delete, "attestation", $"/v1/hosts/{await NodeAsync(host)}/quarantine");

    /// <summary>Kinds of a host's history, the latest first.</summary>
    public async Task<IReadOnlyList<string>> HistoryAsync(string host) =>
        [.. (await cloud.GetAsync("attestation", $"/v1/hosts/{await NodeAsync(host)}/history"))!["records"]!.AsArray().Select(record => (string)record!["kind"]!)];

    /// <summary>Waits until the file beside the scheduler says so, and the filter has had its second.</summary>
    public async Task UntilTheSchedulerKnowsAsync(string host, string level)
    {
        await UntilWrittenAsync(host, level);
        await SnapshotFiles.LookedAtAsync();
    }

    public async Task<bool> HasTraitAsync(string host, string trait) => (await cloud.ProviderAsync(host))!.Traits.Contains(trait);

    public async Task UntilTraitAsync(string host, string trait, bool isThere, TimeSpan? longest = null) => await RealCloud.EventuallyAsync(
        async () => await HasTraitAsync(host, trait) == isThere, () => $"{trait} is {(isThere ? "not there" : "still there")} on {host}", longest);

    public async Task StopAgentAsync(string host)
    {
        if (!agents.Remove(host, out (Process Process, Task<Ended> Ended) agent))
            return;
        Ended end = await Programs.StopAsync(agent.Process, agent.Ended);
        agent.Process.Dispose();
        TestContext.Current.TestOutputHelper?.WriteLine($"{host}: {end}");
    }

    /// <summary>Both hosts are trusted again, without a test's servers.</summary>
    public async Task RestoreAsync()
    {
        await cloud.DeleteServersAsync(Servers);
        foreach (string host in Hosts)
        {
            if ((string?)(await ShownAsync(host))!["trust"]!["level"] == "quarantined")
                await ReleaseAsync(host);
            await UntilWrittenAsync(host, "trusted");
            await UntilTraitAsync(host, "CUSTOM_SEV_TRUSTED", isThere: true);
        }

        await SnapshotFiles.LookedAtAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (RunningGuest guest in guests.Values)
            await guest.DisposeAsync();
        foreach (string host in agents.Keys.ToArray())
            await StopAgentAsync(host);
        if (sync is not null)
            await sync.DisposeAsync();
        if (control is not null)
            await control.DisposeAsync();
        await cloud.DeleteServersAsync(AllServers);
        await SnapshotFiles.ForgetAsync();
        foreach (string host in Hosts)
            await cloud.ChangeTraitsAsync(host, traits => traits.Where(trait => !IsJudgement(trait)));
        foreach (SimulatedNode machine in machines.Values)
            machine.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private static bool IsJudgement(string trait) =>
        trait is "CUSTOM_SEV_TRUSTED" or "CUSTOM_SEV_QUARANTINED" || trait.StartsWith("CUSTOM_SEV_TCB_", StringComparison.Ordinal);

    private async Task<Guid> NodeAsync(string host) => (await cloud.ProviderAsync(host))!.Uuid;

    private async Task UntilWrittenAsync(string host, string level)
    {
        Guid node = await NodeAsync(host);
        string? said = null;
        await RealCloud.EventuallyAsync(() => Task.FromResult((said = SnapshotFiles.LevelOf(node)) == level), () => $"the snapshot says {said ?? "nothing"} of {host}");
    }

    private async Task PrepareAsync()
    {
        await cloud.DeleteServersAsync(AllServers);
        await cloud.EmptyGuardProvidersAsync();
        Image = await ImageAsync("trust-image");
        await Task.WhenAll([
            .. Hosts.Select(host => SimulatedNode.NovaOffersAsync(cloud, host, (ByReports ? "sev_snp" : "sev", "20"))),
            .. new[] { "compute3", "compute4" }.Select(host => SimulatedNode.NovaOffersAsync(cloud, host)),
        ]);
    }

    private async Task ByTheirWordAsync()
    {
        string policy = Path.Join(folder, "policy.json");
        await File.WriteAllTextAsync(policy, """{"version": 1, "name": "by-their-word", "hosts": {"earned_by": "platform"}}""", TestContext.Current.CancellationToken);
        await Control.SucceedAsync("policy", "store", policy);
        await Control.SucceedAsync("policy", "activate", "1");
    }

    private async Task StartAgentAsync(string host)
    {
        SimulatedNode machine = machines[host] = await SimulatedNode.OfAsync(host, "--model", "turin", "--asids", "40", "--min-sev-asid", "21");
        string configuration = machine.Configuration("[control]", $"endpoint = {SnpLab.Url.AbsoluteUri.TrimEnd('/')}", "auth = service_user", "interval = 5");
        Process agent = Programs.StartAgent(configuration);
        agents[host] = (agent, Programs.EndOfAsync(agent, TimeSpan.FromMinutes(15)));
    }

    private async Task EnrolAsync(string host)
    {
        await RealCloud.EventuallyAsync(async () => await ShownAsync(host) is not null, () => $"{host} did not report");
        await Control.SucceedAsync("host", "approve", host);
    }
}
