using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace OpenStackSev.Platform.Tests;

/// <summary>The client library, and a real libvirtd that is started for this alone: unprivileged, with its own socket, configuration and state.</summary>
public sealed class LibvirtDaemonTests : IDisposable
{
    private const string Daemon = "/usr/sbin/libvirtd";
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(2);

    private readonly string folder = Directory.CreateTempSubdirectory("osev-libvirt-").FullName;
    private Process? daemon;
    private Socket? ready;

    public void Dispose()
    {
        if (daemon is not null)
        {
            daemon.Kill(entireProcessTree: true);
            daemon.WaitForExit();
            daemon.Dispose();
        }

        ready?.Dispose();

        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_real_libvirt_says_its_name_its_versions_and_what_it_can_do()
    {
        NeedsLibvirt();
        daemon = Start();
        LibvirtAnswer answer = await AnswerAsync(new LibvirtDaemon(Uri));

        Assert.Equal(await VirshAsync("hostname"), answer.HostName);
        string versions = await VirshAsync("version --daemon");
        Assert.Contains($"Running against daemon: {answer.Libvirt}", versions, StringComparison.Ordinal);
        Assert.Contains($"Running hypervisor: QEMU {answer.Qemu}", versions, StringComparison.Ordinal);
        Assert.True(answer.Capabilities.IsFound, answer.Capabilities.Reason);
        Assert.Equal((await VirshAsync("domcapabilities")).Contains("<sev supported='yes'", StringComparison.Ordinal), answer.Capabilities.Value.Sev);
    }

    [Fact]
    public void Where_nobody_listens_the_library_says_so_and_prints_nothing()
    {
        NeedsLibvirt();
        Source<LibvirtAnswer> answer = new LibvirtDaemon(Uri).Ask();
        Assert.Equal(SourceState.Unreadable, answer.State);
        Assert.Contains(folder, answer.Reason, StringComparison.Ordinal);
    }

    private string Uri => $"qemu:///session?socket={Path.Join(folder, "run/libvirt/libvirt-sock")}";

    /// <summary>A failure where CI=true, else a skip that says what to do.</summary>
    private static void NeedsLibvirt()
    {
        string[] absent = [.. new[] { Daemon, "/usr/bin/virsh", "/usr/bin/qemu-system-x86_64" }.Where(part => !File.Exists(part))];
        if (absent.Length == 0 && LibvirtDaemon.IsInstalled)
            return;
        string reason = $"no libvirt to ask: {string.Join(", ", absent)} not installed; tests/run.sh installs it";
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(reason);
        Assert.Skip(reason);
    }

    private Process Start()
    {
        foreach (string kind in new[] { "run", "cache", "data", "config" })
            Directory.CreateDirectory(Path.Join(folder, kind));
        ready = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        ready.Bind(new UnixDomainSocketEndPoint(Path.Join(folder, "ready")));
        if (Environment.IsPrivilegedProcess)
        {
            using Process chown = Process.Start("chown", ["-R", "nobody:nogroup", folder]);
            chown.WaitForExit();
        }

        return Process.Start(new ProcessStartInfo("/usr/bin/env", Unprivileged(Daemon)) { UseShellExecute = false, RedirectStandardError = true, RedirectStandardOutput = true })!;
    }

    private async Task<LibvirtAnswer> AnswerAsync(LibvirtDaemon libvirt)
    {
        await ReadyAsync();
        Source<LibvirtAnswer> answer = libvirt.Ask();
        Assert.True(answer.IsFound, answer.Reason);
        return answer.Value;
    }

    /// <summary>It tells a service manager when it listens: sd_notify(3).</summary>
    private async Task ReadyAsync()
    {
        // What it prints is not of interest, but a full pipe would stop it.
        _ = daemon!.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        _ = daemon.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(s_longest);
        Task ended = daemon.WaitForExitAsync(limit.Token);
        byte[] said = new byte[256];
        Task<int> heard;
        do
        {
            heard = ready!.ReceiveAsync(said, SocketFlags.None, limit.Token).AsTask();
            Assert.True(await Task.WhenAny(heard, ended) == heard, "libvirtd ended, or was not ready in time");
        }
        while (!Encoding.UTF8.GetString(said.AsSpan(0, await heard)).Contains("READY=1", StringComparison.Ordinal));
    }

    private async Task<string> VirshAsync(string command)
    {
        using Process virsh = Process.Start(new ProcessStartInfo("/usr/bin/env", Unprivileged(["virsh", "-c", Uri, .. command.Split(' ')])) { UseShellExecute = false, RedirectStandardOutput = true })!;
        string printed = await virsh.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await virsh.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, virsh.ExitCode);
        return printed.Trim();
    }

    /// <summary>Arguments of env: a libvirtd of root would be the system's, and share its state.</summary>
    private string[] Unprivileged(params string[] command) =>
    [
        "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LIBVIRT_AUTOSTART=0", $"NOTIFY_SOCKET={Path.Join(folder, "ready")}", $"HOME={folder}", $"XDG_CONFIG_HOME={Path.Join(folder, "config")}",
        $"XDG_RUNTIME_DIR={Path.Join(folder, "run")}", $"XDG_CACHE_HOME={Path.Join(folder, "cache")}", $"XDG_DATA_HOME={Path.Join(folder, "data")}",
        .. Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "env"] : Array.Empty<string>(), .. command,
    ];
}
