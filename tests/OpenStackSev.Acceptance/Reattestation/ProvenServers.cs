using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Reattestation;

/// <summary>Servers of SEV-SNP on compute1 and compute2 of the real Nova, gone after the test.</summary>
public sealed class ProvenServers : IAsyncDisposable
{
    private const string Prefix = "proven-";
    private readonly RealCloud cloud;
    private string flavor = "";

    private ProvenServers(RealCloud cloud) => this.cloud = cloud;

    public string Image { get; private set; } = "";

    /// <summary>On a lab without servers of another test; a skip, with its reason, where Nova knows no SEV-SNP.</summary>
    public static async Task<ProvenServers> StartAsync(Stack stack)
    {
        Stack.Release.NeedsSnp();
        var servers = new ProvenServers(stack.Cloud);
        await stack.Cloud.DeleteServersAsync(Prefix);
        await stack.Cloud.EmptyGuardProvidersAsync();
        servers.Image = await servers.ImageAsync("snp-image");
        servers.flavor = await stack.Cloud.FlavorAsync("snp.proven", ("hw:mem_encryption", "true"), ("hw:mem_encryption_model", "amd-sev-snp"));
        foreach (string node in new[] { "compute1", "compute2" })
            await SimulatedNode.NovaOffersAsync(stack.Cloud, node, ("sev_snp", "5"));
        return servers;
    }

    public Task<string> ImageAsync(string name) =>
        cloud.ImageAsync(name, ("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"), ("hw_firmware_stateless", "true"));

    /// <param name="host">Null for whichever the scheduler takes.</param>
    /// <param name="owner">Whose it is; the administrator's by default.</param>
    public async Task<(Server Server, string Project)> BootAsync(string name, string? host, RealCloud? owner = null)
    {
        Server server = await (owner ?? cloud).BootAsync(Prefix + name, flavor, Image, host);
        Assert.True(server.Status == "ACTIVE", server.ToString());
        return (await cloud.ServerAsync(server.Id), await ProjectAsync(server));
    }

    public async Task<Server> BootPlainAsync()
    {
        string plain = await cloud.FlavorAsync("plain.unproven");
        Server server = await cloud.BootAsync(Prefix + "plain", plain, await cloud.ImageAsync("plain-image"));
        Assert.True(server.Status == "ACTIVE", server.ToString());
        return server;
    }

    public async Task<string> ProjectAsync(Server server) => (string)(await cloud.GetAsync("compute", "/servers/" + server.Id))!["server"]!["tenant_id"]!;

    public async ValueTask DisposeAsync() => await cloud.DeleteServersAsync(Prefix);
}
