using System.Buffers.Binary;
using System.Security.Cryptography;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>When rounds are due. Pure.</summary>
internal static class RoundTimes
{
    /// <summary>Of an instance that no round is opened for until something changes.</summary>
    public static DateTimeOffset Never { get; } = HistoryEncoding.Time(HistoryEncoding.Microseconds(new DateTimeOffset(9999, 1, 1, 0, 0, 0, TimeSpan.Zero)));

    /// <summary>A part of <paramref name="most"/>: another one for each instance, and each time.</summary>
    public static TimeSpan Spread(Guid instance, DateTimeOffset now, TimeSpan most)
    {
        Span<byte> bytes = stackalloc byte[24];
        instance.TryWriteBytes(bytes, bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(bytes[16..], now.UtcTicks);
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(bytes, hash);
        return most * (BinaryPrimitives.ReadUInt32BigEndian(hash) / (double)uint.MaxValue);
    }
}
