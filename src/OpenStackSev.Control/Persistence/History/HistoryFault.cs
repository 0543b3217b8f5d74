namespace OpenStackSev.Control.Persistence.History;

/// <summary>Where a chain is first broken, and why.</summary>
/// <param name="Writer">Whose chain.</param>
/// <param name="Sequence">The first row that does not hold.</param>
/// <param name="Code">One of <see cref="HistoryFaults"/>.</param>
/// <param name="Detail">What was found there.</param>
public sealed record HistoryFault(string Writer, long Sequence, string Code, string Detail);

/// <summary>Codes of <see cref="HistoryFault"/>.</summary>
public static class HistoryFaults
{
    /// <summary>Rows are missing between two others, or before the first one without an anchor.</summary>
    public const string Missing = "history.row.missing";

    /// <summary>A row's hash does not follow from its content and its predecessor.</summary>
    public const string Changed = "history.row.changed";

    /// <summary>A row was moved to another place in the order of insertion.</summary>
    public const string Moved = "history.row.moved";

    /// <summary>Time goes back without a row that says so.</summary>
    public const string Time = "history.row.time";

    /// <summary>The anchor is not signed by the key of the history.</summary>
    public const string Anchor = "history.anchor.signature";

    /// <summary>An exported head is not signed by the key of the history.</summary>
    public const string HeadSignature = "history.head.signature";

    /// <summary>The chain ends before a row that a signed head names.</summary>
    public const string Truncated = "history.truncated";

    /// <summary>The chain has another row where a signed head names one: it was written anew.</summary>
    public const string Rewritten = "history.rewritten";
}
