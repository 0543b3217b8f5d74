using System.Diagnostics;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Trust;

/// <summary>Traits in the real Placement: they catch what passes no filter, and nobody else writes them.</summary>
[Collection(nameof(TrustedHosts))]
public sealed class TraitTests(Stack stack, TrustedHosts hosts) : IAsyncLifetime
{
    private const string Trusted = "CUSTOM_SEV_TRUSTED";

    private TrustLab Lab => hosts.Lab;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await hosts.RestoreAsync();

    [Fact]
    public async Task A_forced_host_passes_the_filter_and_is_caught_by_the_required_trait()
    {
        string filtered = await Lab.FlavorAsync("trust.filtered", ("sev:trust", "required"));
        string required = await Lab.FlavorAsync("trust.trait", ("sev:trust", "required"), ("trait:" + Trusted, "required"));
        await Lab.QuarantineAsync("compute2", "the test says so");
        await Lab.UntilTraitAsync("compute2", Trusted, isThere: false);
        await Lab.UntilTheSchedulerKnowsAsync("compute2", "quarantined");
        Assert.True(await Lab.HasTraitAsync("compute2", "CUSTOM_SEV_QUARANTINED"));

        // Nova asks no filter about a host that an administrator forces: the hole that README of nova-filter names.
        Server through = await stack.Cloud.BootAsync(TrustLab.Servers + "through", filtered, Lab.Image, zone: "nova:compute2");
        Assert.True(through is { Status: "ACTIVE", Node: "compute2" }, through.ToString());
        Server caught = await stack.Cloud.BootAsync(TrustLab.Servers + "caught", required, Lab.Image, zone: "nova:compute2");
        Assert.Equal("ERROR", caught.Status);
        Assert.Contains("No valid host", caught.Fault, StringComparison.OrdinalIgnoreCase);
        Server elsewhere = await stack.Cloud.BootAsync(TrustLab.Servers + "elsewhere", required, Lab.Image, zone: "nova:compute1");
        Assert.True(elsewhere is { Status: "ACTIVE", Node: "compute1" }, elsewhere.ToString());
    }

    [Fact]
    public async Task A_judgement_that_somebody_adds_by_hand_goes_and_is_reported()
    {
        await Lab.QuarantineAsync("compute2", "the test says so");
        await Lab.UntilTraitAsync("compute2", Trusted, isThere: false);
        await stack.Cloud.ChangeTraitsAsync("compute2", traits => traits.Append(Trusted).Append("CUSTOM_RACK_7"));
        var watch = Stopwatch.StartNew();
        await Lab.UntilTraitAsync("compute2", Trusted, isThere: false);
        TestContext.Current.TestOutputHelper?.WriteLine($"a trait that was added by hand was gone after {watch.Elapsed.TotalSeconds:0.0} s");
        await RealCloud.EventuallyAsync(async () => (await Lab.HistoryAsync("compute2")).Contains("host.traits.corrected"), () => "it was not reported");
        Assert.True(await Lab.HasTraitAsync("compute2", "CUSTOM_RACK_7"));
        Assert.True(await Lab.HasTraitAsync("compute1", Trusted));
    }
}
