namespace OpenStackSev.Cli.Tests.Validation;

/// <summary>A stream as long as one likes that is nowhere kept: a start, and then the same bytes again and again.</summary>
internal sealed class Repeated(ReadOnlySpan<byte> start, ReadOnlySpan<byte> repeated, long length) : Stream
{
    private readonly byte[] _start = start.ToArray();
    private readonly byte[] _repeated = repeated.ToArray();

    public override bool CanRead => true;
    public override bool CanSeek => false;
    public override bool CanWrite => false;
    public override long Length => length;

    /// <summary>How much was read.</summary>
    public override long Position { get; set; }

    public override int Read(byte[] buffer, int offset, int count)
    {
        int read = (int)Math.Min(count, length - Position);
        for (int i = 0; i < read; i++, Position++)
            buffer[offset + i] = Position < _start.Length ? _start[Position] : _repeated[(Position - _start.Length) % _repeated.Length];
        return read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
    public override void SetLength(long value) => throw new NotSupportedException();
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
