using System.Diagnostics;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Trust;

/// <summary>Trust ends by itself: with the proof, and with the control plane.</summary>
public sealed class EndOfTrustTests(Stack stack) : IAsyncLifetime
{
    private const int Lifetime = 60;
    private const string Trusted = "CUSTOM_SEV_TRUSTED";

    /// <summary>Of a proof, and half of that for a machine that does other things meanwhile.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromSeconds(Lifetime * 1.5);

    private TrustLab? lab;

    private TrustLab Lab => lab!;

    public async ValueTask InitializeAsync() => lab = await TrustLab.StartAsync(stack, Lifetime);

    public async ValueTask DisposeAsync()
    {
        if (lab is not null)
            await lab.DisposeAsync();
    }

    [Fact]
    public async Task Trust_ends_with_its_proof_and_with_the_control_plane()
    {
        string required = await Lab.FlavorAsync("trust.trait", ("trait:" + Trusted, "required"));
        await Lab.ProveAsync("compute1");
        await Lab.UntilTraitAsync("compute1", Trusted, isThere: true);
        // Who requires the trait asks the filter too.
        await Lab.UntilTheSchedulerKnowsAsync("compute1", "trusted");
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
