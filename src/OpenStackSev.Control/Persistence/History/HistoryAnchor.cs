namespace OpenStackSev.Control.Persistence.History;

/// <summary>Where a writer's chain begins since retention removed what was before. Signed, so that nobody else can shorten a chain.</summary>
public sealed record HistoryAnchor
{
    public required string Writer { get; init; }

    /// <summary>The last row that was removed.</summary>
    public required long Sequence { get; init; }

    /// <summary>Its hash.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>When it was removed.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>ECDSA P-384 with SHA-384 over the other fields as <see cref="HistoryHead.IsAnchor"/>, as r ‖ s.</summary>
    public required byte[] Signature { get; init; }

    public static HistoryAnchor Signed(HistoryHead head, HistoryKey key) => new()
    {
        Writer = head.Writer,
        Sequence = head.Sequence,
        Hash = head.Hash,
        Time = head.Time,
        Signature = key.Sign(head.Encode(HistoryHead.IsAnchor)),
    };

    public bool IsSignedBy(HistoryKey key) => key.Verifies(new HistoryHead(Writer, Sequence, Hash, Time).Encode(HistoryHead.IsAnchor), Signature);
}
