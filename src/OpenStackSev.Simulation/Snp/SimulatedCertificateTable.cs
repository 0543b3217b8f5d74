using System.Buffers.Binary;

namespace OpenStackSev.Simulation.Snp;

/// <summary>The table of certificates that a host hands to a guest with an extended report.</summary>
/// <remarks>
/// Entries of GUID, offset and length, an entry of zeros, then the contents. GUIDs are in the order in which they are printed,
/// unlike those of UEFI. Source: AMD 56421 (GHCB) "SNP Extended Guest Request".
/// </remarks>
public static class SimulatedCertificateTable
{
    public static Guid Vcek { get; } = new("63da758d-e664-4564-adc5-f4b93be8accd");
    public static Guid Vlek { get; } = new("a8074bc2-a25a-483e-aae6-39c045a0b8a1");

    /// <summary>ASK, and ASVK with a VLEK.</summary>
    public static Guid Ask { get; } = new("4ab7b379-bbac-4fe4-a02f-05aef327c782");

    public static Guid Ark { get; } = new("c0b406a4-a803-4952-9743-3fb6014cd0ae");
    public static Guid Crl { get; } = new("92f81bc3-5811-4d3d-97ff-d19f88dc67ea");

    private const int EntryLength = 24;

    /// <summary>The table with these entries, contents in the same order.</summary>
    /// <param name="terminated">False leaves the entry of zeros out.</param>
    /// <param name="length">Pads with zeros to this length, as hosts do that hand out whole pages; never cuts.</param>
    public static byte[] Encode(IReadOnlyList<SimulatedTableEntry> entries, bool terminated = true, int? length = null)
    {
        int offset = (entries.Count + (terminated ? 1 : 0)) * EntryLength;
        byte[] table = new byte[Math.Max(length ?? 0, offset + entries.Sum(entry => entry.Content.Length))];
        for (int i = 0; i < entries.Count; i++)
        {
            SimulatedTableEntry entry = entries[i];
            Span<byte> head = table.AsSpan(i * EntryLength, EntryLength);
            entry.Kind.ToByteArray(bigEndian: true).CopyTo(head);
            BinaryPrimitives.WriteUInt32LittleEndian(head[16..], entry.Offset ?? (uint)offset);
            BinaryPrimitives.WriteUInt32LittleEndian(head[20..], entry.Length ?? (uint)entry.Content.Length);
            entry.Content.CopyTo(table, offset);
            offset += entry.Content.Length;
        }
        return table;
    }
}

/// <summary>One entry of a table of certificates.</summary>
/// <param name="Kind">One of <see cref="SimulatedCertificateTable"/>, or any other.</param>
public sealed record SimulatedTableEntry(Guid Kind, byte[] Content)
{
    /// <summary>What the entry says instead of where its content is.</summary>
    public uint? Offset { get; init; }

    /// <summary>What the entry says instead of how long its content is.</summary>
    public uint? Length { get; init; }
}
