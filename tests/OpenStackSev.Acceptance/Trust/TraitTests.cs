using System.Diagnostics;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Trust;

/// <summary>Traits in the real Placement: they catch what passes no filter, and end with what they say.</summary>
public sealed class TraitTests(Stack stack) : IAsyncLifetime
{
    private const int Lifetime = 60;
    private const string Trusted = "CUSTOM_SEV_TRUSTED";

    /// <summary>Of a proof, and half of that for a machine that does other things meanwhile.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(Lifetime * 1.5);

    private TrustLab? lab;

    private TrustLab Lab => lab!;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (lab is not null)
            await lab.DisposeAsync();
    }

    [Fact]
    public async Task A_forced_host_passes_the_filter_and_is_caught_by_the_required_trait()
    {
        lab = await TrustLab.StartAsync(stack);
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
        lab = await TrustLab.StartAsync(stack);
        await Lab.QuarantineAsync("compute2", "the test says so");
        await Lab.UntilTraitAsync("compute2", Trusted, isThere: false);
        await stack.Cloud.ChangeTraitsAsync("compute2", traits => traits.Append(Trusted).Append("CUSTOM_RACK_7"));
        var watch = Stopwatch.StartNew();
        await Lab.UntilTraitAsync("compute2", Trusted, isThere: false);
        Say($"a trait that was added by hand was gone after {watch.Elapsed.TotalSeconds:0.0} s");
        await RealCloud.EventuallyAsync(async () => (await Lab.HistoryAsync("compute2")).Contains("host.traits.corrected"), () => "it was not reported");
        Assert.True(await Lab.HasTraitAsync("compute2", "CUSTOM_RACK_7"));
        Assert.True(await Lab.HasTraitAsync("compute1", Trusted));
    }

    [Fact]
    public async Task Trust_ends_with_its_proof_and_with_the_control_plane()
    {
        lab = await TrustLab.StartAsync(stack, Lifetime);
        string required = await Lab.FlavorAsync("trust.trait", ("trait:" + Trusted, "required"));
        await Lab.UntilTraitAsync("compute1", Trusted, isThere: true);
        Assert.Equal("ACTIVE", (await stack.Cloud.BootAsync(TrustLab.Servers + "trusted", required, Lab.Image, host: "compute1")).Status);

        // Of compute1 nothing more is heard, neither from a guest nor from the agent.
        await Lab.ProveAsync("compute1");
        await Lab.StopAgentAsync("compute1");
        DateTimeOffset end = (await Lab.EndAsync("compute1"))!.Value;
        await Lab.UntilTraitAsync("compute1", Trusted, isThere: false, s_longest);
        Say($"{Trusted} of compute1 was gone {(DateTimeOffset.UtcNow - end).TotalSeconds:0.0} s after the end of its proof");
        await RefusedAsync(required, "compute1");

        await Lab.ProveAsync("compute2");
        await Lab.UntilTraitAsync("compute2", Trusted, isThere: true);
        await Lab.Control.KillControlAsync();
        var watch = Stopwatch.StartNew();
        await Lab.UntilTraitAsync("compute2", Trusted, isThere: false, s_longest);
        Say($"{Trusted} of compute2 was gone {watch.Elapsed.TotalSeconds:0.0} s after the control plane's death; one proof lifetime is {Lifetime} s");
        await RefusedAsync(required, "compute2");
    }

    private async Task RefusedAsync(string flavor, string host)
    {
        Server late = await stack.Cloud.BootAsync($"{TrustLab.Servers}late-{host}", flavor, Lab.Image, host);
        Assert.Equal("ERROR", late.Status);
        Assert.Contains("No valid host", late.Fault, StringComparison.OrdinalIgnoreCase);
    }

    private static void Say(string line) => TestContext.Current.TestOutputHelper?.WriteLine(line);
}
