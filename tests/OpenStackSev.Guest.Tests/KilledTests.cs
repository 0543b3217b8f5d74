using System.Diagnostics;
using OpenStackSev.Guest.Tests.Fakes;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Guest.Tests;

/// <summary>The program as a process of its own, which is killed.</summary>
public sealed class KilledTests : IAsyncDisposable
{
    private readonly TemporaryFolder folder = new();
    private readonly LoopbackCloud cloud = new();
    private readonly SimulatedTsm simulated;

    public KilledTests() => simulated = SimulatedTsm.Start(folder.At("tsm"), new SimulatedGuest(Given.Authority) { Lie = SimulatedLie.Silence });

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await simulated.DisposeAsync();
        await cloud.DisposeAsync();
        folder.Dispose();
    }

    [Fact]
    public async Task One_killed_in_the_middle_of_a_report_costs_the_next_one_nothing()
    {
        using (Process killed = Start("run", "--runtime-dir", folder.At("run")))
        {
            await Given.EventuallyAsync(() => Directory.GetDirectories(folder.At("tsm/report")).Length == 1 || killed.HasExited);
            Assert.False(killed.HasExited);
            killed.Kill();
            await killed.WaitForExitAsync(Ct);
        }

        Assert.Single(Directory.GetDirectories(folder.At("tsm/report")));
        SimulatedTsm.SetLie(folder.At("tsm"), SimulatedLie.None);
        using Process next = Start("run", "--runtime-dir", folder.At("run"));
        await Given.EventuallyAsync(() => File.Exists(folder.At("run/token")) || next.HasExited);
        Assert.Empty(Directory.GetDirectories(folder.At("tsm/report")));
        Assert.Single(cloud.Control.Taken);
        using Process terminate = Process.Start("kill", ["-TERM", $"{next.Id}"]);
        await next.WaitForExitAsync(Ct);
        Assert.Equal(0, next.ExitCode);
    }

    [Fact]
    public async Task One_killed_while_its_evidence_is_on_the_way_is_followed_by_one_with_a_key_of_its_own()
    {
        SimulatedTsm.SetLie(folder.At("tsm"), SimulatedLie.None);
        using var arrived = new ManualResetEventSlim();
        using var release = new ManualResetEventSlim();
        cloud.Control.Instead = path =>
        {
            if (path == "/v1/evidence")
            {
                arrived.Set();
                release.Wait(Ct);
            }

            return null;
        };
        using (Process killed = Start("run", "--runtime-dir", folder.At("run")))
        {
            await Given.EventuallyAsync(() => arrived.IsSet || killed.HasExited);
            killed.Kill();
            await killed.WaitForExitAsync(Ct);
        }

        Assert.False(File.Exists(folder.At("run/token")));
        cloud.Control.Instead = null;
        release.Set();
        await Given.EventuallyAsync(() => cloud.Control.Taken.Count == 1);
        using Process next = Start("run", "--once");
        await next.WaitForExitAsync(Ct);
        Assert.Equal(0, next.ExitCode);
        Assert.Equal(2, cloud.Control.Taken.Select(evidence => Convert.ToBase64String(evidence.PublicKey!)).Distinct().Count());
    }

    private Process Start(params string[] args) => Process.Start(new ProcessStartInfo(
        Path.Join(AppContext.BaseDirectory, "openstack-sev-guest"), [.. args, "--metadata", cloud.Metadata.AbsoluteUri, "--tsm", folder.At("tsm")]))!;
}
