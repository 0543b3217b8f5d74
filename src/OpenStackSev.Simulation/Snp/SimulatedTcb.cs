using System.Globalization;
using System.Runtime.InteropServices;

namespace OpenStackSev.Simulation.Snp;

/// <summary>Security patch levels of one machine.</summary>
/// <param name="Fmc">Null before Turin, which has no such part.</param>
/// <remarks>Source: AMD 56860 "TCB_VERSION"; bytes 4 and 5 of every line, and the others that no part uses, are reserved and zero.</remarks>
[StructLayout(LayoutKind.Auto)]
public readonly record struct SimulatedTcb(byte? Fmc, byte Bootloader, byte Tee, byte Snp, byte Microcode)
{
    /// <summary>The 8 bytes of a report, in the order of the line.</summary>
    public byte[] Encode(SimulatedLine line) => line.HasFmc
        ? [Fmc ?? 0, Bootloader, Tee, Snp, 0, 0, 0, Microcode]
        : [Bootloader, Tee, 0, 0, 0, 0, Snp, Microcode];

    /// <summary>Reads <c>bootloader/tee/snp/microcode</c> or, with FMC, <c>fmc/bootloader/tee/snp/microcode</c>, in decimal.</summary>
    public static bool TryParse(string text, out SimulatedTcb tcb)
    {
        string[] parts = text.Split('/');
        byte[] levels = new byte[parts.Length];
        bool readable = parts.Length is 4 or 5;
        for (int i = 0; readable && i < parts.Length; i++)
            readable = byte.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out levels[i]);
        tcb = !readable ? default
            : parts.Length == 5 ? new(levels[0], levels[1], levels[2], levels[3], levels[4])
            : new(null, levels[0], levels[1], levels[2], levels[3]);
        return readable;
    }

    /// <summary>As <see cref="TryParse"/> reads it.</summary>
    public override string ToString() =>
        (Fmc is { } fmc ? $"{fmc}/" : "") + $"{Bootloader}/{Tee}/{Snp}/{Microcode}";
}
