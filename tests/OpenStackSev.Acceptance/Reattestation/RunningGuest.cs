using System.Diagnostics;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Reattestation;

/// <summary>The attester of one instance, with a simulated security processor below it and the real metadata API above.</summary>
public sealed class RunningGuest : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("osev-guest-").FullName;
    private readonly MetadataProxy metadata;
    private readonly Process processor;
    private readonly Task<Ended> processorEnded;
    private Process? attester;
    private Task<Ended>? attesterEnded;

    private RunningGuest(SnpLab lab, string instance, string project, string chip, string[] options)
    {
        metadata = new MetadataProxy(instance, project);
        processor = Programs.Start("OpenStackSev.Cli", "osev", ["simulate", "guest", "--chain", lab.Chain, "--chip-id", chip, "--out", Tsm, .. options]);
        processorEnded = Programs.EndOfAsync(processor, TimeSpan.FromMinutes(15));
    }

    private string Tsm => Path.Join(folder, "tsm");
    private string Run => Path.Join(folder, "run");

    /// <param name="chip">16 hexadecimal digits.</param>
    /// <param name="options">Of <c>osev simulate guest</c>.</param>
    public static async Task<RunningGuest> OfAsync(SnpLab lab, string instance, string project, string chip, params string[] options)
    {
        var guest = new RunningGuest(lab, instance, project, chip, options);
        await RealCloud.EventuallyAsync(() => Task.FromResult(Directory.Exists(Path.Join(guest.Tsm, "report"))), () => "the simulated processor does not serve");
        return guest;
    }

    /// <summary>One round: exit code 0 affirming, 1 warning, 2 contraindicated, 3 not judged.</summary>
    public Task<Ended> OnceAsync() => Programs.GuestAsync("run", "--once", "--metadata", metadata.Url.AbsoluteUri, "--tsm", Tsm, "--runtime-dir", Run);

    /// <summary>Round after round.</summary>
    public void Start()
    {
        attester = Programs.Start("OpenStackSev.Guest", "openstack-sev-guest",
            ["run", "--metadata", metadata.Url.AbsoluteUri, "--tsm", Tsm, "--runtime-dir", Run, "--nudge-interval", "10"]);
        attesterEnded = Programs.EndOfAsync(attester, TimeSpan.FromMinutes(15));
    }

    /// <summary><c>openstack-sev-guest</c> as the workload asks it.</summary>
    public Task<Ended> AskAsync(params string[] arguments) => Programs.GuestAsync([.. arguments, "--runtime-dir", Run]);

    /// <summary>Changes what the processor reports, or how it lies.</summary>
    public async Task ChangeAsync(params string[] options)
    {
        Ended changed = await Programs.OsevAsync(["simulate", "guest", "--out", Tsm, .. options]);
        Assert.True(changed.ExitCode == 0, changed.ToString());
    }

    public async ValueTask DisposeAsync()
    {
        Ended? attested = attester is null ? null : await Programs.StopAsync(attester, attesterEnded!);
        Ended served = await Programs.StopAsync(processor, processorEnded);
        // Null in a fixture.
        TestContext.Current.TestOutputHelper?.WriteLine($"{attested}\n{served}");
        attester?.Dispose();
        processor.Dispose();
        await metadata.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }
}
