using System.Buffers;

namespace OpenStackSev.Control.Persistence.History;

/// <summary>A claim about a writer's chain, signed so that it holds against whoever can rewrite the database.</summary>
/// <param name="Writer">Whose chain.</param>
/// <param name="Sequence">A row of it.</param>
/// <param name="Hash">That row's hash, and through it all rows before.</param>
/// <param name="Time">When it was claimed.</param>
public sealed record HistoryHead(string Writer, long Sequence, byte[] Hash, DateTimeOffset Time)
{
    /// <summary>"The chain had this row": what is exported as an event.</summary>
    public static ReadOnlySpan<byte> IsHead => "openstack-sev/history-head/v1"u8;

    /// <summary>"The chain up to this row was whole and was removed": what an anchor says.</summary>
    public static ReadOnlySpan<byte> IsAnchor => "openstack-sev/history-anchor/v1"u8;

    /// <summary>The bytes that are signed: purpose ‖ writer ‖ sequence ‖ hash ‖ time, encoded as <see cref="HistoryEncoding"/> has it.</summary>
    public byte[] Encode(ReadOnlySpan<byte> purpose)
    {
        var bytes = new ArrayBufferWriter<byte>(160);
        bytes.Write(purpose);
        HistoryEncoding.Text(bytes, Writer);
        HistoryEncoding.Number(bytes, Sequence);
        bytes.Write(Hash);
        HistoryEncoding.Number(bytes, HistoryEncoding.Microseconds(Time));
        return bytes.WrittenSpan.ToArray();
    }
}

/// <summary>A head with its signature: ECDSA P-384 with SHA-384 over <see cref="HistoryHead.Encode"/>, as r ‖ s.</summary>
/// <param name="Head">What is claimed.</param>
/// <param name="KeyId">Whose signature, as <see cref="HistoryKey.Id"/> has it.</param>
/// <param name="Signature">96 bytes.</param>
public sealed record SignedHead(HistoryHead Head, string KeyId, byte[] Signature);
