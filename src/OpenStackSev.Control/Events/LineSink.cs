namespace OpenStackSev.Control.Events;

/// <summary>Takes one line at a time.</summary>
public abstract class LineSink : IDisposable
{
    /// <summary>What messages call it.</summary>
    public abstract string Name { get; }

    /// <summary>Writes a line as a whole and hands it to the kernel.</summary>
    /// <exception cref="IOException">It was not written.</exception>
    public abstract void Append(ReadOnlySpan<byte> line);

    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    protected virtual void Dispose(bool disposing)
    {
    }
}

/// <summary>Standard output, which journald reads below systemd.</summary>
public sealed class StandardOutputSink : LineSink
{
    private readonly Stream output = Console.OpenStandardOutput();
    private readonly Lock writing = new();

    public override string Name => "standard output";

    public override void Append(ReadOnlySpan<byte> line)
    {
        byte[] whole = [.. line, (byte)'\n'];
        lock (writing)
            output.Write(whole);
    }

    protected override void Dispose(bool disposing)
    {
        output.Dispose();
        base.Dispose(disposing);
    }
}
