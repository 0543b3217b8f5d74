using System.Diagnostics;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.MainJob;

/// <summary>Nova moves its encryption contexts from the compute node to children, as in the upgrade past 2025.2, while our agents run.</summary>
public sealed class UpgradeDrillTests(Stack stack) : IAsyncLifetime
{
    private const string Servers = "drill-";
    private static readonly string[] Computes = ["compute1", "compute2"];
    private readonly List<SimulatedNode> nodes = [];
    private readonly List<(Process Process, Task<Ended> Ended)> agents = [];
    private string image = "";
    private string flavor = "";

    public async ValueTask InitializeAsync()
    {
        Stack.Release.NeedsSnp();
        await stack.Cloud.DeleteServersAsync(Servers);
        await stack.Cloud.EmptyGuardProvidersAsync();
        image = await stack.Cloud.ImageAsync("drill-image", ("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"));
        flavor = await stack.Cloud.FlavorAsync("drill.sev", ("hw:mem_encryption", "true"), ("resources:CUSTOM_SEV_ASID", "1"));
    }

    public async ValueTask DisposeAsync()
    {
        if (!Stack.Release.ContextsOnChildren)
            return;
        foreach ((Process process, Task<Ended> ended) in agents.Where(agent => !agent.Ended.IsCompleted))
            await Programs.StopAsync(process, ended);
        agents.ForEach(agent => agent.Process.Dispose());
        await stack.Cloud.DeleteServersAsync(Servers);
        await Programs.LayoutAsync("children");
        nodes.ForEach(node => node.Dispose());
    }

    [Fact]
    public async Task A_reshape_under_running_agents_counts_nothing_twice_and_loses_no_allocation()
    {
        foreach (string compute in Computes)
            await SimulatedNode.NovaOffersAsync(stack.Cloud, compute);
        await Programs.LayoutAsync("root");
        foreach (string compute in Computes)
            await StartAsync(compute);
        var servers = new List<Server>();
        for (int number = 1; number <= 3; number++)
            servers.Add(await stack.Cloud.BootAsync($"{Servers}{number}", flavor, image));
        Assert.All(servers, server => Assert.True(server.Status == "ACTIVE", server.ToString()));

        using var done = new CancellationTokenSource();
        Task<List<string>> sampling = SampleAsync(servers, done.Token);
        await Programs.LayoutAsync("children");
        foreach (string compute in Computes)
            await RealCloud.EventuallyAsync(async () => await TotalAsync(compute + "_amd_sev", "MEM_ENCRYPTION_CONTEXT") == 5, () => $"{compute} was not reshaped");
        await done.CancelAsync();
        List<string> samples = await sampling;
        Assert.True(samples.Count > 5, "the sampler saw too little to say anything");
        Assert.DoesNotContain(samples, sample => sample.StartsWith("WRONG", StringComparison.Ordinal));

        foreach (Server server in servers)
        {
            IReadOnlyDictionary<string, IReadOnlyDictionary<string, int>> held = await stack.Cloud.AllocationsAsync(server.Id);
            Assert.Equal(1, held[server.Node + "_amd_sev"]["MEM_ENCRYPTION_CONTEXT"]);
            Assert.Equal(1, held[server.Node + ":sev"]["CUSTOM_SEV_ASID"]);
        }

        foreach ((Process process, Task<Ended> ended) in agents)
        {
            Ended stopped = await Programs.StopAsync(process, ended);
            Assert.True(stopped.ExitCode == 0, stopped.ToString());
        }
    }

    private async Task StartAsync(string compute)
    {
        SimulatedNode node = await SimulatedNode.OfAsync(compute, "--model", "milan", "--asids", "8", "--min-sev-asid", "4");
        nodes.Add(node);
        await File.WriteAllTextAsync(Path.Join(Stack.StateDir, "mem-encryption", compute), "sev=5\n", TestContext.Current.CancellationToken);
        await RealCloud.EventuallyAsync(async () => await TotalAsync(compute, "MEM_ENCRYPTION_CONTEXT") == 5, () => $"Nova offers nothing on {compute} itself");
        Process agent = Programs.StartAgent(node.Configuration());
        agents.Add((agent, Programs.EndOfAsync(agent, TimeSpan.FromMinutes(10))));
        await RealCloud.EventuallyAsync(async () => await TotalAsync(node.Sev, "CUSTOM_SEV_ASID") == 5, () => $"{node.Sev} is not published");
    }

    /// <summary>Looks again and again until told to stop; a line a look, WRONG where something is counted twice or missing.</summary>
    private async Task<List<string>> SampleAsync(IReadOnlyList<Server> servers, CancellationToken stop)
    {
        var samples = new List<string>();
        while (!stop.IsCancellationRequested)
        {
            foreach (string compute in Computes)
            {
                int guard = await TotalAsync(compute + ":sev", "CUSTOM_SEV_ASID");
                samples.Add($"{(guard == 5 ? "" : "WRONG ")}{compute}: our total {guard}");
            }

            foreach (Server server in servers)
            {
                // One answer of Placement, so that root and child are seen at the same moment.
                IEnumerable<KeyValuePair<string, int>> held = (await stack.Cloud.AllocationsAsync(server.Id)).Values.SelectMany(amounts => amounts);
                int contexts = held.Where(amount => amount.Key == "MEM_ENCRYPTION_CONTEXT").Sum(amount => amount.Value);
                int asids = held.Where(amount => amount.Key == "CUSTOM_SEV_ASID").Sum(amount => amount.Value);
                samples.Add($"{(contexts == 1 && asids == 1 ? "" : "WRONG ")}{server.Id}: {contexts} contexts, {asids} ASIDs");
            }
        }

        return samples;
    }

    private Task<int> TotalAsync(string provider, string resourceClass) => stack.Cloud.TotalAsync(provider, resourceClass);
}
