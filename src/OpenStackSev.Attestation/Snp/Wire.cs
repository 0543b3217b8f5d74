using System.Buffers.Binary;

namespace OpenStackSev.Attestation.Snp;

/// <summary>Reads fields at the offsets that the specification prints, and collects what should not be there.</summary>
internal ref struct Wire(ReadOnlySpan<byte> bytes)
{
    private readonly ReadOnlySpan<byte> _bytes = bytes;
    private List<Finding>? _findings;

    public readonly IReadOnlyList<Finding> Findings => _findings ?? (IReadOnlyList<Finding>)[];

    public readonly byte Byte(int offset) => _bytes[offset];
    public readonly uint UInt32(int offset) => BinaryPrimitives.ReadUInt32LittleEndian(_bytes[offset..]);
    public readonly ulong UInt64(int offset) => BinaryPrimitives.ReadUInt64LittleEndian(_bytes[offset..]);
    public readonly FirmwareVersion Version(int offset) => new(_bytes[offset + 2], _bytes[offset + 1], _bytes[offset]);

    public TcbVersion Tcb(string field, int offset, TcbLayout layout)
    {
        ReadOnlySpan<byte> wire = _bytes.Slice(offset, TcbVersion.Size);
        TcbVersion tcb = TcbVersion.Read(wire, layout, out bool reservedIsZero);
        if (!reservedIsZero)
            Finds(SnpCodes.ReportReserved, $"reserved part of {field}", "zero", "0x" + Convert.ToHexStringLower(wire));
        return tcb;
    }

    /// <param name="field">What the specification calls the area.</param>
    /// <param name="start">First byte.</param>
    /// <param name="end">The byte after the last.</param>
    public void MustBeZero(string field, int start, int end)
    {
        int at = _bytes[start..end].IndexOfAnyExcept((byte)0);
        if (at >= 0)
            Finds(SnpCodes.ReportReserved, field, "zero", $"0x{_bytes[start + at]:x2} at 0x{start + at:X3}");
    }

    public void Must(bool holds, Check check, string field, string expected, ulong actual)
    {
        if (!holds)
            Finds(check, field, expected, $"0x{actual:x}");
    }

    private void Finds(Check check, string subject, string expected, string actual) =>
        (_findings ??= []).Add(check.Finds(subject, expected, actual));
}
