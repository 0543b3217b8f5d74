namespace OpenStackSev.Control.Persistence.History;

/// <summary>A committed row of the history. Never updated; deleted only by retention, oldest first.</summary>
public sealed class HistoryRow
{
    /// <summary>Order of insertion over all writers; a cursor for reading, not part of the proof.</summary>
    public long Id { get; init; }

    /// <summary>Whose chain it is in.</summary>
    public required string Writer { get; init; }

    /// <summary>Place in the writer's chain: 1, 2, 3 and so on without a gap.</summary>
    public required long Sequence { get; init; }

    /// <summary>When the writer committed it, in microseconds.</summary>
    public required DateTimeOffset Time { get; init; }

    public required string Kind { get; init; }
    public required Guid Subject { get; init; }
    public string? Project { get; init; }

    /// <summary>JSON as it was appended, byte by byte.</summary>
    public required byte[] Body { get; init; }

    /// <summary><see cref="HistoryEncoding"/>'s hash over the previous row's hash and this row: 32 bytes.</summary>
    public required byte[] Hash { get; init; }
}
