using System.Buffers.Binary;

namespace OpenStackSev.Attestation.Endorsements;

/// <summary>One entry of a certificate table.</summary>
/// <param name="Kind">What it is, as the host says.</param>
/// <param name="Content">The entry's bytes, within the table.</param>
public readonly record struct CertificateTableEntry(Guid Kind, ReadOnlyMemory<byte> Content);

/// <summary>The table that the host hands a guest with an extended report. All of it is the host's word.</summary>
/// <remarks>Source: AMD 56421 (GHCB), "SNP Extended Guest Request"; GUIDs are in the byte order of RFC 4122.</remarks>
public static class CertificateTable
{
    /// <summary>Longest table that is looked at, in bytes.</summary>
    public const int MaximumSize = 1024 * 1024;

    private const int HeaderSize = 24, MaximumEntries = 64;

    public static Guid Vcek { get; } = new("63da758d-e664-4564-adc5-f4b93be8accd");
    public static Guid Vlek { get; } = new("a8074bc2-a25a-483e-aae6-39c045a0b8a1");

    /// <summary>The ASK, or the ASVK beside a VLEK.</summary>
    public static Guid Ask { get; } = new("4ab7b379-bbac-4fe4-a02f-05aef327c782");
    public static Guid Ark { get; } = new("c0b406a4-a803-4952-9743-3fb6014cd0ae");
    public static Guid Crl { get; } = new("92f81bc3-5811-4d3d-97ff-d19f88dc67ea");

    /// <param name="table">Anything.</param>
    /// <param name="entries">In the table's order, kinds that are not known among them; empty on failure.</param>
    /// <param name="malformed">Why not; null on success.</param>
    /// <remarks>Entries that share bytes are not refused: each is judged by what it holds.</remarks>
    public static bool TryParse(ReadOnlyMemory<byte> table, out IReadOnlyList<CertificateTableEntry> entries, out Finding? malformed)
    {
        List<CertificateTableEntry> found = [];
        entries = [];
        malformed = table.Length > MaximumSize ? Malformed($"at most {MaximumSize} bytes", $"{table.Length} bytes") : null;
        for (int at = 0; malformed is null; at += HeaderSize)
        {
            if (at + HeaderSize > table.Length)
            {
                malformed = Malformed("an entry of zeros at the end", "the end of the bytes");
                break;
            }
            ReadOnlySpan<byte> header = table.Span.Slice(at, HeaderSize);
            if (!header.ContainsAnyExcept((byte)0))
            {
                entries = found;
                return true;
            }
            uint offset = BinaryPrimitives.ReadUInt32LittleEndian(header[16..]), length = BinaryPrimitives.ReadUInt32LittleEndian(header[20..]);
            if ((ulong)offset + length > (ulong)table.Length)
                malformed = Malformed($"entries within {table.Length} bytes", $"{length} bytes at {offset}");
            else if (found.Count == MaximumEntries)
                malformed = Malformed($"at most {MaximumEntries} entries", "more");
            else
                found.Add(new(new Guid(header[..16], bigEndian: true), table.Slice((int)offset, (int)length)));
        }
        return false;
    }

    private static Finding Malformed(string expected, string actual) => SnpCodes.CertificateMalformed.Finds("certificate table", expected, actual);
}
