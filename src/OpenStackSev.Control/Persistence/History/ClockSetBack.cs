using OpenStackSev.Control.Events;

namespace OpenStackSev.Control.Persistence.History;

/// <summary>The row that says that the clock was set back, so that a later row with an earlier time is no forgery.</summary>
public static class ClockSetBack
{
    public const string Kind = "history.clock.set_back";

    /// <summary>Corrections up to this are absorbed: rows meanwhile get the time of their predecessor.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    /// <summary>The record to append before others; null when the clock goes as it should.</summary>
    internal static HistoryRecord? Between(DateTimeOffset? last, DateTimeOffset now) => last - now > Tolerance
        ? new HistoryRecord(Kind, Guid.Empty, null, EcsLine.Line(json =>
        {
            json.WriteString("from", EcsLine.Text(last!.Value));
            json.WriteString("to", EcsLine.Text(now));
        }))
        {
            Event = new EventFields { IsAlert = true },
        }
        : null;
}
