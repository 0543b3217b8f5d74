using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;
using OpenStackSev.Acceptance.Reattestation;

namespace OpenStackSev.Acceptance.Heat;

/// <summary>A stack of the real Heat waits until its server has proved itself to the control plane.</summary>
public sealed class GateTests(Stack stack) : IAsyncLifetime
{
    private const string Template = """
        heat_template_version: 2018-08-31
        parameters:
          flavor: {type: string}
          image: {type: string}
        resources:
          gate: {type: OS::Heat::WaitConditionHandle, properties: {signal_transport: HEAT_SIGNAL}}
          server:
            type: OS::Nova::Server
            depends_on: gate
            properties:
              name: proven-gated
              flavor: {get_param: flavor}
              image: {get_param: image}
              networks: [{allocate_network: none}]
              user_data_format: RAW
              metadata: {openstack_sev_stack: {get_param: "OS::stack_id"}, openstack_sev_gate: gate}
          attested:
            type: OS::Heat::WaitCondition
            depends_on: server
            properties: {handle: {get_resource: gate}, timeout: 300}
        outputs:
          attestation: {value: {get_attr: [attested, data]}}
        """;

    private static readonly string[] s_settings = ["[sweep]", "interval = 5", "[heat]", "interval = 5"];

    private GatedStacks? stacks;
    private ProvenServers? servers;
    private SnpLab? lab;

    public async ValueTask InitializeAsync()
    {
        stacks = await GatedStacks.StartAsync(stack);
        if (Stack.Release.ContextsOnChildren)
            servers = await ProvenServers.StartAsync(stack);
        lab = await SnpLab.StartAsync(stack.Cloud, s_settings);
    }

    public async ValueTask DisposeAsync()
    {
        if (stacks is not null)
            await stacks.DisposeAsync();
        if (servers is not null)
            await servers.DisposeAsync();
        if (lab is not null)
            await lab.DisposeAsync();
    }

    [Fact]
    public async Task A_stack_completes_only_after_its_server_has_proved_itself()
    {
        Stack.Release.NeedsSnp();
        (string id, Server server, string chip) = await BootedAsync("good");
        await GateAsync(server, "waiting");
        Assert.Equal("CREATE_IN_PROGRESS", (string?)(await stacks!.ShownAsync("good", id))["stack_status"]);
        await using RunningGuest guest = await RunningGuest.OfAsync(lab!, server.Id, stacks.Project, chip);
        Ended round = await guest.OnceAsync();
        Assert.True(round.ExitCode == 0, round.ToString());
        JsonNode shown = await stacks.UntilAsync("good", id, "CREATE_COMPLETE");
        // A text inside a text: the wait condition's data has one entry a signal.
        JsonNode said = JsonNode.Parse((string)JsonNode.Parse((string)shown["outputs"]![0]!["output_value"]!)![server.Id]!)!;
        Assert.Equal(("affirming", "amd-sev-snp", "guest_report", true), ((string?)said["verdict"], (string?)said["model"], (string?)said["evidence"], (bool?)said["simulated"]));
        await GateAsync(server, "opened");
        Assert.Equal(server.Id, Assert.Single(await stacks.SignalsAsync("good", id)).Key);
        IReadOnlyList<string> history = await lab!.HistoryAsync(server.Id);
        Assert.Equal(["gate.opened", "gate.intended", "gate.noticed"], history.Where(kind => kind.StartsWith("gate.", StringComparison.Ordinal)));
    }

    private async Task<(string Stack, Server Server, string Chip)> BootedAsync(string name)
    {
        var chips = new Dictionary<string, string>(StringComparer.Ordinal);
        // A tenant cannot say where: whichever the scheduler takes has a chip.
        foreach (string node in Enumerable.Range(1, 4).Select(number => $"compute{number}"))
            chips[node] = await lab!.EnrolAsync(node);
        string id = await stacks!.CreateAsync(name, Template, ("flavor", "snp.proven"), ("image", servers!.Image));
        Server server = await stacks.ServerAsync(name, id);
        return (id, server, chips[server.Node!]);
    }

    private async Task GateAsync(Server server, string standing)
    {
        JsonNode? gate = null;
        await RealCloud.EventuallyAsync(async () => (string?)(gate = await FindAsync(server.Id))?["standing"] == standing, () => $"the gate is {gate}");
    }

    private async Task<JsonNode?> FindAsync(string instance) =>
        (await stack.Cloud.GetAsync("attestation", "/v1/gates"))!["gates"]!.AsArray().FirstOrDefault(gate => (string?)gate!["instance"] == instance);
}
