namespace OpenStackSev.Platform.Tests;

/// <summary>For each code of a source, a folder in which nothing else is wrong.</summary>
public class SourceCodesTests
{
    private const string Capacity = "sys/fs/cgroup/misc.capacity";
    private const string Current = "sys/fs/cgroup/misc.current";
    private const string Smt = "sys/devices/system/cpu/smt/active";

    private static readonly Dictionary<string, Action<HostFolder>> Vectors = new(StringComparer.Ordinal)
    {
        [PlatformCodes.RootMissing] = host => host.Remove(""),
        [PlatformCodes.CpuidMissing] = host => { host.Remove("cpuid"); host.Remove(HostFolder.Status); },
        [PlatformCodes.CpuidUnreadable] = host => host.Folder("cpuid"),
        [PlatformCodes.CpuidMalformed] = host => host.Write("cpuid", "0x00000000 0x00: eax=0x10\n"),
        [PlatformCodes.KvmAmdMissing] = host => host.Remove("sys/module"),
        [PlatformCodes.KvmAmdUnreadable] = host => host.Folder($"{HostFolder.Parameters}/sev_es"),
        [PlatformCodes.KvmAmdMalformed] = host => host.Write($"{HostFolder.Parameters}/ciphertext_hiding_asids", "-1\n"),
        [PlatformCodes.CapacityMissing] = host => host.Remove(Capacity),
        [PlatformCodes.CapacityUnreadable] = host => host.Link(Capacity, "misc.capacity"),
        [PlatformCodes.CapacityMalformed] = host => host.Write(Capacity, "sev 4294967296\n"),
        [PlatformCodes.CurrentMissing] = host => host.Remove(Current),
        [PlatformCodes.CurrentUnreadable] = host => host.Pipe(Current),
        [PlatformCodes.CurrentMalformed] = host => host.Write(Current, "sev one\n"),
        [PlatformCodes.KernelMissing] = host => host.Remove("proc/sys/kernel/osrelease"),
        [PlatformCodes.KernelUnreadable] = host => host.Folder("proc/cmdline"),
        [PlatformCodes.KernelMalformed] = host => host.Write("proc/sys/kernel/osrelease", "\n"),
        [PlatformCodes.SmtMissing] = host => host.Remove(Smt),
        [PlatformCodes.SmtUnreadable] = host => host.Folder(Smt),
        [PlatformCodes.SmtMalformed] = host => host.Write(Smt, "on\n"),
        [PlatformCodes.IommuMissing] = host => host.Remove("sys/class/iommu"),
        [PlatformCodes.IommuUnreadable] = host => { host.Remove("sys/class/iommu"); host.Write("sys/class/iommu", ""); },
        [PlatformCodes.FirmwareUnreadable] = host => host.Folder(HostFolder.Descriptor),
        [PlatformCodes.FirmwareMalformed] = host => host.Write(HostFolder.Descriptor, "{}"),
        [PlatformCodes.FirmwareTooMany] = host =>
        {
            for (int i = 0; i < 256; i++)
                host.Write($"etc/qemu/firmware/{i}.json", "");
        },
        [PlatformCodes.FirmwareImageMissing] = host => host.Remove(HostFolder.Image),
        [PlatformCodes.SnpStatusMissing] = host => host.Remove(HostFolder.Status),
        [PlatformCodes.SnpStatusUnreadable] = host => host.Folder(HostFolder.Status),
        [PlatformCodes.SnpStatusMalformed] = host => host.Write(HostFolder.Status, new byte[31]),
        [PlatformCodes.ChipIdMissing] = host => host.Remove(HostFolder.Chips),
        [PlatformCodes.ChipIdUnreadable] = host => host.Folder(HostFolder.Chips),
        [PlatformCodes.ChipIdMalformed] = host => host.Write(HostFolder.Chips, new byte[63]),
        [PlatformCodes.SevStatusMissing] = host => host.Remove(HostFolder.SevStatus),
        [PlatformCodes.SevStatusUnreadable] = host => host.Folder(HostFolder.SevStatus),
        [PlatformCodes.SevStatusMalformed] = host => host.Write(HostFolder.SevStatus, new byte[11]),
        [PlatformCodes.SevCertificatesMissing] = host => host.Remove(HostFolder.Certificates),
        [PlatformCodes.SevCertificatesUnreadable] = host => host.Folder(HostFolder.Certificates),
        [PlatformCodes.SevCertificatesMalformed] = host => host.Write(HostFolder.Certificates, new byte[8335]),
        [PlatformCodes.CcpUnreadable] = host => host.Folder($"{HostFolder.Ccp}/fused_part"),
        [PlatformCodes.CcpMalformed] = host => host.Write($"{HostFolder.Ccp}/tsme_status", "yes\n"),
        [PlatformCodes.CcpSocketsDisagree] = host => host.Write("sys/bus/pci/drivers/ccp/0000:c1:00.5/debug_lock_on", "0\n"),
        [PlatformCodes.LibvirtMissing] = host => host.Remove("libvirt"),
        [PlatformCodes.LibvirtUnreadable] = host => host.Folder(HostFolder.Capabilities),
        [PlatformCodes.LibvirtMalformed] = host => host.Write("qemu/version", "8.2.2\n8.2.3\n"),
    };

    public static TheoryData<string> Codes => [.. Vectors.Keys];

    [Theory, MemberData(nameof(Codes))]
    public void A_source_that_cannot_be_used_is_told_by_its_code_alone(string code)
    {
        using HostFolder host = new();
        Vectors[code](host);

        PlatformFacts facts = host.Read();
        Directory.CreateDirectory(host.Root);

        PlatformFinding finding = Assert.Single(facts.Findings);
        Assert.Equal(code, finding.Code);
        Assert.StartsWith(host.Root, finding.Subject, StringComparison.Ordinal);
        Assert.NotEmpty(finding.Detail);
        Assert.DoesNotContain('\n', finding.Detail);
    }

    [Fact]
    public void A_healthy_host_has_no_finding_of_any_kind()
    {
        using HostFolder host = new();
        PlatformFacts facts = host.Read();

        Assert.Empty(facts.Findings);
        Assert.Empty(PlatformConsistency.Check(facts));
        Assert.Empty(AsidPools.From(facts).Findings);
    }

    [Fact]
    public void Every_code_has_a_vector_that_fails_by_it_alone() =>
        Assert.Equal(PlatformCodes.All.Order(StringComparer.Ordinal),
            Vectors.Keys.Concat(ContradictionTests.Vectors.Keys).Concat(AsidPoolsTests.Vectors.Keys).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_constant_is_in_the_list_of_all_codes_once() =>
        Assert.Equal(
            typeof(PlatformCodes).GetFields().Where(f => f.IsLiteral).Select(f => (string)f.GetRawConstantValue()!).Order(StringComparer.Ordinal),
            PlatformCodes.All.Order(StringComparer.Ordinal));
}
