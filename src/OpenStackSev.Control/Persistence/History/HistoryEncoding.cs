using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace OpenStackSev.Control.Persistence.History;

/// <summary>The bytes that a row's hash covers.</summary>
/// <remarks>
/// SHA-256 over: ASCII <c>openstack-sev/history/v1</c> ‖ hash of the writer's previous row (32 zero bytes before row 1) ‖ sequence ‖ time in
/// microseconds since 1970 ‖ writer ‖ kind ‖ subject (16, big-endian) ‖ project ‖ body. Numbers are 8 bytes, big-endian. Texts are UTF-8 and,
/// like the body, follow their length in 4 bytes, big-endian; the length of a project that is null is 0xFFFFFFFF. So no two rows share bytes.
/// </remarks>
public static class HistoryEncoding
{
    public const int HashLength = SHA256.HashSizeInBytes;

    /// <summary>What stands before a writer's first row.</summary>
    public static byte[] Genesis => new byte[HashLength];

    private const uint NoText = uint.MaxValue;

    public static byte[] Hash(
        ReadOnlySpan<byte> previous, string writer, long sequence, DateTimeOffset time, string kind, Guid subject, string? project,
        ReadOnlySpan<byte> body)
    {
        var bytes = new ArrayBufferWriter<byte>(256 + body.Length);
        bytes.Write("openstack-sev/history/v1"u8);
        bytes.Write(previous);
        Number(bytes, sequence);
        Number(bytes, Microseconds(time));
        Text(bytes, writer);
        Text(bytes, kind);
        Span<byte> id = stackalloc byte[16];
        subject.TryWriteBytes(id, bigEndian: true, out _);
        bytes.Write(id);
        Text(bytes, project);
        Length(bytes, (uint)body.Length);
        bytes.Write(body);
        return SHA256.HashData(bytes.WrittenSpan);
    }

    /// <summary>The hash that <paramref name="row"/> must have after a row with the hash <paramref name="previous"/>.</summary>
    public static byte[] Hash(ReadOnlySpan<byte> previous, HistoryRow row) =>
        Hash(previous, row.Writer, row.Sequence, row.Time, row.Kind, row.Subject, row.Project, row.Body);

    /// <summary>Microseconds since 1970; what is finer is cut off.</summary>
    public static long Microseconds(DateTimeOffset time) => (time.UtcTicks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset Time(long microseconds) => new(DateTime.UnixEpoch.Ticks + (microseconds * TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);

    internal static void Number(ArrayBufferWriter<byte> bytes, long number)
    {
        BinaryPrimitives.WriteInt64BigEndian(bytes.GetSpan(8), number);
        bytes.Advance(8);
    }

    internal static void Text(ArrayBufferWriter<byte> bytes, string? text)
    {
        if (text is null)
        {
            Length(bytes, NoText);
            return;
        }

        Length(bytes, (uint)Encoding.UTF8.GetByteCount(text));
        Encoding.UTF8.GetBytes(text, bytes);
    }

    private static void Length(ArrayBufferWriter<byte> bytes, uint length)
    {
        BinaryPrimitives.WriteUInt32BigEndian(bytes.GetSpan(4), length);
        bytes.Advance(4);
    }
}
