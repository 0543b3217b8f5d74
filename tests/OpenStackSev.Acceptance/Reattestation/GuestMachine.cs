using System.Diagnostics;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Reattestation;

/// <summary>A virtual machine that boots the distribution's kernel into our attester, with a config drive and a network of its own.</summary>
/// <remarks>
/// libvirtd is real, started for this machine alone: unprivileged, with its own socket, configuration and state. QEMU emulates (TCG), so that it runs
/// without KVM. What the kernel of an SNP guest would answer, <c>osev simulate guest</c> does inside. By user-mode networking the machine reaches what
/// this host reaches, and its own loopback at 10.0.2.2.
/// </remarks>
public sealed class GuestMachine : IAsyncDisposable
{
    private const string Name = "osev-guest", Daemon = "/usr/sbin/libvirtd";
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(30);
    private static readonly string[] s_parts =
    [
        Daemon, "/usr/bin/virsh", "/usr/bin/qemu-system-x86_64", "/usr/bin/xorriso", "/bin/busybox",
        Path.Join(Programs.Root, "artifacts/machine/vmlinuz"),
        Path.Join(Programs.Root, "artifacts/native/OpenStackSev.Guest/openstack-sev-guest"), Path.Join(Programs.Root, "artifacts/native/OpenStackSev.Cli/osev"),
    ];

    private readonly string folder = Directory.CreateTempSubdirectory("osev-machine-").FullName;
    private readonly Process daemon;
    private readonly Task<Ended> daemonEnded;

    private GuestMachine()
    {
        // else libvirtd starts virtlogd for the console, which outlives it
        Write("config/libvirt/qemu.conf", "stdio_handler = \"file\"\n");
        foreach (string kind in new[] { "run", "cache", "data" })
            Directory.CreateDirectory(Path.Join(folder, kind));
        Give(folder);
        daemon = Programs.StartAt("/usr/bin/env", Unprivileged(Daemon));
        daemonEnded = Programs.EndOfAsync(daemon, s_longest);
    }

    /// <summary>What the machine printed so far.</summary>
    public string Console => File.Exists(ConsoleFile) ? File.ReadAllText(ConsoleFile) : "";

    private string ConsoleFile => Path.Join(folder, "console.log");
    private string Socket => Path.Join(folder, "run/libvirt/libvirt-sock");

    /// <summary>A failure where CI=true, else a skip that says what to do.</summary>
    public static void NeedsParts()
    {
        string[] absent = [.. s_parts.Where(part => !File.Exists(part))];
        if (absent.Length == 0)
            return;
        string reason = $"no virtual machine without {string.Join(", ", absent)}: tests/run.sh installs, fetches (tests/machine/kernel.sh) and publishes them";
        if (Environment.GetEnvironmentVariable("CI") == "true")
            Assert.Fail(reason);
        Assert.Skip(reason);
    }

    /// <param name="chain">Of <c>osev simulate chain</c>.</param>
    /// <param name="chip">16 hexadecimal digits.</param>
    /// <param name="metadata">The documents of its config drive, by name.</param>
    public static async Task<GuestMachine> BootAsync(string chain, string chip, IReadOnlyDictionary<string, string> metadata)
    {
        var machine = new GuestMachine();
        try
        {
            foreach ((string name, string document) in metadata)
                machine.Write($"drive/openstack/latest/{name}", document);
            await RunAsync("/usr/bin/xorriso", "-as", "mkisofs", "-quiet", "-J", "-r", "-V", "config-2", "-o", machine.At("config.iso"), machine.At("drive"));
            await RunAsync(Path.Join(Programs.Root, "tests/machine/initramfs.sh"), chain, chip, machine.At("initramfs"));
            File.Copy(Path.Join(Programs.Root, "artifacts/machine/vmlinuz"), machine.At("vmlinuz"));
            machine.Write("domain.xml", machine.Domain());
            machine.Give(machine.folder);
            await RealCloud.EventuallyAsync(() => Task.FromResult(File.Exists(machine.Socket) || machine.daemonEnded.IsCompleted), () => "libvirtd does not listen");
            await machine.VirshAsync("create", machine.At("domain.xml"));
            return machine;
        }
        catch
        {
            await machine.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!daemonEnded.IsCompleted && File.Exists(Socket))
            await Programs.RunAsync("/usr/bin/env", Virsh("destroy", Name));
        TestContext.Current.TestOutputHelper?.WriteLine($"{await Programs.StopAsync(daemon, daemonEnded)}\n{Console}");
        daemon.Dispose();
        Directory.Delete(folder, recursive: true);
    }

    private string At(string name) => Path.Join(folder, name);

    private void Write(string name, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
        File.WriteAllText(At(name), content);
    }

    private Task VirshAsync(params string[] arguments) => RunAsync("/usr/bin/env", Virsh(arguments));

    private string[] Virsh(params string[] arguments) => Unprivileged(["LIBVIRT_AUTOSTART=0", "virsh", "-c", $"qemu+unix:///session?socket={Socket}", .. arguments]);

    /// <summary>Arguments of env: a libvirtd of root would be the system's, and share its state.</summary>
    private string[] Unprivileged(params string[] command) =>
    [
        "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", $"HOME={folder}", $"XDG_CONFIG_HOME={At("config")}", $"XDG_RUNTIME_DIR={At("run")}",
        $"XDG_CACHE_HOME={At("cache")}", $"XDG_DATA_HOME={At("data")}",
        .. Environment.IsPrivilegedProcess ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", "env"] : Array.Empty<string>(), .. command,
    ];

    private void Give(string path)
    {
        if (!Environment.IsPrivilegedProcess)
            return;
        using var chown = Process.Start("chown", ["-R", "nobody:nogroup", path]);
        chown.WaitForExit();
        Assert.Equal(0, chown.ExitCode);
    }

    private static async Task RunAsync(string program, params string[] arguments)
    {
        Ended ended = await Programs.RunAsync(program, arguments);
        Assert.True(ended.ExitCode == 0, $"{program} {string.Join(' ', arguments)}: {ended}");
    }

    /// <summary>A processor with all that TCG has: .NET needs more than QEMU's default one.</summary>
    private string Domain() => $"""
        <domain type='qemu'>
          <name>{Name}</name>
          <memory unit='MiB'>384</memory>
          <vcpu>1</vcpu>
          <os>
            <type arch='x86_64' machine='q35'>hvm</type>
            <kernel>{At("vmlinuz")}</kernel>
            <initrd>{At("initramfs")}</initrd>
            <cmdline>console=ttyS0 panic=-1 quiet</cmdline>
          </os>
          <cpu mode='maximum'/>
          <features><acpi/></features>
          <on_reboot>destroy</on_reboot>
          <on_crash>destroy</on_crash>
          <devices>
            <disk type='file' device='disk'>
              <driver name='qemu' type='raw'/>
              <source file='{At("config.iso")}'/>
              <target dev='vda' bus='virtio'/>
              <readonly/>
            </disk>
            <interface type='user'><model type='virtio'/></interface>
            <serial type='file'><source path='{ConsoleFile}'/></serial>
            <memballoon model='none'/>
          </devices>
        </domain>
        """;
}
