using System.Globalization;

namespace OpenStackSev.Acceptance.Cloud;

/// <summary>A compute node of the real Nova, with a simulated SEV machine and the agent on it.</summary>
public sealed class SimulatedNode : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("osev-node-").FullName;

    private SimulatedNode(string name) => Name = name;

    public string Name { get; }
    public string Sev => Name + ":sev";
    public string SevEs => Name + ":sev_es";
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

    /// <summary>What Nova says that it can launch; read by the fake compute at each of its periodics.</summary>
    /// <param name="models">E.g. <c>("sev", "5")</c>; a model that is left out is not offered. <c>unlimited</c> is Zed's default.</param>
    public static async Task NovaOffersAsync(RealCloud cloud, string node, params (string Model, string Number)[] models)
    {
        string file = Path.Join(Stack.StateDir, "mem-encryption", node);
        await File.WriteAllTextAsync(file + ".new", string.Concat(models.Select(model => $"{model.Model}={model.Number}\n")));
        File.Move(file + ".new", file, overwrite: true);
        foreach (string model in Stack.Release.ContextsOnChildren ? ["sev", "sev_es", "sev_snp"] : new[] { "sev" })
        {
            string number = models.FirstOrDefault(offered => offered.Model == model).Number ?? "0";
            int wanted = number == "unlimited" ? int.MaxValue : int.Parse(number, CultureInfo.InvariantCulture);
            int seen = -1;
            await RealCloud.EventuallyAsync(
                async () => (seen = await ContextsAsync(cloud, Stack.Release.NovaProvider(node, model))) == wanted,
                () => $"Nova's MEM_ENCRYPTION_CONTEXT of {model} on {node} is {seen}, wanted {wanted}");
        }
    }

    private static async Task<int> ContextsAsync(RealCloud cloud, string provider) => await cloud.TotalAsync(provider, "MEM_ENCRYPTION_CONTEXT");

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
