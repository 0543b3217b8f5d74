namespace OpenStackSev.Control.Persistence.History;

/// <summary>The last row of a writer's chain.</summary>
public sealed record ChainEnd(long Sequence, DateTimeOffset Time, byte[] Hash)
{
    public static ChainEnd Of(HistoryRow row) => new(row.Sequence, row.Time, row.Hash);
}
