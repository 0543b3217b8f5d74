using System.Buffers.Binary;
using System.Globalization;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Control.Hosts;

/// <summary>A TCB as hosts write it: one number in hexadecimal, its most significant digits first. Pure.</summary>
internal static class HostTcb
{
    /// <returns>8 bytes as a report has them; null for what is no such number.</returns>
    public static byte[]? Bytes(string? digits)
    {
        if (!ulong.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong number))
            return null;
        byte[] wire = new byte[TcbVersion.Size];
        BinaryPrimitives.WriteUInt64LittleEndian(wire, number);
        return wire;
    }

    /// <param name="line">Decides which byte is which part; without it nothing does.</param>
    public static TcbVersion? Of(string? digits, ProductLine? line) =>
        line is { } known && Bytes(digits) is { } wire ? TcbVersion.Read(wire, known.Layout(), out _) : null;
}
