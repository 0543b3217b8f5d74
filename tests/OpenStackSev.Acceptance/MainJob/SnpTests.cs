using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.MainJob;

/// <summary>Where Nova itself launches SEV-ES and SEV-SNP: our guard beside Nova's own providers.</summary>
public sealed class SnpTests(Stack stack) : IAsyncLifetime
{
    private const string Servers = "snp-";
    private readonly List<SimulatedNode> nodes = [];
    private string image = "";
    private string flavor = "";

    public async ValueTask InitializeAsync()
    {
        Stack.Release.NeedsSnp();
        await stack.Cloud.DeleteServersAsync(Servers);
        await stack.Cloud.EmptyGuardProvidersAsync();
        image = await stack.Cloud.ImageAsync("snp-image", ("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"), ("hw_firmware_stateless", "true"));
        flavor = await stack.Cloud.FlavorAsync("snp.guarded",
            ("hw:mem_encryption", "true"), ("hw:mem_encryption_model", "amd-sev-snp"),
            ("resources:CUSTOM_SEV_SNP_ASID", "1"), ("trait:CUSTOM_SEV_SNP", "required"));
    }

    public async ValueTask DisposeAsync()
    {
        if (Stack.Release.ContextsOnChildren)
            await stack.Cloud.DeleteServersAsync(Servers);
        nodes.ForEach(node => node.Dispose());
    }

    [Fact]
    public async Task The_guard_holds_SNP_to_the_chip_and_a_cold_migration_moves_all_three_allocations()
    {
        foreach (string name in new[] { "compute1", "compute2" })
            await NodeAsync(name, [("sev", "5"), ("sev_snp", "5")], "--model", "milan", "--asids", "6", "--min-sev-asid", "2");
        foreach (string name in new[] { "compute3", "compute4" })
            await NodeAsync(name, [], "--model", "milan", "--sick", "sev-off-in-bios");

        Server first = await stack.Cloud.BootAsync(Servers + "1", flavor, image);
        Server second = await stack.Cloud.BootAsync(Servers + "2", flavor, image);
        Assert.True(first.Status == "ACTIVE" && second.Status == "ACTIVE", $"{first} {second}");
        Assert.NotEqual(first.Node, second.Node);
        await AssertThreeAllocationsAsync(first);
        await AssertThreeAllocationsAsync(second);
        Server third = await stack.Cloud.BootAsync(Servers + "3", flavor, image);
        Assert.Equal("ERROR", third.Status);
        Assert.Contains("No valid host was found", third.Fault, StringComparison.Ordinal);

        await stack.Cloud.DeleteServersAsync(Servers + "2");
        await stack.Cloud.ActAsync(first.Id, "migrate");
        Server moved = await stack.Cloud.UntilAsync(first.Id, now => now.Status is "VERIFY_RESIZE" or "ERROR");
        Assert.True(moved.Status == "VERIFY_RESIZE", moved.ToString());
        await stack.Cloud.ActAsync(first.Id, "confirmResize");
        Server settled = await stack.Cloud.UntilAsync(first.Id, now => now.Status == "ACTIVE");
        Assert.Equal(second.Node, settled.Node);
        await AssertThreeAllocationsAsync(settled);
    }

    [Fact]
    public async Task A_pool_that_Nova_offers_as_SEV_ES_and_again_as_SEV_SNP_is_reported()
    {
        SimulatedNode node = await NodeAsync("compute1", [("sev", "3"), ("sev_es", "5"), ("sev_snp", "5")],
            "--model", "milan", "--asids", "8", "--min-sev-asid", "6");
        Ended published = await node.PublishAsync("es_share = 2");
        Assert.Contains("capacity.nova.pool_offered_twice", published.Output, StringComparison.Ordinal);
        Assert.Equal((2, 0), (await stack.Cloud.ProviderAsync(node.SevEs))!.Inventories["CUSTOM_SEV_ES_ASID"]);
        Assert.Equal((3, 0), (await stack.Cloud.ProviderAsync(node.SevSnp))!.Inventories["CUSTOM_SEV_SNP_ASID"]);
    }

    [Fact]
    public async Task SEV_ES_is_withdrawn_where_the_firmware_refuses_it()
    {
        string[] machine = ["--model", "genoa", "--asids", "8", "--min-sev-asid", "6"];
        SimulatedNode node = await NodeAsync("compute1", [("sev", "3"), ("sev_es", "5"), ("sev_snp", "5")], machine);
        await node.PublishAsync("es_share = 2");
        Assert.Equal((2, 0), (await stack.Cloud.ProviderAsync(node.SevEs))!.Inventories["CUSTOM_SEV_ES_ASID"]);

        await node.BecomeAsync([.. machine, "--sick", "post-cve-2025-48514"]);
        Ended published = await node.PublishAsync("es_share = 2");
        Assert.Contains("platform.sev_es.withdrawn", published.Output, StringComparison.Ordinal);
        Assert.Contains("capacity.nova.offers_unusable", published.Output, StringComparison.Ordinal);
        Assert.Empty((await stack.Cloud.ProviderAsync(node.SevEs))!.Inventories);
        Assert.Equal((5, 0), (await stack.Cloud.ProviderAsync(node.SevSnp))!.Inventories["CUSTOM_SEV_SNP_ASID"]);
    }

    private async Task AssertThreeAllocationsAsync(Server server)
    {
        IReadOnlyDictionary<string, IReadOnlyDictionary<string, int>> allocations = await stack.Cloud.AllocationsAsync(server.Id);
        Assert.Equal(3, allocations.Count);
        Assert.Equal(1, allocations[server.Node!]["VCPU"]);
        Assert.Equal(1, allocations[server.Node + "_amd_sev_snp"]["MEM_ENCRYPTION_CONTEXT"]);
        Assert.Equal(1, allocations[server.Node + ":sev_snp"]["CUSTOM_SEV_SNP_ASID"]);
    }

    private async Task<SimulatedNode> NodeAsync(string name, (string Model, string Number)[] nova, params string[] machine)
    {
        SimulatedNode node = await SimulatedNode.OfAsync(name, machine);
        nodes.Add(node);
        await SimulatedNode.NovaOffersAsync(stack.Cloud, name, nova);
        await node.PublishAsync();
        return node;
    }
}
