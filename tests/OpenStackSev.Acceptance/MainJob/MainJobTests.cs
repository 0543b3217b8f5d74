using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.MainJob;

/// <summary>True SEV capacity in Placement, servers scheduled onto it, on a real Keystone, Placement, Nova and Glance.</summary>
public sealed class MainJobTests(Stack stack) : IAsyncLifetime
{
    private const string Servers = "main-";
    private readonly List<SimulatedNode> nodes = [];
    private string image = "";
    private string sevFlavor = "";

    public async ValueTask InitializeAsync()
    {
        RealCloud cloud = stack.Cloud;
        await cloud.DeleteServersAsync(Servers);
        await cloud.EmptyGuardProvidersAsync();
        image = await cloud.ImageAsync("sev-image", ("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"));
        sevFlavor = await cloud.FlavorAsync("sev.small", ("hw:mem_encryption", "true"), ("resources:CUSTOM_SEV_ASID", "1"));
    }

    public async ValueTask DisposeAsync()
    {
        await stack.Cloud.DeleteServersAsync(Servers);
        nodes.ForEach(node => node.Dispose());
    }

    [Fact]
    public async Task Three_hosts_publish_what_their_machines_can_do()
    {
        SimulatedNode rome = await NodeAsync("compute1", nova: "500", "--model", "rome");
        SimulatedNode milan = await NodeAsync("compute2", nova: "410", "--model", "milan", "--asids", "509", "--min-sev-asid", "100");
        SimulatedNode turin = await NodeAsync("compute3", nova: "0", "--model", "turin", "--asids", "200", "--min-sev-asid", "101");
        await Task.WhenAll(rome.PublishAsync(), milan.PublishAsync(), turin.PublishAsync());

        Provider romeSev = await ProviderAsync(rome.Sev);
        Assert.Equal((await ProviderAsync("compute1")).Uuid, romeSev.Parent);
        Assert.Equal(["CUSTOM_OWNER_OPENSTACKSEV", "CUSTOM_SEV"], romeSev.Traits);
        Assert.Equal(0, romeSev.Inventories["CUSTOM_SEV_ASID"].Reserved);
        Assert.Contains("CUSTOM_SEV_CPU_ROME", (await ProviderAsync("compute1")).Traits);
        Assert.Empty((await stack.Cloud.ProviderAsync(rome.SevSnp))?.Inventories ?? new Dictionary<string, (int Total, int Reserved)>());

        Assert.Equal((410, 0), (await ProviderAsync(milan.Sev)).Inventories["CUSTOM_SEV_ASID"]);
        Assert.Equal((99, 99), (await ProviderAsync(milan.SevSnp)).Inventories["CUSTOM_SEV_SNP_ASID"]);
        Assert.Equal(["CUSTOM_OWNER_OPENSTACKSEV", "CUSTOM_SEV_SNP"], (await ProviderAsync(milan.SevSnp)).Traits);

        Assert.Equal((100, 100), (await ProviderAsync(turin.Sev)).Inventories["CUSTOM_SEV_ASID"]);
        Assert.Equal((100, 100), (await ProviderAsync(turin.SevSnp)).Inventories["CUSTOM_SEV_SNP_ASID"]);
        Assert.Contains("CUSTOM_SEV_CPU_TURIN", (await ProviderAsync("compute3")).Traits);
    }

    [Fact]
    public async Task A_server_of_a_SEV_flavor_takes_Novas_slot_and_our_ASID_on_a_SEV_host()
    {
        SimulatedNode milan = await OnlySevHostAsync("compute2", asids: 5, nova: "5");
        Server server = await stack.Cloud.BootAsync(Servers + "one", sevFlavor, image);
        Assert.True(server.Status == "ACTIVE", server.ToString());
        Assert.Equal(milan.Name, server.Node);
        IReadOnlyDictionary<string, IReadOnlyDictionary<string, int>> allocations = await stack.Cloud.AllocationsAsync(server.Id);
        Assert.Equal(1, allocations[Stack.Release.NovaProvider(milan.Name, "sev")]["MEM_ENCRYPTION_CONTEXT"]);
        Assert.Equal(1, allocations[milan.Sev]["CUSTOM_SEV_ASID"]);
        Assert.Equal(1, (await ProviderAsync(milan.Sev)).Used["CUSTOM_SEV_ASID"]);

        Ended capacity = await Programs.OsevAsync("capacity", "show", milan.Name);
        Assert.Contains("compute2:sev  CUSTOM_SEV_ASID: total 5 reserved 0 used 1 free 4", capacity.Output, StringComparison.Ordinal);
        Assert.Contains($"server {Servers}one ACTIVE {server.Id}", capacity.Output, StringComparison.Ordinal);
        Assert.Contains("amd-sev", (await Programs.OsevAsync("server", "list")).Output, StringComparison.Ordinal);
        Assert.Contains(milan.Sev, (await Programs.OsevAsync("resource", "provider", "list", "--name", milan.Sev)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_chips_true_limit_refuses_a_server_although_Novas_number_has_room()
    {
        SimulatedNode node = await OnlySevHostAsync("compute2", asids: 2, nova: "unlimited");
        Ended published = await node.PublishAsync();
        Assert.Contains("capacity.nova.overcommits", published.Output, StringComparison.Ordinal);
        Assert.Equal("ACTIVE", (await stack.Cloud.BootAsync(Servers + "1", sevFlavor, image)).Status);
        Assert.Equal("ACTIVE", (await stack.Cloud.BootAsync(Servers + "2", sevFlavor, image)).Status);
        Server third = await stack.Cloud.BootAsync(Servers + "3", sevFlavor, image);
        Assert.Equal("ERROR", third.Status);
        Assert.Contains("No valid host was found", third.Fault, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Encrypted_servers_from_before_us_are_reserved()
    {
        SimulatedNode node = await OnlySevHostAsync("compute2", asids: 8, nova: "8");
        Assert.Equal("ACTIVE", (await stack.Cloud.BootAsync(Servers + "1", sevFlavor, image)).Status);
        Assert.Equal("ACTIVE", (await stack.Cloud.BootAsync(Servers + "2", sevFlavor, image)).Status);
        await node.RunGuestsAsync(sev: 5, sevEs: 0);
        await node.PublishAsync();
        Assert.Equal((8, 0), (await ProviderAsync(node.Sev)).Inventories["CUSTOM_SEV_ASID"]);
        Ended second = await node.PublishAsync();
        Assert.Equal((8, 3), (await ProviderAsync(node.Sev)).Inventories["CUSTOM_SEV_ASID"]);
        Assert.Contains("capacity.guests.without_allocation", second.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SNP_that_this_Nova_cannot_launch_is_visible_and_consumable_only_on_an_operators_word()
    {
        SimulatedNode node = await OnlySevHostAsync("compute2", asids: 5, nova: "5", "--snp-asids", "3");
        string flavor = await stack.Cloud.FlavorAsync("snp.small", ("resources:CUSTOM_SEV_SNP_ASID", "1"), ("trait:CUSTOM_SEV_SNP", "required"));
        Assert.Equal((3, 3), (await ProviderAsync(node.SevSnp)).Inventories["CUSTOM_SEV_SNP_ASID"]);
        Server refused = await stack.Cloud.BootAsync(Servers + "refused", flavor, image);
        Assert.Equal("ERROR", refused.Status);

        await node.PublishAsync("launches = amd-sev-snp");
        Assert.Equal((3, 0), (await ProviderAsync(node.SevSnp)).Inventories["CUSTOM_SEV_SNP_ASID"]);
        Server taken = await stack.Cloud.BootAsync(Servers + "taken", flavor, image);
        Assert.Equal("ACTIVE", taken.Status);
        Assert.Equal(1, (await stack.Cloud.AllocationsAsync(taken.Id))[node.SevSnp]["CUSTOM_SEV_SNP_ASID"]);
    }

    private async Task<Provider> ProviderAsync(string name)
    {
        Provider? provider = await stack.Cloud.ProviderAsync(name);
        Assert.True(provider is not null, $"Placement has no provider {name}");
        return provider;
    }

    private async Task<SimulatedNode> NodeAsync(string name, string nova, params string[] machine)
    {
        SimulatedNode node = await SimulatedNode.OfAsync(name, machine);
        nodes.Add(node);
        await (nova == "0" ? SimulatedNode.NovaOffersAsync(stack.Cloud, name) : SimulatedNode.NovaOffersAsync(stack.Cloud, name, ("sev", nova)));
        return node;
    }

    /// <summary>One host with that many plain SEV ASIDs; the other hosts have no SEV at all.</summary>
    private async Task<SimulatedNode> OnlySevHostAsync(string name, int asids, string nova, params string[] more)
    {
        foreach (string other in new[] { "compute1", "compute2", "compute3", "compute4" }.Where(other => other != name))
            await (await NodeAsync(other, nova: "0", "--model", "milan", "--sick", "sev-off-in-bios")).PublishAsync();
        int snp = more.Length == 2 ? int.Parse(more[1], System.Globalization.CultureInfo.InvariantCulture) : 0;
        SimulatedNode node = await NodeAsync(name, nova, "--model", "milan",
            "--asids", $"{asids + snp}", "--min-sev-asid", $"{snp + 1}");
        await node.PublishAsync();
        return node;
    }
}
