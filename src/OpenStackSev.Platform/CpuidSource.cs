using System.Globalization;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace OpenStackSev.Platform;

/// <summary>Registers after CPUID.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct CpuidRegisters(uint Eax, uint Ebx, uint Ecx, uint Edx);

/// <summary>CPUID: the instruction on this machine, the text of <c>cpuid -r</c> in a folder.</summary>
internal static class CpuidSource
{
    private static readonly SourceCodes Codes = new(PlatformCodes.CpuidMissing, PlatformCodes.CpuidUnreadable, PlatformCodes.CpuidMalformed);
    private static readonly uint[] Leaves = [0, 1, 0x8000_0001, 0x8000_0002, 0x8000_0003, 0x8000_0004, 0x8000_001F];

    public static ProcessorFacts? Read(SourceFolder folder, List<PlatformFinding> findings)
    {
        string subject = folder.IsMachine ? "CPUID" : folder.Path("cpuid");
        Source<ProcessorFacts> facts = (folder.IsMachine ? Ask() : SourceFolder.ReadText(subject).Then(Parse)).Then(Decode);
        if (facts.IsFound)
            return facts.Value;
        findings.Add(Codes.Finding(facts, subject));
        return null;
    }

    private static Source<IReadOnlyDictionary<uint, CpuidRegisters>> Ask()
    {
        if (!X86Base.IsSupported)
            return Source<IReadOnlyDictionary<uint, CpuidRegisters>>.Missing($"a {RuntimeInformation.ProcessArchitecture} processor has no CPUID");

        // Intel answers a leaf past the highest with another leaf's registers, so those are never asked for.
        Dictionary<uint, CpuidRegisters> answers = [];
        foreach (uint leaf in Leaves)
        {
            if (leaf <= Ask(leaf & 0x8000_0000).Eax)
                answers[leaf] = Ask(leaf);
        }
        return Source<IReadOnlyDictionary<uint, CpuidRegisters>>.Found(answers);
    }

    private static CpuidRegisters Ask(uint leaf)
    {
        (int eax, int ebx, int ecx, int edx) = X86Base.CpuId((int)leaf, 0);
        return new((uint)eax, (uint)ebx, (uint)ecx, (uint)edx);
    }

    /// <summary>Subleaf 0 of every leaf; of several processors, the first.</summary>
    internal static Source<IReadOnlyDictionary<uint, CpuidRegisters>> Parse(string text)
    {
        Dictionary<uint, CpuidRegisters> leaves = [];
        int number = 0;
        foreach (string raw in text.Split('\n'))
        {
            number++;
            string line = raw.Trim();
            if (line.Length == 0 || line[0] == '#' || (line.StartsWith("CPU", StringComparison.Ordinal) && line[^1] == ':'))
                continue;
            if (!TryLine(line, out uint leaf, out uint subleaf, out CpuidRegisters registers))
            {
                return Source<IReadOnlyDictionary<uint, CpuidRegisters>>.Malformed(
                    $"line {number} is not '0xLEAF 0xSUBLEAF: eax=0x… ebx=0x… ecx=0x… edx=0x…'");
            }
            if (subleaf == 0)
                leaves.TryAdd(leaf, registers);
        }
        return Source<IReadOnlyDictionary<uint, CpuidRegisters>>.Found(leaves);
    }

    private static bool TryLine(string line, out uint leaf, out uint subleaf, out CpuidRegisters registers)
    {
        (leaf, subleaf, registers) = (0, 0, default);
        string[] parts = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length != 6 || !parts[1].EndsWith(':')
            || !TryHex(parts[0], "", out leaf) || !TryHex(parts[1][..^1], "", out subleaf)
            || !TryHex(parts[2], "eax=", out uint eax) || !TryHex(parts[3], "ebx=", out uint ebx)
            || !TryHex(parts[4], "ecx=", out uint ecx) || !TryHex(parts[5], "edx=", out uint edx))
        {
            return false;
        }
        registers = new(eax, ebx, ecx, edx);
        return true;
    }

    private static bool TryHex(string text, string name, out uint value)
    {
        value = 0;
        string prefix = name + "0x";
        return text.StartsWith(prefix, StringComparison.Ordinal)
            && uint.TryParse(text.AsSpan(prefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    /// <remarks>Source: AMD 24594 (APM volume 3), appendix E; only leaves 0 and 1 must be there.</remarks>
    internal static Source<ProcessorFacts> Decode(IReadOnlyDictionary<uint, CpuidRegisters> leaves)
    {
        if (!leaves.TryGetValue(0, out CpuidRegisters vendorLeaf) || !leaves.TryGetValue(1, out CpuidRegisters identity))
            return Source<ProcessorFacts>.Malformed("no leaf 0x00000000 or no leaf 0x00000001");

        string vendor = Text(vendorLeaf.Ebx, vendorLeaf.Edx, vendorLeaf.Ecx);
        int baseFamily = Bits(identity.Eax, 8, 4);
        int family = baseFamily == 0xF ? baseFamily + Bits(identity.Eax, 20, 8) : baseFamily;
        int model = (baseFamily >= 6 ? Bits(identity.Eax, 16, 4) << 4 : 0) | Bits(identity.Eax, 4, 4);
        int packageType = leaves.TryGetValue(0x8000_0001, out CpuidRegisters extended) ? Bits(extended.Ebx, 28, 4) : 0;
        return Source<ProcessorFacts>.Found(new ProcessorFacts
        {
            Vendor = vendor,
            Brand = Brand(leaves),
            Family = family,
            Model = model,
            Stepping = Bits(identity.Eax, 0, 4),
            PackageType = packageType,
            Product = EpycProducts.Of(vendor, family, model, packageType),
            Encryption = leaves.TryGetValue(0x8000_001F, out CpuidRegisters e) ? new EncryptionLeaf(e.Eax, e.Ebx, e.Ecx, e.Edx) : null,
        });
    }

    private static string Brand(IReadOnlyDictionary<uint, CpuidRegisters> leaves)
    {
        StringBuilder brand = new();
        for (uint leaf = 0x8000_0002; leaf <= 0x8000_0004; leaf++)
        {
            if (leaves.TryGetValue(leaf, out CpuidRegisters r))
                brand.Append(Text(r.Eax, r.Ebx, r.Ecx, r.Edx));
        }
        return brand.ToString().Trim();
    }

    // Anything but printable ASCII would reach terminals and logs; a processor sends none but the closing NULs.
    private static string Text(params ReadOnlySpan<uint> registers)
    {
        StringBuilder text = new();
        foreach (uint register in registers)
        {
            for (int shift = 0; shift < 32; shift += 8)
            {
                char c = (char)((register >> shift) & 0xFF);
                if (c is >= ' ' and <= '~')
                    text.Append(c);
            }
        }
        return text.ToString();
    }

    private static int Bits(uint register, int first, int count) => (int)((register >> first) & ((1u << count) - 1));
}
