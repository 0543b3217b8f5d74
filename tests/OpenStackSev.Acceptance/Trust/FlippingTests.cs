using System.Globalization;
using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Trust;

/// <summary>Trust comes and goes while servers are asked for.</summary>
/// <remarks>README of the control plane's Trust folder states the window: a second to judge, an interval of <c>osev snapshot-sync</c>, which is one second here, and a second of the filter.</remarks>
[Collection(nameof(TrustedHosts))]
public sealed class FlippingTests(Stack stack, TrustedHosts hosts) : IAsyncLifetime
{
    private const int Flips = 2;
    private const int Boots = 10;
    private const string Flipping = "compute2";

    private TrustLab Lab => hosts.Lab;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await hosts.RestoreAsync();

    [Fact]
    public async Task None_of_ten_parallel_boots_lands_on_a_host_that_was_set_aside_for_longer_than_the_window()
    {
        string flavor = await Lab.FlavorAsync("trust.flipping", ("sev:trust", "required"));
        TimeSpan window = TimeSpan.Zero, latest = TimeSpan.Zero;
        for (int flip = 0; flip < Flips; flip++)
        {
            Task<Server[]> within = BootAsync($"{flip}-within", flavor);
            await Lab.QuarantineAsync(Flipping, "the test says so");
            DateTimeOffset from = DateTimeOffset.UtcNow;
            await Lab.UntilTheSchedulerKnowsAsync(Flipping, "quarantined");
            TimeSpan known = DateTimeOffset.UtcNow - from;
            Server[] after = await BootAsync($"{flip}-after", flavor);
            Assert.All(after, server => Assert.True(server is { Status: "ACTIVE", Node: not Flipping }, server.ToString()));
            foreach (Server server in await within)
            {
                Assert.Equal("ACTIVE", server.Status);
                if (server.Node == Flipping)
                    latest = Later(latest, await BuiltAtAsync(server.Id) - from);
            }

            window = Later(window, known);
            await Lab.ReleaseAsync(Flipping);
            await Lab.UntilTheSchedulerKnowsAsync(Flipping, "trusted");
            await stack.Cloud.DeleteServersAsync(TrustLab.Servers + "flip-");
        }

        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Flips} flips, {Flips * Boots} boots: the scheduler knew after {window.TotalSeconds:0.0} s at most (of which {SnapshotFiles.Looks.TotalSeconds:0} s wait for the filter's look); "
            + $"the last server that came to a host set aside was built there {latest.TotalSeconds:0.0} s after that");

    }

    /// <summary>Half of them at once, by requests beside one another.</summary>
    private Task<Server[]> BootAsync(string name, string flavor) => Task.WhenAll(
        Enumerable.Range(0, Boots / 2).Select(number => stack.Cloud.BootAsync($"{TrustLab.Servers}flip-{name}-{number}", flavor, Lab.Image)));

    /// <summary>When nova-compute began with it, right after the scheduler had chosen. Nova's times have whole seconds.</summary>
    private async Task<DateTimeOffset> BuiltAtAsync(string server)
    {
        JsonNode create = (await stack.Cloud.GetAsync("compute", $"/servers/{server}/os-instance-actions"))!["instanceActions"]!.AsArray().First(one => (string)one!["action"]! == "create")!;
        JsonNode detail = (await stack.Cloud.GetAsync("compute", $"/servers/{server}/os-instance-actions/{create["request_id"]}"))!["instanceAction"]!;
        return detail["events"]!.AsArray().Select(one => DateTimeOffset.Parse((string)one!["start_time"]! + "Z", CultureInfo.InvariantCulture)).Max();
    }

    private static TimeSpan Later(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
