using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Heat;

/// <summary>The templates for tenants on the real Heat: gates that open for a proof, fail for a lie, and hold an update.</summary>
[Collection(TemplateTestsOfOneLab.Name)]
public sealed class TemplateTests(Stack stack, TemplateLab shared) : IAsyncLifetime
{
    private const string OneServer = ProvenStacks.OneServer;
    private ProvenStacks? proven;

    private TemplateStacks Stacks => proven!.Stacks;

    public async ValueTask InitializeAsync() => proven = await ProvenStacks.StartAsync(stack, shared);

    public async ValueTask DisposeAsync()
    {
        if (proven is not null)
            await proven.DisposeAsync();
    }

    [Fact]
    public async Task An_update_waits_behind_the_other_gate_and_what_a_lying_new_server_stops_goes_back()
    {
        Stack.Release.NeedsSnp();
        string other = await proven!.Servers.ImageAsync("snp-image-2");
        await proven.CreateAsync("updated", OneServer, rollback: false);
        Server first = await proven.WaitingAsync("updated");
        await proven.ProveAsync(first);
        await Stacks.UntilAsync("updated", "CREATE_COMPLETE");
        first = await FailsAndGoesBackAsync(first, other);

        await UpdateAsync(other, "second_gate", rollback: true);
        Server second = await proven.WaitingAsync("updated", first.Id);
        Assert.Equal("UPDATE_IN_PROGRESS", (string?)(await Stacks.ShownAsync("updated"))["stack_status"]);
        Assert.Equal("ACTIVE", (await stack.Cloud.ServerAsync(first.Id)).Status);
        await proven.ProveAsync(second);
        await Stacks.UntilAsync("updated", "UPDATE_COMPLETE");
        await Stacks.GoneAsync(first.Id);
        await IsAsync(second);

        await UpdateAsync(proven.Servers.Image, "gate", rollback: true);
        Server third = await proven.WaitingAsync("updated", second.Id);
        await proven.ProveAsync(third, "debug");
        await Stacks.UntilAsync("updated", "ROLLBACK_COMPLETE");
        await Stacks.GoneAsync(third.Id);
        await IsAsync(second);
        await Stacks.DeleteAsync("updated", second.Id);
    }

    /// <summary>What the README tells to do after an update that failed without rollback.</summary>
    /// <returns>The server of then: Heat goes back by making another one, whose gate was opened for the first.</returns>
    private async Task<Server> FailsAndGoesBackAsync(Server good, string other)
    {
        await UpdateAsync(other, "second_gate", rollback: false);
        Server bad = await proven!.WaitingAsync("updated", good.Id);
        await proven.ProveAsync(bad, "debug");
        JsonNode failed = await Stacks.UntilAsync("updated", "UPDATE_FAILED");
        Assert.Contains("not attested: snp.policy.debug", (string?)failed["stack_status_reason"], StringComparison.Ordinal);
        Assert.Equal("ACTIVE", (await stack.Cloud.ServerAsync(good.Id)).Status);
        await UpdateAsync(proven.Servers.Image, "gate", rollback: false);
        Server next = await proven.WaitingAsync("updated", good.Id, bad.Id);
        Assert.Equal("UPDATE_IN_PROGRESS", (string?)(await Stacks.ShownAsync("updated"))["stack_status"]);
        await proven.ProveAsync(next);
        await Stacks.UntilAsync("updated", "UPDATE_COMPLETE");
        await Stacks.GoneAsync(bad.Id);
        await Stacks.GoneAsync(good.Id);
        await IsAsync(next);
        return next;
    }

    [Fact]
    public async Task A_lying_servers_stack_is_rolled_back_and_leaves_nothing()
    {
        Stack.Release.NeedsSnp();
        await proven!.CreateAsync("rolled", OneServer, rollback: true);
        Server gone = Assert.Single(await Stacks.ServersAsync("rolled", 1));
        await proven.ProveAsync(gone, "debug");
        await Stacks.UntilAsync("rolled", "ROLLBACK_COMPLETE");
        await Stacks.GoneAsync(gone.Id);
        await Stacks.DeleteAsync("rolled");
    }

    [Fact]
    public async Task A_group_completes_when_each_of_its_servers_is_attested_on_a_host_of_its_own_and_is_replaced_one_by_one()
    {
        Stack.Release.NeedsSnp();
        string other = await proven!.Servers.ImageAsync("snp-image-2");
        // A host more than servers, for the update.
        await SimulatedNode.NovaOffersAsync(stack.Cloud, "compute3", ("sev_snp", "5"));
        await GroupAsync(Stacks.CreateAsync, proven.Servers.Image, "gate");
        IReadOnlyList<Server> members = await Stacks.ServersAsync("group", 2);
        Assert.NotEqual(members[0].Node, members[1].Node);
        await proven.ProveAsync(members[0]);
        await proven.GateAsync(members[0].Id, "opened");
        Assert.Equal("CREATE_IN_PROGRESS", (string?)(await Stacks.ShownAsync("group"))["stack_status"]);
        await proven.ProveAsync(members[1]);
        await Stacks.UntilAsync("group", "CREATE_COMPLETE");
        string[] old = [.. members.Select(member => member.Id)];
        Assert.Equal(old.Order(StringComparer.Ordinal), await InstancesAsync());

        await GroupAsync(Stacks.UpdateAsync, other, "second_gate");
        Server first = await proven.WaitingAsync("group", old);
        // The next one only when this one is attested, and the old ones are there until then.
        foreach (string id in old)
            Assert.Equal("ACTIVE", (await stack.Cloud.ServerAsync(id)).Status);
        await proven.ProveAsync(first);
        Server second = await proven.WaitingAsync("group", [.. old, first.Id]);
        Assert.Equal("UPDATE_IN_PROGRESS", (string?)(await Stacks.ShownAsync("group"))["stack_status"]);
        await proven.ProveAsync(second);
        await Stacks.UntilAsync("group", "UPDATE_COMPLETE");
        Assert.NotEqual(first.Node, second.Node);
        string[] now = await InstancesAsync();
        Assert.Equal(new[] { first.Id, second.Id }.Order(StringComparer.Ordinal), now);
        foreach (string id in old)
            await Stacks.GoneAsync(id);
        await Stacks.DeleteAsync("group", now);
        Assert.Empty((await proven.Tenant.GetAsync("compute", "/os-server-groups"))!["server_groups"]!.AsArray());

        Task GroupAsync(Func<string, string, string[], bool, (string, JsonNode?)[], Task> act, string image, string gate) =>
            act("group", "tenant/confidential_group.yaml", ["snp_env.yaml"], false, [.. proven.Parameters(image), ("name", "proven-group"), ("size", 2), ("gate_name", gate)]);

        async Task<string[]> InstancesAsync() =>
            [.. JsonNode.Parse(await Stacks.OutputAsync("group", "instances"))!.AsArray().Select(id => (string)id!).Order(StringComparer.Ordinal)];
    }

    [Fact]
    public async Task Without_attestation_a_stack_completes_by_itself()
    {
        string[] environments = Stack.Release.ContextsOnChildren ? ["snp_env.yaml", "attest_off_env.yaml"] : ["sev_env.yaml"];
        (string flavor, string image) = Stack.Release.ContextsOnChildren ? ("snp.proven", proven!.Servers.Image) : await SevAsync();
        await Stacks.CreateAsync("off", OneServer, environments, rollback: false, ("flavor", flavor), ("image", image), ("networks", ProvenStacks.NoNetwork), ("name", "proven-off"));
        await Stacks.UntilAsync("off", "CREATE_COMPLETE");
        Server server = Assert.Single(await Stacks.ServersAsync("off", 1));
        Assert.Equal("not asked for", await Stacks.OutputAsync("off", "attested"));
        Assert.Contains(await stack.Cloud.AllocationsAsync(server.Id), provider => provider.Value.ContainsKey("MEM_ENCRYPTION_CONTEXT"));
        await Stacks.DeleteAsync("off", server.Id);
    }

    [Fact]
    public async Task To_wait_for_a_server_of_SEV_fails_at_once()
    {
        (string flavor, string image) = await SevAsync();
        await Stacks.CreateAsync("sev", OneServer, ["sev_env.yaml"], rollback: false,
            ("flavor", flavor), ("image", image), ("networks", ProvenStacks.NoNetwork), ("name", "proven-sev"), ("attestation", "required"));
        JsonNode failed = await Stacks.UntilAsync("sev", "CREATE_FAILED");
        Assert.Contains("gate.model.not_provable", (string?)failed["stack_status_reason"], StringComparison.Ordinal);
        await Stacks.DeleteAsync("sev", [.. (await Stacks.ServersAsync("sev", 1)).Select(server => server.Id)]);
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

    /// <summary>To another image, which replaces the server of stack <c>updated</c>.</summary>
    private Task UpdateAsync(string image, string gate, bool rollback) =>
        Stacks.UpdateAsync("updated", OneServer, ["snp_env.yaml"], rollback, [.. proven!.Parameters(image), ("name", "proven-updated"), ("gate_name", gate)]);

    /// <summary>Stack <c>updated</c> has this server, which runs and was attested.</summary>
    private async Task IsAsync(Server server)
    {
        Assert.Equal(server.Id, await Stacks.OutputAsync("updated", "instance"));
        Assert.Equal("ACTIVE", (await stack.Cloud.ServerAsync(server.Id)).Status);
        Assert.Equal("affirming", (string?)(await proven!.AttestedAsync("updated", server.Id))["verdict"]);
    }
}
