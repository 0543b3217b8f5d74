using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using OpenStackSev.Agent.Capacity;

namespace OpenStackSev.Agent.Tests;

/// <summary>The program as a process of its own, which is told to stop.</summary>
public sealed class StoppedTests : IDisposable
{
    /// <summary>A program that does not end until then is killed, and the test fails.</summary>
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(2);

    private readonly string folder = Directory.CreateTempSubdirectory("osev-stop-test").FullName;
    private readonly TcpListener keystone = new(IPAddress.Loopback, 0);

    public StoppedTests()
    {
        keystone.Start();
        Directory.CreateDirectory(At("machine"));
        File.WriteAllText(At("clouds.yaml"),
            $"clouds: {{here: {{auth: {{auth_url: 'http://{keystone.LocalEndpoint}/v3', username: agent, password: secret, project_name: service}}}}}}");
        File.WriteAllText(At("agent.conf"),
            $"[DEFAULT]\nstate_dir = {At("state")}\nplatform_root = {At("machine")}\n[openstack]\ncloud = here\nclouds_file = {At("clouds.yaml")}\n[capacity]\nstart_jitter = 0\nnode_name = n\n");
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        keystone.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    [Theory]
    [InlineData("TERM", ExitCodes.Done), InlineData("INT", ExitCodes.Done)]
    [InlineData("TERM", ExitCodes.TryLater, "--once"), InlineData("INT", ExitCodes.TryLater, "--dry-run")]
    public async Task While_Keystone_lets_it_wait(string signal, int code, params string[] mode)
    {
        using Process agent = Start(mode);
        using TcpClient asked = await keystone.AcceptTcpClientAsync(Ct);
        Assert.Equal(code, await ToldAsync(agent, signal));
        // Its folder is free.
        using var next = CapacityStateFolder.Open(At("state"));
    }

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

    private string At(string name) => Path.Join(folder, name);

    /// <summary>With SIGINT as it comes: whoever starts the tests in a shell's background has it ignored, which programs inherit.</summary>
    private Process Start(params string[] args) => Process.Start(new ProcessStartInfo(
        "env", ["--default-signal=INT", Path.Join(AppContext.BaseDirectory, "openstack-sev-agent"), "--config-file", At("agent.conf"), .. args]))!;
}
