using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using OpenStackSev.Simulation.Sev;

namespace OpenStackSev.Simulation;

/// <summary>The files of a simulated host by path, as a healthy or sick machine has them. Pure: nothing is written here.</summary>
internal static class HostFiles
{
    public const string Capacity = "sys/fs/cgroup/misc.capacity";
    public const string Current = "sys/fs/cgroup/misc.current";

    private const string Parameters = "sys/module/kvm_amd/parameters/";
    private const string Status = "dev/sev.snp_platform_status";
    private const string SevStatus = "dev/sev.platform_status";
    private const string Certificates = "dev/sev.pdh_cert_export";
    private const string Chips = "dev/sev.get_id2";
    private const string Part = "sys/bus/pci/drivers/ccp/0000:22:00.1/";
    private const string Image = "usr/share/OVMF/OVMF.amdsev.fd";
    private const string Hostname = "etc/hostname";

    /// <returns>Path below the root → content. A path that ends in <c>/</c> is an empty folder.</returns>
    public static SortedDictionary<string, byte[]> Of(SimulatedHostOptions options)
    {
        HostModel model = options.Model;
        HostNumbers numbers = HostNumbers.Of(options);
        SortedDictionary<string, byte[]> files = new(StringComparer.Ordinal)
        {
            ["cpuid"] = Text(Cpuid(model, numbers)),
            ["proc/sys/kernel/osrelease"] = Text(model.Release + "\n"),
            ["proc/cmdline"] = Text(CommandLine(model, numbers)),
            ["sys/devices/system/cpu/smt/active"] = Text("1\n"),
            ["sys/class/iommu/ivhd0/"] = [],
            [Hostname] = Text(model.Name + "-simulated\n"),
            [Parameters + "sev"] = Switch(options.Sick != Sickness.SevOffInBios),
            [Parameters + "sev_es"] = Switch(numbers.SevEsOn),
            [Parameters + "sev_snp"] = Switch(numbers.SevSnpOn),
        };
        if (model.HiddenAsids is not null)
            files[Parameters + "ciphertext_hiding_asids"] = Text($"{(numbers.SevSnpOn ? numbers.Hidden : 0)}\n");

        bool handsOut = options.Sick != Sickness.SevOffInBios && options.Sick != Sickness.NoKvmAmd;
        (uint sev, uint sevEs) = handsOut ? (numbers.Sev, numbers.SevEsAndSnp) : (0, 0);
        files[Capacity] = Text(Lines((sev, sev > 0), (sevEs, sevEs > 0)));
        files[Current] = Text(Lines((options.RunningSev, sev > 0), (options.RunningSevEs, sevEs > 0)));

        if (handsOut)
        {
            files[SevStatus] = SevPlatformStatus(model, options);
            files[Chips] = ChipIds(options);
            using SimulatedSevPlatform platform = new(files[Chips], model.ApiMajor, model.ApiMinor);
            files[Certificates] = platform.Export();
        }

        foreach ((string path, string answer) in Libvirt(model, numbers, handsOut))
            files[path] = Text(answer);

        // Firmware of Zen 3 and later tells what part it is.
        if (model.CanSnp)
        {
            files[Part + "tsme_status"] = Text(options.Tsme ? "1\n" : "0\n");
            files[Part + "debug_lock_on"] = Text("1\n");
            files[Part + "fused_part"] = Text("1\n");
        }

        if (model.Firmware is { } firmware)
        {
            files["usr/share/qemu/firmware/60-edk2-amdsev-snp.json"] = Text(Descriptor);
            files[Image] = Text("A firmware image stands here on a real machine.\n");
            if (numbers.SevSnpOn)
                files[Status] = SnpPlatformStatus(firmware, numbers, options.Sick == Sickness.PostCve202548514);
        }

        Sicken(files, options.Sick, numbers);
        return files;
    }

    /// <summary>As the kernel prints misc.capacity and misc.current: a kind without capacity and use has no line.</summary>
    public static string Lines((uint Count, bool Shown) sev, (uint Count, bool Shown) sevEs) =>
        (sev.Shown || sev.Count > 0 ? $"sev {sev.Count}\n" : "") + (sevEs.Shown || sevEs.Count > 0 ? $"sev_es {sevEs.Count}\n" : "");

    private static void Sicken(SortedDictionary<string, byte[]> files, Sickness? sick, HostNumbers numbers)
    {
        if (sick == Sickness.NoMiscCgroup)
        {
            files.Remove(Capacity);
            files.Remove(Current);
        }
        else if (sick == Sickness.Contradiction)
        {
            uint other = numbers.Sev > 1 ? numbers.Sev / 2 : numbers.Sev + 1;
            files[Capacity] = Text(Lines((other, true), (numbers.SevEsAndSnp, false)));
        }
        else if (sick == Sickness.NoKvmAmd)
        {
            foreach (string parameter in files.Keys.Where(path => path.StartsWith(Parameters, StringComparison.Ordinal)).ToArray())
                files.Remove(parameter);
        }
        else if (sick == Sickness.SnpStatusMissing)
        {
            files.Remove(Status);
        }
        else if (sick == Sickness.Truncated || sick == Sickness.Garbage)
        {
            foreach (string path in files.Keys.Where(path => !path.EndsWith('/') && path is not (Image or Hostname)).ToArray())
                files[path] = sick == Sickness.Truncated ? FirstHalf(files[path]) : Noise(path);
        }
    }

    // Not at a line end: that would be a shorter file, not a cut one.
    private static byte[] FirstHalf(byte[] content)
    {
        int length = content.Length / 2;
        return length > 0 && content[length - 1] == '\n' ? content[..(length - Math.Max(1, length / 8))] : content[..length];
    }

    // System.Random with a seed may change between runtimes; splitmix64 does not.
    private static byte[] Noise(string path)
    {
        ulong state = 0xCBF2_9CE4_8422_2325;
        foreach (char c in path)
            state = (state ^ c) * 0x100_0000_01B3;
        byte[] noise = new byte[96];
        for (int i = 0; i < noise.Length; i += 8)
        {
            state += 0x9E37_79B9_7F4A_7C15;
            ulong z = (state ^ (state >> 30)) * 0xBF58_476D_1CE4_E5B9;
            z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
            BinaryPrimitives.WriteUInt64LittleEndian(noise.AsSpan(i), z ^ (z >> 31));
        }
        return noise;
    }

    // As `cpuid -r` prints a leaf.
    private static string Cpuid(HostModel model, HostNumbers numbers)
    {
        StringBuilder text = new();
        void Leaf(uint leaf, uint eax, uint ebx, uint ecx, uint edx) =>
            text.Append($"   0x{leaf:x8} 0x00: eax=0x{eax:x8} ebx=0x{ebx:x8} ecx=0x{ecx:x8} edx=0x{edx:x8}\n");

        // "AuthenticAMD": EBX, EDX, ECX
        Leaf(0x0000_0000, 0x10, 0x6874_7541, 0x444D_4163, 0x6974_6E65);
        Leaf(0x0000_0001, model.Identity, 0x0080_0800, 0x7EFA_320B, 0x178B_FBFF);
        Leaf(0x8000_0000, 0x8000_0028, 0x6874_7541, 0x444D_4163, 0x6974_6E65);
        Leaf(0x8000_0001, model.Identity, model.PackageType << 28, 0x75C2_37FF, 0x2FD3_FBFF);

        byte[] brand = new byte[48];
        Encoding.ASCII.GetBytes(model.Brand, brand);
        for (int part = 0; part < 3; part++)
        {
            uint Register(int index) => BinaryPrimitives.ReadUInt32LittleEndian(brand.AsSpan(part * 16 + index * 4));
            Leaf(0x8000_0002 + (uint)part, Register(0), Register(1), Register(2), Register(3));
        }
        Leaf(0x8000_001F, model.EncryptionEax, model.EncryptionEbx, numbers.MaximumAsid, numbers.MinimumSevAsid);
        return text.ToString();
    }

    private static string CommandLine(HostModel model, HostNumbers numbers) =>
        $"BOOT_IMAGE=/boot/vmlinuz-{model.Release} root=/dev/vda1 ro"
        + (numbers is { SevSnpOn: true, Hidden: > 0 } ? $" kvm_amd.ciphertext_hiding_asids={numbers.Hidden}" : "") + "\n";

    // libvirt counts by CPUID, unsigned: with the lowest ASID above the highest it comes round at 2^32.
    private static IEnumerable<(string Path, string Answer)> Libvirt(HostModel model, HostNumbers numbers, bool isOn)
    {
        yield return ("libvirt/hostname", model.Name + "-simulated\n");
        yield return ("libvirt/version", "11.3.0\n");
        yield return ("qemu/version", "10.0.2\n");
        yield return ("libvirt/domcapabilities.xml", $"""
            <domainCapabilities>
              <path>/usr/bin/qemu-system-x86_64</path>
              <domain>kvm</domain>
              <machine>pc-q35-10.0</machine>
              <arch>x86_64</arch>
              <features>
            {(isOn ? Sev(model, numbers) : "    <sev supported='no'/>\n    <launchSecurity supported='no'/>")}
              </features>
            </domainCapabilities>

            """);
    }

    private static string Sev(HostModel model, HostNumbers numbers) => $"""
            <sev supported='yes'>
              <cbitpos>{model.EncryptionEbx & 0x3F}</cbitpos>
              <reducedPhysBits>{(model.EncryptionEbx >> 6) & 0x3F}</reducedPhysBits>
              <maxGuests>{unchecked(numbers.MaximumAsid - numbers.MinimumSevAsid + 1)}</maxGuests>
              <maxESGuests>{numbers.SevEsAndSnp}</maxESGuests>
            </sev>
            <launchSecurity supported='yes'>
              <enum name='sectype'>
                <value>sev</value>
        {(numbers.SevSnpOn ? "        <value>sev-snp</value>\n      </enum>" : "      </enum>")}
            </launchSecurity>
        """;

    // AMD 55766 "PLATFORM_STATUS", Linux psp-sev.h struct sev_user_data_status: packed, so the flags begin at 3.
    private static byte[] SevPlatformStatus(HostModel model, SimulatedHostOptions options)
    {
        const byte Initialized = 1;
        const uint WithSevEs = 1 << 8;

        byte[] status = new byte[12];
        (status[0], status[1], status[2], status[7]) = (model.ApiMajor, model.ApiMinor, Initialized, (byte)(model.Firmware?.Build ?? 22));
        BinaryPrimitives.WriteUInt32LittleEndian(status.AsSpan(3), WithSevEs);
        BinaryPrimitives.WriteUInt32LittleEndian(status.AsSpan(8), options.RunningSev);
        return status;
    }

    // AMD 56860 "SNP_PLATFORM_STATUS", Linux psp-sev.h struct sev_user_data_snp_status.
    private static byte[] SnpPlatformStatus(SecurityProcessor firmware, HostNumbers numbers, bool withdrawn)
    {
        const byte Initialized = 1, AliasCheckComplete = 1 << 1, RmpInitialized = 1 << 0;
        const uint HidingCapable = 1 << 5, HidingEnabled = 1 << 6;

        byte[] status = new byte[32];
        Span<byte> wire = status;
        wire[0] = firmware.ApiMajor;
        wire[1] = firmware.ApiMinor;
        wire[2] = Initialized;
        wire[3] = RmpInitialized | AliasCheckComplete;
        BinaryPrimitives.WriteUInt32LittleEndian(wire[4..], firmware.Build);
        BinaryPrimitives.WriteUInt32LittleEndian(wire[8..],
            (firmware.CanHideCiphertext ? HidingCapable : 0) | (numbers.Hidden > 0 ? HidingEnabled : 0));
        // Guests, at 12, stay 0: the kernel's count does not tell SNP from SEV-ES.
        ulong tcb = withdrawn ? firmware.WithdrawnTcb : firmware.CurrentTcb;
        BinaryPrimitives.WriteUInt64LittleEndian(wire[16..], tcb);
        BinaryPrimitives.WriteUInt64LittleEndian(wire[24..], tcb);
        return status;
    }

    // AMD 55766 "GET_ID": 64 bytes a socket; Zen 5 uses the first 8.
    private static byte[] ChipIds(SimulatedHostOptions options) => [.. Enumerable.Range(0, options.Sockets).SelectMany(socket =>
    {
        byte[] id = SHA512.HashData(Text($"simulated chip {options.Model.Name} {options.ChipSeed} socket {socket}"));
        if (options.Model.Firmware is { HasShortChipId: true })
            Array.Clear(id, 8, id.Length - 8);
        return id;
    })];

    private const string Descriptor = $$"""
        {
          "description": "OVMF for SEV-SNP, stateless",
          "interface-types": ["uefi"],
          "mapping": {
            "device": "memory",
            "filename": "/{{Image}}"
          },
          "targets": [
            { "architecture": "x86_64", "machines": ["pc-q35-*"] }
          ],
          "features": ["amd-sev", "amd-sev-es", "amd-sev-snp", "verbose-dynamic"],
          "tags": []
        }

        """;

    private static byte[] Text(string text) => Encoding.UTF8.GetBytes(text);

    private static byte[] Switch(bool on) => Text(on ? "Y\n" : "N\n");
}
