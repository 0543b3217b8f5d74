using OpenStackSev.Acceptance.Cloud;
using OpenStackSev.OpenStack;

[assembly: AssemblyFixture(typeof(Stack))]
[assembly: Xunit.v3.Parallelization(Mode = Xunit.Sdk.ParallelMode.None)]

namespace OpenStackSev.Acceptance.Cloud;

/// <summary>The real OpenStack that <c>devstack/local/up.sh</c> brought up: started once, shared by all tests.</summary>
/// <remarks>Absent: a skip that says why, and a failure where CI=true.</remarks>
public sealed class Stack : IAsyncLifetime
{
    private RealCloud? cloud;
    private string? absent;

    public static Release Release => Release.OfThisRun;
    public static string StateDir => Release.StateDir;
    public static string CloudsFile => Path.Join(StateDir, "clouds.yaml");

    /// <summary>What <c>up.sh</c> wrote down of this stack, e.g. <c>IP</c>.</summary>
    public static string Setting(string name) =>
        File.ReadLines(Path.Join(StateDir, "settings")).First(line => line.StartsWith(name + "=", StringComparison.Ordinal))[(name.Length + 1)..];

    /// <summary>False where each test skips, or fails, with the reason. A fixture leaves that to them: its own skip would count as their failure.</summary>
    public bool IsThere => cloud is not null;

    /// <summary>The cloud, or a skip with the reason.</summary>
    public RealCloud Cloud
    {
        get
        {
            if (cloud is not null)
                return cloud;
            if (Environment.GetEnvironmentVariable("CI") == "true")
                Assert.Fail(absent!);
            Assert.Skip(absent!);
            return null!;
        }
    }

    public async ValueTask InitializeAsync()
    {
        if (Environment.GetEnvironmentVariable("OSEV_STACK") == "absent" || !File.Exists(CloudsFile))
        {
            absent = $"no real OpenStack: {CloudsFile} is not there; devstack/local/up.sh --release {Release.Name} --computes 4 brings one up (root, Debian 12)";
            return;
        }

        try
        {
            CloudSettings settings = CloudSettings.Load("osev", CloudEnvironment.OfProcess().With("OS_CLIENT_CONFIG_FILE", CloudsFile));
            cloud = await RealCloud.ConnectAsync(
                settings.AuthUrl.AbsoluteUri, settings.Username!, settings.Password!, settings.ProjectName!, Release.ComputeVersion);
            // The lab is the suite's: servers that a quickstart or an interrupted run left would hold its ASIDs.
            await cloud.DeleteServersAsync("");
            // Hosts that one of these quarantined last would stay so.
            await Trust.SnapshotFiles.ForgetAsync();
        }
        catch (HttpRequestException e)
        {
            absent = $"the real OpenStack of {StateDir} does not answer ({e.Message}); start it by devstack/local/up.sh --release {Release.Name} --computes 4";
        }
    }

    public ValueTask DisposeAsync()
    {
        cloud?.Dispose();
        return ValueTask.CompletedTask;
    }
}
