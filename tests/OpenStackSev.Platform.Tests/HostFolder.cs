using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;

namespace OpenStackSev.Platform.Tests;

/// <summary>A folder laid out like a healthy EPYC 7003 host with SEV-SNP on; each test changes only what it is about.</summary>
internal sealed partial class HostFolder : IDisposable
{
    public const string Parameters = "sys/module/kvm_amd/parameters";
    public const string Descriptor = "usr/share/qemu/firmware/60-snp.json";
    public const string Image = "usr/share/OVMF/OVMF.amdsev.fd";
    public const string Status = "dev/sev.snp_platform_status";

    public const string Chips = "dev/sev.get_id2";
    public const string SevStatus = "dev/sev.platform_status";
    public const string Certificates = "dev/sev.pdh_cert_export";
    public const string Ccp = "sys/bus/pci/drivers/ccp/0000:01:00.5";

    public const string Cpuid = """
        # a comment
        CPU 0:
           0x00000000 0x00: eax=0x00000010 ebx=0x68747541 ecx=0x444d4163 edx=0x69746e65
           0x00000001 0x00: eax=0x00a00f11 ebx=0x00800800 ecx=0x7efa320b edx=0x178bfbff
           0x80000001 0x00: eax=0x00a00f11 ebx=0x40000000 ecx=0x75c237ff edx=0x2fd3fbff
           0x80000002 0x00: eax=0x20444d41 ebx=0x43595045 ecx=0x33313720 edx=0x20200020
           0x8000001f 0x00: eax=0x0000001a ebx=0x0000f073 ecx=0x000001fd edx=0x00000064

        """;

    public const string Snp = """
        {"features":["amd-sev-snp","verbose-dynamic"],"mapping":{"device":"memory","filename":"/usr/share/OVMF/OVMF.amdsev.fd"}}
        """;

    public const string Capabilities = "libvirt/domcapabilities.xml";

    public const string CapabilitiesXml = """
        <domainCapabilities>
          <path>/usr/bin/qemu-system-x86_64</path>
          <os supported='yes'><enum name='firmware'><value>efi</value></enum></os>
          <features>
            <gic supported='no'/>
            <sev supported='yes'>
              <cbitpos>51</cbitpos>
              <reducedPhysBits>1</reducedPhysBits>
              <maxGuests>410</maxGuests>
              <maxESGuests>99</maxESGuests>
            </sev>
            <sgx supported='no'/>
            <launchSecurity supported='yes'>
              <enum name='sectype'>
                <value>sev</value>
                <value>sev-snp</value>
              </enum>
            </launchSecurity>
          </features>
        </domainCapabilities>

        """;

    public HostFolder()
    {
        Root = Directory.CreateTempSubdirectory("osev-platform-").FullName;
        Write("cpuid", Cpuid);
        Write($"{Parameters}/sev", "Y\n");
        Write($"{Parameters}/sev_es", "Y\n");
        Write($"{Parameters}/sev_snp", "Y\n");
        Write($"{Parameters}/ciphertext_hiding_asids", "0\n");
        Write("sys/fs/cgroup/misc.capacity", "sev 410\nsev_es 99\n");
        Write("sys/fs/cgroup/misc.current", "sev 3\nsev_es 2\n");
        Write("proc/sys/kernel/osrelease", "6.12.48+deb13-amd64\n");
        Write("proc/cmdline", "root=/dev/vda1 ro\n");
        Write("sys/devices/system/cpu/smt/active", "1\n");
        Directory.CreateDirectory(Path("sys/class/iommu/ivhd0"));
        Write(Descriptor, Snp);
        Write(Image, "image");
        Write(Status, StatusBytes());
        Write(Chips, ChipBytes(1));
        Write(SevStatus, SevStatusBytes());
        Write(Certificates, CertificateBytes());
        Write($"{Ccp}/tsme_status", "0\n");
        Write($"{Ccp}/debug_lock_on", "1\n");
        Write($"{Ccp}/fused_part", "1\n");
        Write("sys/bus/pci/drivers/ccp/bind", "");
        Write("libvirt/hostname", "compute1\n");
        Write("libvirt/version", "10.0.0\n");
        Write("qemu/version", "8.2.2\n");
        Write(Capabilities, CapabilitiesXml);
    }

    public string Root { get; }

    public static byte[] StatusBytes(byte rmp = 0b11, uint flags = 0, ulong currentTcb = 0xDB18_0000_0000_0004)
    {
        byte[] bytes = new byte[32];
        (bytes[0], bytes[1], bytes[2], bytes[3]) = (1, 55, 1, rmp);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(4), 29);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), flags);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(12), 7);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(16), currentTcb);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes.AsSpan(24), 0xDB17_0000_0000_0004);
        return bytes;
    }

    /// <summary>API 1.55, initialized, self-owned, with SEV-ES, build 29, three guests.</summary>
    public static byte[] SevStatusBytes(byte state = 1, uint flags = 1 << 8)
    {
        byte[] bytes = new byte[12];
        (bytes[0], bytes[1], bytes[2], bytes[7]) = (1, 55, state, 29);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(3), flags);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(8), 3);
        return bytes;
    }

    /// <summary>As long as four certificates; each byte tells whose it is.</summary>
    public static byte[] CertificateBytes() => [.. Enumerable.Range(1, 4).SelectMany(certificate => Enumerable.Repeat((byte)certificate, 2084))];

    /// <summary>Ids of that many sockets: 0x01…, 0x02…</summary>
    public static byte[] ChipBytes(int sockets) => [.. Enumerable.Range(1, sockets).SelectMany(socket => Enumerable.Repeat((byte)socket, 64))];

    public PlatformFacts Read() => PlatformProbe.Read(Root);

    public string[] Codes() => [.. Read().Findings.Select(f => f.Code)];

    public string Path(string relative) => System.IO.Path.Join(Root, relative);

    public void Write(string relative, string text) => Write(relative, Encoding.UTF8.GetBytes(text));

    public void Write(string relative, byte[] bytes)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path(relative))!);
        File.WriteAllBytes(Path(relative), bytes);
    }

    public void Remove(string relative)
    {
        if (Directory.Exists(Path(relative)))
            Directory.Delete(Path(relative), recursive: true);
        else
            File.Delete(Path(relative));
    }

    public void Link(string relative, string target)
    {
        Directory.CreateDirectory(System.IO.Path.GetDirectoryName(Path(relative))!);
        Remove(relative);
        File.CreateSymbolicLink(Path(relative), target);
    }

    public void Folder(string relative)
    {
        Remove(relative);
        Directory.CreateDirectory(Path(relative));
    }

    public void Pipe(string relative)
    {
        Remove(relative);
        Assert.Equal(0, MakeFifo(Path(relative), 0x1B6));
    }

    public void Dispose() => Directory.Delete(Root, recursive: true);

    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int MakeFifo(string path, uint mode);
}
