using OpenStackSev.Acceptance.Cloud;
using OpenStackSev.Acceptance.Reattestation;

namespace OpenStackSev.Acceptance.Trust;

/// <summary>One lab for all tests that leave its hosts as they found them: trusted.</summary>
public sealed class TrustedHosts(Stack stack) : IAsyncLifetime
{
    private TrustLab? lab;

    /// <summary>The lab, or a skip with the reason.</summary>
    public TrustLab Lab
    {
        get
        {
            _ = stack.Cloud;
            if (Stack.Release.ContextsOnChildren)
                SnpLab.NeedsVendordata();
            return lab!;
        }
    }

    public async ValueTask InitializeAsync() =>
        lab = stack.IsThere && (!Stack.Release.ContextsOnChildren || SnpLab.HasVendordata) ? await TrustLab.StartAsync(stack) : null;

    public async ValueTask DisposeAsync()
    {
        if (lab is not null)
            await lab.DisposeAsync();
    }

    /// <summary>After each test.</summary>
    public async Task RestoreAsync()
    {
        if (lab is not null)
            await lab.RestoreAsync();
    }
}

/// <summary>See <see cref="TrustedHosts"/>.</summary>
[CollectionDefinition(nameof(TrustedHosts))]
public sealed class TrustedHostsCollection : ICollectionFixture<TrustedHosts>;
