using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;
using OpenStackSev.Acceptance.Reattestation;

namespace OpenStackSev.Acceptance.Heat;

/// <summary>A tenant's stacks of the templates, and the guests in their servers: they prove themselves or lie when a test says so.</summary>
public sealed class ProvenStacks : IAsyncDisposable
{
    public const string OneServer = "tenant/confidential_server.yaml";
    public static readonly JsonArray NoNetwork = [new JsonObject { ["allocate_network"] = "none" }];

    private readonly RealCloud cloud;
    private readonly GatedStacks tenants;
    private readonly SnpLab? lab;
    private readonly Dictionary<string, string> chips = new(StringComparer.Ordinal);
    private ProvenServers? servers;

    private ProvenStacks(RealCloud cloud, GatedStacks tenants, SnpLab? lab)
    {
        (this.cloud, this.tenants, this.lab) = (cloud, tenants, lab);
        Stacks = new TemplateStacks(tenants.Tenant, cloud);
    }

    public TemplateStacks Stacks { get; }

    /// <summary>Whose the stacks are.</summary>
    public RealCloud Tenant => tenants.Tenant;

    /// <summary>Id of the tenant's project.</summary>
    public string Project => tenants.Project;

    public SnpLab Lab => lab!;

    /// <summary>Where Nova knows SEV-SNP.</summary>
    public ProvenServers Servers => servers!;

    public static async Task<ProvenStacks> StartAsync(Stack stack, TemplateLab shared)
    {
        var proven = new ProvenStacks(stack.Cloud, await GatedStacks.StartAsync(stack), shared.Lab);
        if (Stack.Release.ContextsOnChildren)
        {
            proven.servers = await ProvenServers.StartAsync(stack);
            SnpLab.NeedsVendordata();
        }
        return proven;
    }

    /// <summary>What the templates with servers need to know.</summary>
    public (string, JsonNode?)[] Parameters(string image) => [("flavor", "snp.proven"), ("image", image), ("networks", NoNetwork)];

    public Task CreateAsync(string name, string template, bool rollback) =>
        Stacks.CreateAsync(name, template, ["snp_env.yaml"], rollback, [.. Parameters(Servers.Image), ("name", "proven-" + name)]);

    /// <summary>One round of the server's guest, which tells the truth or not.</summary>
    public async Task ProveAsync(Server server, string lie = "none")
    {
        if (!chips.TryGetValue(server.Node!, out string? chip))
            chips[server.Node!] = chip = await Lab.EnrolAsync(server.Node!);
        await using RunningGuest guest = await RunningGuest.OfAsync(Lab, server.Id, Project, chip, lie == "none" ? [] : ["--lie", lie]);
        Ended round = await guest.OnceAsync();
        Assert.True(round.ExitCode == (lie == "none" ? 0 : 2), round.ToString());
    }

    /// <summary>The one server of a stack that is none of <paramref name="before"/>, once it runs and its gate waits for it.</summary>
    public async Task<Server> WaitingAsync(string name, params string[] before)
    {
        Server server = Assert.Single(await Stacks.ServersAsync(name, 1, before));
        await GateAsync(server.Id, "waiting");
        return server;
    }

    /// <summary>What the gate of one instance was opened with, by the stack's output.</summary>
    public async Task<JsonNode> AttestedAsync(string name, string instance) =>
        JsonNode.Parse((string)JsonNode.Parse(await Stacks.OutputAsync(name, "attested"))![instance]!)!;

    public async Task GateAsync(string instance, string standing)
    {
        JsonNode? gate = null;
        await RealCloud.EventuallyAsync(async () => (string?)(gate = await FindGateAsync(instance))?["standing"] == standing, () => $"the gate is {gate}");
    }

    /// <summary>The gate of an instance in the control plane; null for none.</summary>
    public async Task<JsonNode?> FindGateAsync(string instance) =>
        (await cloud.GetAsync("attestation", "/v1/gates"))!["gates"]!.AsArray().FirstOrDefault(gate => (string?)gate!["instance"] == instance);

    public async ValueTask DisposeAsync()
    {
        await Stacks.DisposeAsync();
        if (servers is not null)
            await servers.DisposeAsync();
        await tenants.DisposeAsync();
    }
}
