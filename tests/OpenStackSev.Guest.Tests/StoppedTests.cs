using System.Diagnostics;
using OpenStackSev.Guest.Tests.Fakes;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Guest.Tests;

/// <summary>The program as a process of its own, which is told to stop.</summary>
public sealed class StoppedTests : IAsyncDisposable
{
    /// <summary>A program that does not end until then is killed, and the test fails.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(2);

    private readonly TemporaryFolder folder = new();
    private readonly LoopbackCloud cloud = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask DisposeAsync()
    {
        await cloud.DisposeAsync();
        folder.Dispose();
    }

    [Theory]
    [InlineData("TERM"), InlineData("INT")]
    public async Task A_service_takes_its_token_along(string signal)
    {
        await using SimulatedTsm simulated = Simulated(SimulatedLie.None);
        using Process service = Start("run", "--runtime-dir", folder.At("run"));
        await Given.EventuallyAsync(() => File.Exists(folder.At("run/token")) || service.HasExited);
        Assert.Equal(0, await ToldAsync(service, signal));
        Assert.Equal(["lock"], Directory.GetFiles(folder.At("run")).Select(Path.GetFileName));
        Assert.Empty(Entries);
    }

    [Theory]
    [InlineData(0, "run", "--runtime-dir"), InlineData(ExitCodes.NotJudged, "run", "--once", "--runtime-dir")]
    public async Task In_the_middle_of_a_report_its_entry_is_taken_away(int code, params string[] args)
    {
        await using SimulatedTsm simulated = Simulated(SimulatedLie.Silence);
        using Process asking = Start([.. args, folder.At("run")]);
        // Counted: the simulation has seen the request, and writes nothing more.
        await Given.EventuallyAsync(() => (Entries is [var entry] && Generation(entry) == "1\n") || asking.HasExited);
        Assert.Equal(code, await ToldAsync(asking, "TERM"));
        Assert.Empty(Entries);
        Assert.Empty(cloud.Control.Taken);
    }

    private string[] Entries => Directory.GetDirectories(folder.At("tsm/report"));

    private static string Generation(string entry) => Path.Join(entry, "generation") is var file && File.Exists(file) ? File.ReadAllText(file) : "";

    private SimulatedTsm Simulated(SimulatedLie lie) => SimulatedTsm.Start(folder.At("tsm"), new SimulatedGuest(Given.Authority) { Lie = lie });

    private static async Task<int> ToldAsync(Process process, string signal)
    {
        Assert.False(process.HasExited);
        using Process kill = Process.Start("kill", ["-" + signal, $"{process.Id}"]);
        using var longest = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        longest.CancelAfter(s_longest);
        using CancellationTokenRegistration end = longest.Token.Register(process.Kill);
        await process.WaitForExitAsync(Ct);
        return process.ExitCode;
    }

    /// <summary>With SIGINT as it comes: whoever starts the tests in a shell's background has it ignored, which programs inherit.</summary>
    private Process Start(params string[] args) => Process.Start(new ProcessStartInfo(
        "env", ["--default-signal=INT", Path.Join(AppContext.BaseDirectory, "openstack-sev-guest"), .. args, "--metadata", cloud.Metadata.AbsoluteUri, "--tsm", folder.At("tsm")]))!;
}
