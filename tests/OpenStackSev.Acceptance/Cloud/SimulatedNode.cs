namespace OpenStackSev.Acceptance.Cloud;

/// <summary>A compute node of the real Nova, with a simulated SEV machine and the agent on it.</summary>
public sealed class SimulatedNode : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("osev-node-").FullName;

    private SimulatedNode(string name) => Name = name;

    public string Name { get; }
    public string Sev => Name + ":sev";
    public string SevSnp => Name + ":sev_snp";
    public string MachineFolder => Path.Join(folder, "machine");
    public string StateFolder => Path.Join(folder, "state");

    /// <summary>A machine written by <c>osev simulate host</c>.</summary>
    public static async Task<SimulatedNode> OfAsync(string name, params string[] machine)
    {
        var node = new SimulatedNode(name);
        await node.BecomeAsync(machine);
        return node;
    }

    /// <summary>Replaces the machine below the same node.</summary>
    public async Task BecomeAsync(params string[] machine)
    {
        if (Directory.Exists(MachineFolder))
            Directory.Delete(MachineFolder, recursive: true);
        Ended ended = await Programs.OsevAsync(["simulate", "host", "--out", MachineFolder, .. machine]);
        Assert.True(ended.ExitCode == 0, ended.ToString());
    }

    /// <summary>Encrypted guests that the machine says it runs.</summary>
    public async Task RunGuestsAsync(int sev, int sevEs)
    {
        Ended ended = await Programs.OsevAsync("simulate", "host", "--out", MachineFolder, "--set-current", $"sev={sev},sev_es={sevEs}");
        Assert.True(ended.ExitCode == 0, ended.ToString());
    }

    /// <summary>What Nova says it has; read by the fake compute at each of its periodics.</summary>
    public static async Task NovaOffersAsync(RealCloud cloud, string node, string number)
    {
        string file = Path.Join(Stack.StateDir, "mem-encryption", node);
        await File.WriteAllTextAsync(file, $"sev={number}\n");
        string wanted = number == "unlimited" ? "2147483647" : number;
        string seen = "";
        await RealCloud.EventuallyAsync(
            async () => (seen = (await cloud.ProviderAsync(node))?.Inventories is { } inventories && inventories.TryGetValue("MEM_ENCRYPTION_CONTEXT", out var found)
                ? found.Total.ToString(System.Globalization.CultureInfo.InvariantCulture) : "0") == wanted,
            () => $"Nova's MEM_ENCRYPTION_CONTEXT on {node} is {seen}, wanted {wanted}");
    }

    public string Configuration(params string[] capacity)
    {
        string file = Path.Join(folder, "agent.conf");
        File.WriteAllText(file, $"""
            [DEFAULT]
            state_dir = {StateFolder}
            platform_root = {MachineFolder}
            [openstack]
            cloud = osev
            clouds_file = {Stack.CloudsFile}
            [capacity]
            node_name = {Name}
            interval = 10
            start_jitter = 0
            {string.Join('\n', capacity)}
            """);
        return file;
    }

    /// <summary>One round of the agent.</summary>
    public async Task<Ended> PublishAsync(params string[] capacity)
    {
        Ended ended = await Programs.AgentAsync(Configuration(capacity), "--once");
        Assert.True(ended.ExitCode == 0, ended.ToString());
        return ended;
    }

    public void Dispose() => Directory.Delete(folder, recursive: true);
}
