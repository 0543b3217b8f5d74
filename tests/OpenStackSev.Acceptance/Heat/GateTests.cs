using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;
using OpenStackSev.Acceptance.Reattestation;

namespace OpenStackSev.Acceptance.Heat;

/// <summary>A stack of the real Heat waits until its server has proved itself to the control plane.</summary>
public sealed class GateTests(Stack stack, GateTests.SharedLab shared) : IAsyncLifetime, IClassFixture<GateTests.SharedLab>
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

    private SnpLab Lab => shared.Lab!;

    public async ValueTask InitializeAsync()
    {
        stacks = await GatedStacks.StartAsync(stack);
        if (!Stack.Release.ContextsOnChildren)
            return;
        servers = await ProvenServers.StartAsync(stack);
        SnpLab.NeedsVendordata();
    }

    public async ValueTask DisposeAsync()
    {
        if (stacks is not null)
            await stacks.DisposeAsync();
        if (servers is not null)
            await servers.DisposeAsync();
    }

    [Fact]
    public async Task A_stack_completes_only_after_its_server_has_proved_itself()
    {
        Stack.Release.NeedsSnp();
        (string id, Server server, string chip) = await BootedAsync("good");
        await GateAsync(server, "waiting");
        Assert.Equal("CREATE_IN_PROGRESS", (string?)(await stacks!.ShownAsync("good", id))["stack_status"]);
        await using RunningGuest guest = await RunningGuest.OfAsync(Lab, server.Id, stacks.Project, chip);
        Ended round = await guest.OnceAsync();
        Assert.True(round.ExitCode == 0, round.ToString());
        JsonNode shown = await stacks.UntilAsync("good", id, "CREATE_COMPLETE");
        // A text inside a text: the wait condition's data has one entry a signal.
        JsonNode said = JsonNode.Parse((string)JsonNode.Parse((string)shown["outputs"]![0]!["output_value"]!)![server.Id]!)!;
        Assert.Equal(("affirming", "amd-sev-snp", "guest_report", true), ((string?)said["verdict"], (string?)said["model"], (string?)said["evidence"], (bool?)said["simulated"]));
        await GateAsync(server, "opened");
        Assert.Equal(server.Id, Assert.Single(await stacks.SignalsAsync("good", id)).Key);
        IReadOnlyList<string> history = await Lab.HistoryAsync(server.Id);
        Assert.Equal(["gate.opened", "gate.intended", "gate.noticed"], history.Where(kind => kind.StartsWith("gate.", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_lying_guest_fails_its_stack_with_the_code()
    {
        Stack.Release.NeedsSnp();
        (string id, Server server, string chip) = await BootedAsync("lying");
        await using RunningGuest guest = await RunningGuest.OfAsync(Lab, server.Id, stacks!.Project, chip, "--lie", "debug");
        Ended round = await guest.OnceAsync();
        Assert.True(round.ExitCode == 2, round.ToString());
        JsonNode shown = await stacks.UntilAsync("lying", id, "CREATE_FAILED");
        Assert.StartsWith("Resource CREATE failed: WaitConditionFailure: resources.attested: not attested: snp.policy.debug", (string?)shown["stack_status_reason"], StringComparison.Ordinal);
        await GateAsync(server, "closed");
        Ended osev = await Lab.SucceedAsync("gate", "list", "--standing", "closed");
        Assert.Contains($"{server.Id}", osev.Output, StringComparison.Ordinal);
        Assert.Contains("snp.policy.debug", osev.Output, StringComparison.Ordinal);
        Assert.Contains("closed, resource gate of stack " + id, (await Lab.SucceedAsync("instance", "show", server.Id)).Output, StringComparison.Ordinal);
        await stacks.DeleteAsync("lying", id);
    }

    [Fact]
    public async Task A_server_that_cannot_prove_itself_fails_its_stack_at_once()
    {
        await SimulatedNode.NovaOffersAsync(stack.Cloud, "compute1", ("sev", "5"));
        string image = await stack.Cloud.ImageAsync("gated-sev-image", ("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"));
        await stack.Cloud.FlavorAsync("gated.sev", ("hw:mem_encryption", "true"));
        await stack.Cloud.FlavorAsync("gated.plain");
        foreach ((string flavor, string words) in new[] { ("gated.sev", "no guest of amd-sev can prove itself"), ("gated.plain", "no guest of a server without memory encryption") })
        {
            string name = flavor.Replace('.', '-');
            string id = await stacks!.CreateAsync(name, Template, ("flavor", flavor), ("image", image));
            Server server = await stacks.ServerAsync(name, id);
            JsonNode shown = await stacks.UntilAsync(name, id, "CREATE_FAILED");
            Assert.Contains("not attested: gate.model.not_provable: " + words, (string?)shown["stack_status_reason"], StringComparison.Ordinal);
            Assert.Equal("FAILURE", (string?)(await stacks.SignalsAsync(name, id))[server.Id]!["status"]);
            await stacks.DeleteAsync(name, id);
        }
    }

    [Fact]
    public async Task Without_its_role_it_waits_and_says_so_and_a_control_plane_that_was_killed_goes_on()
    {
        Stack.Release.NeedsSnp();
        // A token that was given while it had the role counts for some time.
        await Lab.StopControlAsync();
        await stacks!.RoleAsync(isGiven: false);
        await Lab.StartControlAsync();
        (string id, Server server, string chip) = await BootedAsync("norole");
        await using RunningGuest guest = await RunningGuest.OfAsync(Lab, server.Id, stacks.Project, chip);
        Ended round = await guest.OnceAsync();
        Assert.True(round.ExitCode == 0, round.ToString());
        await RealCloud.EventuallyAsync(async () => (string?)(await FindAsync(server.Id))?["failure"] == "identity.401", () => "the missing role is not told");
        await Lab.KillControlAsync();
        await stacks.RoleAsync(isGiven: true);
        await Lab.StartControlAsync();
        await stacks.UntilAsync("norole", id, "CREATE_COMPLETE");
        Assert.Single(await stacks.SignalsAsync("norole", id));
        await GateAsync(server, "opened");
    }

    private async Task<(string Stack, Server Server, string Chip)> BootedAsync(string name)
    {
        var chips = new Dictionary<string, string>(StringComparer.Ordinal);
        // A tenant cannot say where: whichever the scheduler takes has a chip.
        foreach (string node in Enumerable.Range(1, 4).Select(number => $"compute{number}"))
            chips[node] = await Lab.EnrolAsync(node);
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

    /// <summary>One control plane for all of them.</summary>
    public sealed class SharedLab(Stack stack) : IAsyncLifetime
    {
        public SnpLab? Lab { get; private set; }

        public async ValueTask InitializeAsync() => Lab = stack.IsThere && (SnpLab.HasVendordata || !Stack.Release.ContextsOnChildren) ? await SnpLab.StartAsync(stack.Cloud, s_settings) : null;

        public async ValueTask DisposeAsync()
        {
            if (Lab is not null)
                await Lab.DisposeAsync();
        }
    }
}
