using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Timeline;

/// <summary>A time in which an instance or a host was not as it should be, from the first record that says so.</summary>
/// <param name="Records">From the one that opened it to the one that ended it, or to the last one, the oldest first.</param>
/// <param name="End">Null while it lasts.</param>
internal sealed record Incident(IReadOnlyList<HistoryRow> Records, HistoryRow? End)
{
    public HistoryRow Start => Records[0];

    /// <summary>Of the record that opened it: unique in a cloud, and the same for everybody who asks.</summary>
    public long Number => Start.Id;
}
