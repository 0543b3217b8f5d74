namespace OpenStackSev.Control.Persistence.History;

/// <summary>How one writer writes.</summary>
public sealed record HistoryWriterOptions
{
    public const int MaximumNameLength = 64;

    /// <summary>Whose chain it is. Two programs may share a name on one database: each batch reads where the chain ends.</summary>
    public required string Writer { get; init; }

    /// <summary>Most records in a transaction. More make a batch slower for its first record without sparing many syncs.</summary>
    public int MaximumBatch { get; init; } = 256;

    /// <summary>Most records that wait; a caller beyond that waits before its record is taken.</summary>
    public int Capacity { get; init; } = 4096;
}
