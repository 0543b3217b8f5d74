using System.Diagnostics;
using OpenStackSev.Acceptance.Cloud;
using OpenStackSev.Acceptance.Reattestation;

namespace OpenStackSev.Acceptance.Trust;

/// <summary><c>osev snapshot-sync</c> as it runs beside a scheduler.</summary>
internal sealed class SnapshotSync : IAsyncDisposable
{
    private readonly Process process;
    private readonly Task<Ended> ended;

    private SnapshotSync(Process process) => (this.process, ended) = (process, Programs.EndOfAsync(process, TimeSpan.FromMinutes(15)));

    /// <summary>The file is there.</summary>
    public static async Task<SnapshotSync> StartAsync(SnpLab control)
    {
        var sync = new SnapshotSync(control.StartOsev("snapshot-sync", "--file", SnapshotFiles.Snapshot, "--keys", SnapshotFiles.Keys, "--interval", "1s"));
        await RealCloud.EventuallyAsync(() => Task.FromResult(File.Exists(SnapshotFiles.Snapshot)), () => "no snapshot was written");
        return sync;
    }

    public async ValueTask DisposeAsync()
    {
        Ended end = await Programs.StopAsync(process, ended);
        process.Dispose();
        TestContext.Current.TestOutputHelper?.WriteLine(end.ToString());
    }
}
