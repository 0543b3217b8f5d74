using System.Diagnostics;
using System.Runtime.Versioning;

namespace OpenStackSev.Platform.Tests;

public class PlatformProbeTests
{
    [Fact]
    public void Every_source_of_a_healthy_host_is_read()
    {
        using HostFolder host = new();
        PlatformFacts facts = host.Read();

        Assert.Equal(host.Root, facts.Root);
        Assert.False(facts.Simulated);
        Assert.Equal(new KvmAmdParameters(true, true, true, 0), facts.KvmAmd);
        Assert.Equal(new AsidCounts(410, 99), facts.AsidCapacity);
        Assert.Equal(new AsidCounts(3, 2), facts.AsidCurrent);
        Assert.Equal(new KernelFacts("6.12.48+deb13-amd64", "root=/dev/vda1 ro"), facts.Kernel);
        Assert.True(facts.SmtActive);
        Assert.True(facts.IommuPresent);
        Assert.Equal(EpycProduct.Milan, facts.Processor?.Product);
        Assert.True(facts.SnpPlatformStatus?.RmpInitialized);
        Assert.Equal((byte?)29, facts.SevPlatformStatus?.Build);
        Assert.Equal(HostFolder.CertificateBytes(), facts.SevCertificates);
        Assert.Equal(new SecurityAttributes(Tsme: false, DebugLocked: true, Fused: true), facts.SecurityAttributes);
        Assert.Equal(host.Path(HostFolder.Descriptor), Assert.Single(facts.SnpFirmware).DescriptorPath);
    }

    [Fact]
    public void This_machine_is_read_without_an_exception()
    {
        PlatformFacts facts = PlatformProbe.Read("/");

        Assert.Equal("/", facts.Root);
        Assert.NotEqual("", facts.Kernel?.Release);
        Assert.All(facts.Findings, f => Assert.Contains(f.Code, PlatformCodes.All));
        Assert.All(facts.Findings, f => Assert.False(f.Subject.StartsWith("//", StringComparison.Ordinal), f.Subject));
        if (System.Runtime.Intrinsics.X86.X86Base.IsSupported)
            Assert.NotEqual("", facts.Processor?.Vendor);
        else
            Assert.Contains(facts.Findings, f => f.Code == PlatformCodes.CpuidMissing);
    }

    [Theory, InlineData("/."), InlineData("//"), InlineData("/proc/..")]
    public void Another_spelling_of_the_root_is_this_machine_too(string root) => Assert.Equal("/", PlatformProbe.Read(root).Root);

    [Fact]
    public void A_root_that_is_a_file_or_no_path_at_all_is_missing()
    {
        using HostFolder host = new();
        Assert.Equal(PlatformCodes.RootMissing, Assert.Single(PlatformProbe.Read(host.Path("cpuid")).Findings).Code);
        Assert.Equal(PlatformCodes.RootMissing, Assert.Single(PlatformProbe.Read(host.Root + "\0/etc").Findings).Code);
        Assert.Equal(PlatformCodes.RootMissing, Assert.Single(PlatformProbe.Read("/" + new string('x', 10_000)).Findings).Code);
    }

    [Fact]
    public void A_missing_root_knows_nothing()
    {
        PlatformFacts facts = PlatformProbe.Read("/nowhere/at/all");

        Assert.False(facts.Simulated);
        Assert.Empty(facts.SnpFirmware);
        Assert.Equal(
            [null, null, null, null, null, null, null, null, null, null, null, null],
            new object?[]
            {
                facts.Processor, facts.KvmAmd, facts.AsidCapacity, facts.AsidCurrent, facts.Kernel, facts.SmtActive, facts.IommuPresent,
                facts.SnpPlatformStatus, facts.SevPlatformStatus, facts.SevCertificates, facts.SecurityAttributes, facts.Virtualization,
            });
    }

    [Fact]
    public void An_empty_folder_lacks_every_source_that_a_machine_always_has()
    {
        using HostFolder host = new();
        host.Folder("");

        Assert.Equal(
            [
                PlatformCodes.CpuidMissing, PlatformCodes.KvmAmdMissing, PlatformCodes.CapacityMissing, PlatformCodes.CurrentMissing,
                PlatformCodes.KernelMissing, PlatformCodes.KernelMissing, PlatformCodes.SmtMissing, PlatformCodes.IommuMissing,
                PlatformCodes.LibvirtMissing,
            ],
            host.Codes());
    }

    [Fact]
    public void A_marked_folder_is_simulated()
    {
        using HostFolder host = new();
        host.Write("simulated", "");
        Assert.True(host.Read().Simulated);
    }

    [Theory, MemberData(nameof(Files))]
    public void A_pipe_in_place_of_a_file_does_not_hang(string file)
    {
        using HostFolder host = new();
        host.Pipe(file);
        Stopwatch watch = Stopwatch.StartNew();

        Assert.EndsWith(".unreadable", Assert.Single(host.Codes()), StringComparison.Ordinal);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5), $"took {watch.Elapsed}");
    }

    [Theory, MemberData(nameof(Files))]
    public void A_folder_a_device_a_loop_or_a_huge_file_in_place_of_a_file_is_unreadable(string file)
    {
        using HostFolder host = new();

        host.Folder(file);
        AssertUnreadable(host);
        host.Link(file, "/dev/zero");
        AssertUnreadable(host);
        host.Link(file, "/proc/self/mem");    // opens, and fails at the first read
        AssertUnreadable(host);
        host.Link(file, System.IO.Path.GetFileName(file));
        AssertUnreadable(host);
        host.Remove(file);
        host.Write(file, new byte[1024 * 1024 + 1]);
        AssertUnreadable(host);
    }

    [Fact, SupportedOSPlatform("linux")]
    public void A_file_without_permission_is_unreadable()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "root reads every file");
        using HostFolder host = new();
        File.SetUnixFileMode(host.Path("sys/fs/cgroup/misc.capacity"), UnixFileMode.None);
        AssertUnreadable(host);
    }

    [Theory, MemberData(nameof(TextFiles))]
    public void NUL_and_text_that_is_not_UTF_8_are_malformed(string file)
    {
        using HostFolder host = new();
        foreach (byte[] bytes in (byte[][])[[(byte)'1', 0, (byte)'\n'], [0xFF, 0xFE, (byte)'\n']])
        {
            host.Write(file, bytes);
            Assert.EndsWith(".malformed", Assert.Single(host.Codes()), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_link_to_nowhere_is_missing()
    {
        using HostFolder host = new();
        host.Link("sys/devices/system/cpu/smt/active", "nowhere");
        Assert.Equal([PlatformCodes.SmtMissing], host.Codes());
    }

    [Fact]
    public void A_file_where_a_folder_of_the_path_should_be_leaves_the_source_missing()
    {
        using HostFolder host = new();
        host.Remove("sys");
        host.Write("sys", "not a folder");
        Assert.Equal(
            [PlatformCodes.KvmAmdMissing, PlatformCodes.CapacityMissing, PlatformCodes.CurrentMissing, PlatformCodes.SmtMissing, PlatformCodes.IommuMissing],
            host.Codes());
    }

    [Fact]
    public void No_IOMMU_is_a_fact_and_no_finding()
    {
        using HostFolder host = new();
        host.Folder("sys/class/iommu");
        PlatformFacts facts = host.Read();
        Assert.False(facts.IommuPresent);
        Assert.Empty(facts.Findings);
    }

    public static TheoryData<string> TextFiles =>
    [
        "cpuid", $"{HostFolder.Parameters}/sev", $"{HostFolder.Parameters}/ciphertext_hiding_asids", "sys/fs/cgroup/misc.capacity",
        "sys/fs/cgroup/misc.current", "proc/sys/kernel/osrelease", "proc/cmdline", "sys/devices/system/cpu/smt/active",
        $"{HostFolder.Ccp}/tsme_status", $"{HostFolder.Ccp}/debug_lock_on", $"{HostFolder.Ccp}/fused_part",
        "libvirt/hostname", "libvirt/version", "qemu/version",
    ];

    public static TheoryData<string> Files => [.. TextFiles.Select(row => row.Data), HostFolder.Descriptor, HostFolder.Status, HostFolder.SevStatus, HostFolder.Certificates, HostFolder.Capabilities];

    private static void AssertUnreadable(HostFolder host) =>
        Assert.EndsWith(".unreadable", Assert.Single(host.Codes()), StringComparison.Ordinal);
}
