using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;
using OpenStackSev.Acceptance.Reattestation;

namespace OpenStackSev.Acceptance.Heat;

/// <summary>The templates for tenants on the real Heat: gates that open for a proof, fail for a lie, and hold an update.</summary>
public sealed class TemplateTests(Stack stack) : IAsyncLifetime
{
    private const string OneServer = "tenant/confidential_server.yaml";
    private static readonly string[] s_settings = ["[sweep]", "interval = 5", "[heat]", "interval = 5"];
    private static readonly JsonArray s_noNetwork = [new JsonObject { ["allocate_network"] = "none" }];

    private GatedStacks? tenants;
    private TemplateStacks? stacks;
    private ProvenServers? servers;
    private SnpLab? lab;
    private readonly Dictionary<string, string> chips = new(StringComparer.Ordinal);

    public async ValueTask InitializeAsync()
    {
        tenants = await GatedStacks.StartAsync(stack);
        stacks = new TemplateStacks(tenants.Tenant, stack.Cloud);
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
        if (tenants is not null)
            await tenants.DisposeAsync();
        if (lab is not null)
            await lab.DisposeAsync();
    }

    [Fact]
    public async Task A_server_is_attested_before_its_stack_completes_and_its_outputs_fetch_the_token()
    {
        Stack.Release.NeedsSnp();
        await CreateAsync("one", OneServer, rollback: false);
        Server server = Assert.Single(await stacks!.ServersAsync("one", 1));
        await GateAsync(server.Id, "waiting");
        Assert.Equal("CREATE_IN_PROGRESS", (string?)(await stacks.ShownAsync("one"))["stack_status"]);
        await ProveAsync(server, "none", exitCode: 0);
        await stacks.UntilAsync("one", "CREATE_COMPLETE");
        Assert.Equal(server.Id, await stacks.OutputAsync("one", "instance"));
        JsonNode said = await AttestedAsync("one", server.Id);
        Assert.Equal(("affirming", "amd-sev-snp", true), ((string?)said["verdict"], (string?)said["model"], (bool?)said["simulated"]));
        Ended token = await lab!.SucceedAsync((await stacks.OutputAsync("one", "token")).Split(' ')[1..]);
        Assert.Equal(3, token.Output.Trim().Split('.').Length);
        Assert.Equal($"osev instance evidence {server.Id} --out {server.Id}", await stacks.OutputAsync("one", "evidence"));
        await stacks.DeleteAsync("one", server.Id);
        await RealCloud.EventuallyAsync(async () => (string?)(await FindAsync(server.Id))?["standing"] is not ("waiting" or "signalling"), () => "the gate of a server that is gone waits");
    }

    [Fact]
    public async Task An_update_waits_behind_the_other_gate_and_a_lying_new_server_leaves_the_old_one()
    {
        Stack.Release.NeedsSnp();
        string other = await servers!.ImageAsync("snp-image-2");
        await CreateAsync("updated", OneServer, rollback: false);
        Server first = Assert.Single(await stacks!.ServersAsync("updated", 1));
        await ProveAsync(first, "none", exitCode: 0);
        await stacks.UntilAsync("updated", "CREATE_COMPLETE");

        await stacks.UpdateAsync("updated", OneServer, ["snp_env.yaml"], rollback: true, [.. Parameters(other), ("gate_name", "second_gate")]);
        Server second = Assert.Single(await stacks.ServersAsync("updated", 1, first.Id));
        await GateAsync(second.Id, "waiting");
        Assert.Equal("UPDATE_IN_PROGRESS", (string?)(await stacks.ShownAsync("updated"))["stack_status"]);
        Assert.Equal("ACTIVE", (await stack.Cloud.ServerAsync(first.Id)).Status);
        await ProveAsync(second, "none", exitCode: 0);
        await stacks.UntilAsync("updated", "UPDATE_COMPLETE");
        await stacks.GoneAsync(first.Id);
        Assert.Equal("affirming", (string?)(await AttestedAsync("updated", second.Id))["verdict"]);

        await stacks.UpdateAsync("updated", OneServer, ["snp_env.yaml"], rollback: true, [.. Parameters(servers.Image), ("gate_name", "gate")]);
        Server third = Assert.Single(await stacks.ServersAsync("updated", 1, second.Id));
        await ProveAsync(third, "debug", exitCode: 2);
        await stacks.UntilAsync("updated", "ROLLBACK_COMPLETE");
        await stacks.GoneAsync(third.Id);
        Assert.Equal(second.Id, await stacks.OutputAsync("updated", "instance"));
        Assert.Equal("ACTIVE", (await stack.Cloud.ServerAsync(second.Id)).Status);
        Assert.Equal("affirming", (string?)(await AttestedAsync("updated", second.Id))["verdict"]);
        await stacks.DeleteAsync("updated", second.Id);
    }

    [Fact]
    public async Task A_lying_server_fails_its_stack_with_the_code_and_a_rollback_leaves_nothing()
    {
        Stack.Release.NeedsSnp();
        await CreateAsync("lying", OneServer, rollback: false);
        Server kept = Assert.Single(await stacks!.ServersAsync("lying", 1));
        await ProveAsync(kept, "debug", exitCode: 2);
        JsonNode failed = await stacks.UntilAsync("lying", "CREATE_FAILED");
        Assert.Contains("not attested: snp.policy.debug", (string?)failed["stack_status_reason"], StringComparison.Ordinal);
        await stacks.DeleteAsync("lying", kept.Id);

        await CreateAsync("rolled", OneServer, rollback: true);
        Server gone = Assert.Single(await stacks.ServersAsync("rolled", 1));
        await ProveAsync(gone, "debug", exitCode: 2);
        await stacks.UntilAsync("rolled", "ROLLBACK_COMPLETE");
        await stacks.GoneAsync(gone.Id);
        await stacks.DeleteAsync("rolled");
    }

    [Fact]
    public async Task A_group_completes_when_each_of_its_servers_is_attested_on_a_host_of_its_own()
    {
        Stack.Release.NeedsSnp();
        await stacks!.CreateAsync("group", "tenant/confidential_group.yaml", ["snp_env.yaml"], rollback: false, [.. Parameters(servers!.Image), ("name", "proven-group"), ("size", 2)]);
        IReadOnlyList<Server> members = await stacks.ServersAsync("group", 2);
        Assert.NotEqual(members[0].Node, members[1].Node);
        await ProveAsync(members[0], "none", exitCode: 0);
        await GateAsync(members[0].Id, "opened");
        Assert.Equal("CREATE_IN_PROGRESS", (string?)(await stacks.ShownAsync("group"))["stack_status"]);
        await ProveAsync(members[1], "none", exitCode: 0);
        await stacks.UntilAsync("group", "CREATE_COMPLETE");
        string[] named = [.. JsonNode.Parse(await stacks.OutputAsync("group", "instances"))!.AsArray().Select(id => (string)id!).Order(StringComparer.Ordinal)];
        Assert.Equal(members.Select(member => member.Id).Order(StringComparer.Ordinal), named);
        await stacks.DeleteAsync("group", named);
        Assert.Empty((await tenants!.Tenant.GetAsync("compute", "/os-server-groups"))!["server_groups"]!.AsArray());
    }

    [Fact]
    public async Task Without_attestation_a_stack_completes_by_itself()
    {
        string[] environments = Stack.Release.ContextsOnChildren ? ["snp_env.yaml", "attest_off_env.yaml"] : ["sev_env.yaml"];
        (string flavor, string image) = Stack.Release.ContextsOnChildren ? ("snp.proven", servers!.Image) : await SevAsync();
        await stacks!.CreateAsync("off", OneServer, environments, rollback: false, ("flavor", flavor), ("image", image), ("networks", s_noNetwork), ("name", "proven-off"));
        await stacks.UntilAsync("off", "CREATE_COMPLETE");
        Server server = Assert.Single(await stacks.ServersAsync("off", 1));
        Assert.Equal("not asked for", await stacks.OutputAsync("off", "attested"));
        Assert.Contains(await stack.Cloud.AllocationsAsync(server.Id), provider => provider.Value.ContainsKey("MEM_ENCRYPTION_CONTEXT"));
        await stacks.DeleteAsync("off", server.Id);
    }

    [Fact]
    public async Task To_wait_for_a_server_of_SEV_fails_at_once()
    {
        (string flavor, string image) = await SevAsync();
        await stacks!.CreateAsync("sev", OneServer, ["sev_env.yaml"], rollback: false,
            ("flavor", flavor), ("image", image), ("networks", s_noNetwork), ("name", "proven-sev"), ("attestation", "required"));
        JsonNode failed = await stacks.UntilAsync("sev", "CREATE_FAILED");
        Assert.Contains("gate.model.not_provable", (string?)failed["stack_status_reason"], StringComparison.Ordinal);
        await stacks.DeleteAsync("sev", [.. (await stacks.ServersAsync("sev", 1)).Select(server => server.Id)]);
    }

    /// <summary>A flavor and an image of plain SEV, and hosts for it.</summary>
    private async Task<(string Flavor, string Image)> SevAsync()
    {
        (string, string)[] model = Stack.Release.ContextsOnChildren ? [("hw:mem_encryption_model", "amd-sev")] : [];
        await stack.Cloud.FlavorAsync("template.sev", [("hw:mem_encryption", "true"), .. model]);
        foreach (string node in new[] { "compute1", "compute2" })
            await SimulatedNode.NovaOffersAsync(stack.Cloud, node, ("sev", "5"));
        return ("template.sev", await stack.Cloud.ImageAsync("template-sev-image", ("hw_firmware_type", "uefi"), ("hw_machine_type", "q35")));
    }

    private static (string, JsonNode?)[] Parameters(string image) =>
        [("flavor", "snp.proven"), ("image", image), ("networks", s_noNetwork)];

    private Task CreateAsync(string name, string template, bool rollback) =>
        stacks!.CreateAsync(name, template, ["snp_env.yaml"], rollback, [.. Parameters(servers!.Image), ("name", "proven-" + name)]);

    /// <summary>One round of the server's guest, which tells the truth or not.</summary>
    private async Task ProveAsync(Server server, string lie, int exitCode)
    {
        if (!chips.TryGetValue(server.Node!, out string? chip))
            chips[server.Node!] = chip = await lab!.EnrolAsync(server.Node!);
        await using RunningGuest guest = await RunningGuest.OfAsync(lab!, server.Id, tenants!.Project, chip, lie == "none" ? [] : ["--lie", lie]);
        Ended round = await guest.OnceAsync();
        Assert.True(round.ExitCode == exitCode, round.ToString());
    }

    private async Task<JsonNode> AttestedAsync(string name, string instance) =>
        JsonNode.Parse((string)JsonNode.Parse(await stacks!.OutputAsync(name, "attested"))![instance]!)!;

    private async Task GateAsync(string instance, string standing)
    {
        JsonNode? gate = null;
        await RealCloud.EventuallyAsync(async () => (string?)(gate = await FindAsync(instance))?["standing"] == standing, () => $"the gate is {gate}");
    }

    private async Task<JsonNode?> FindAsync(string instance) =>
        (await stack.Cloud.GetAsync("attestation", "/v1/gates"))!["gates"]!.AsArray().FirstOrDefault(gate => (string?)gate!["instance"] == instance);
}
