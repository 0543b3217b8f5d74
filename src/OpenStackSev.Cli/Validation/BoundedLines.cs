namespace OpenStackSev.Cli.Validation;

/// <summary>The lines of a stream, one after the other in one buffer: however long the stream or a line is, no more than a bound is kept.</summary>
/// <param name="maximum">Longest line in bytes; of a longer one nothing is kept.</param>
/// <param name="beforeRead">Called when the stream must be asked for more, which may take as long as somebody types.</param>
internal sealed class BoundedLines(Stream stream, int maximum, Action? beforeRead = null)
{
    private byte[] _buffer = new byte[64 * 1024];
    private int _start, _end;
    private bool _ended;

    /// <summary>The line that was read, without its end; empty for one that was too long. Valid until the next is read.</summary>
    public ReadOnlyMemory<byte> Current { get; private set; }

    /// <summary>The line that was read had more than the bound.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>Reads the next line; what follows the last line end is a line if there is anything.</summary>
    /// <exception cref="IOException">The stream failed.</exception>
    public bool Read()
    {
        (Current, IsTooLong) = (default, false);
        int searched = _start;
        while (true)
        {
            int length = _buffer.AsSpan(searched, _end - searched).IndexOf((byte)'\n');
            if (length >= 0)
            {
                Take(searched + length);
                _start = searched + length + 1;
                return true;
            }
            if (_ended)
            {
                bool any = _end > _start || IsTooLong;
                Take(_end);
                _start = _end;
                return any;
            }
            if (IsTooLong || _end - _start > maximum)
            {
                IsTooLong = true;
                _start = _end;
            }
            int read = Fill();
            searched = _end - read;
        }
    }

    private void Take(int end)
    {
        IsTooLong |= end - _start > maximum;
        Current = IsTooLong ? default : _buffer.AsMemory(_start, end - _start);
    }

    /// <returns>How many bytes came behind those that are there.</returns>
    private int Fill()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        // one more than the longest line, to see that it is longer
        if (_end == _buffer.Length)
            Array.Resize(ref _buffer, (int)Math.Min(2L * _buffer.Length, Math.Max(maximum + 1L, _buffer.Length + 1L)));
        beforeRead?.Invoke();
        int read = stream.Read(_buffer, _end, _buffer.Length - _end);
        _end += read;
        _ended = read == 0;
        return read;
    }
}
