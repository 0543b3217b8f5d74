using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Explaining;

/// <summary>Four hosts, of which compute1 alone runs SEV guests: two by our count, five by Nova's. SEV-SNP is published and cannot be launched.</summary>
public sealed class SevHosts(Stack stack) : IAsyncLifetime
{
    public const string Servers = "explain-";
    private SimulatedNode? node;

    public Stack Stack { get; } = stack;
    public string Image { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        if (!Stack.IsThere)
            return;
        RealCloud cloud = Stack.Cloud;
        await cloud.DeleteServersAsync(Servers);
        await cloud.EmptyGuardProvidersAsync();
        Image = await cloud.ImageAsync("explain-image", ("hw_firmware_type", "uefi"), ("hw_machine_type", "q35"));
        node = await SimulatedNode.OfAsync("compute1", "--model", "milan", "--asids", "5", "--min-sev-asid", "4");
        await Task.WhenAll([
            SimulatedNode.NovaOffersAsync(cloud, "compute1", ("sev", "5")),
            .. new[] { "compute2", "compute3", "compute4" }.Select(name => SimulatedNode.NovaOffersAsync(cloud, name)),
        ]);
        await node.PublishAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (node is null)
            return;
        await Stack.Cloud.DeleteServersAsync(Servers);
        node.Dispose();
    }

    /// <summary>Puts a trait on a provider beside those that it has.</summary>
    public Task AddTraitAsync(string provider, string trait) => Stack.Cloud.ChangeTraitsAsync(provider, traits => traits.Append(trait).Distinct());

    public Task RemoveTraitAsync(string provider, string trait) => Stack.Cloud.ChangeTraitsAsync(provider, traits => traits.Where(name => name != trait));

    public async Task EnsureTraitAsync(string trait) => await Stack.Cloud.SendAsync(HttpMethod.Put, "placement", "/traits/" + trait);
}

/// <summary>Made once for all tests that only look at these hosts, or leave them as they found them.</summary>
[CollectionDefinition(nameof(SevHosts))]
public sealed class SevHostsCollection : ICollectionFixture<SevHosts>;
