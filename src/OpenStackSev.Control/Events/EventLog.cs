using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Events;

/// <summary>Where events and audit records leave this program for a SIEM.</summary>
/// <remarks>
/// The history is the record; an event is its copy. So an event that cannot be written is counted and logged, and fails nobody's request.
/// </remarks>
public sealed partial class EventLog(LineSink events, LineSink audit, ILogger<EventLog> logger)
{
    private long lost;

    /// <summary>Lines that could not be written since the start.</summary>
    public long Lost => Interlocked.Read(ref lost);

    public void Write(HistoryRow row, EventFields fields) => Write(events, EcsLine.Of(row, fields));

    public void Write(SignedHead head) => Write(events, EcsLine.Of(head));

    public void Write(AuditRecord record) => Write(audit, CadfLine.Of(record));

    private void Write(LineSink sink, byte[] line)
    {
        try
        {
            sink.Append(line);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
        {
            if (Interlocked.Increment(ref lost) is var count && (count & (count - 1)) == 0)      // 1, 2, 4, 8 …: a full disk must not fill the log too
                LinesLost(sink.Name, count, e.Message);
        }
    }

    [LoggerMessage(5101, LogLevel.Error, "an event was not written to {Sink}; {Count} are lost so far: {Reason}")]
    private partial void LinesLost(string sink, long count, string reason);
}
