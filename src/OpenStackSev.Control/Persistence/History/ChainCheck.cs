using System.Security.Cryptography;

namespace OpenStackSev.Control.Persistence.History;

/// <summary>Follows one writer's chain row by row. Pure: what it is given is all that it knows.</summary>
public sealed class ChainCheck
{
    private readonly string writer;
    private long lastId = long.MinValue;
    private DateTimeOffset lastTime = DateTimeOffset.MinValue;

    /// <param name="writer">Whose chain.</param>
    /// <param name="anchor">Where it begins, when retention removed rows; its signature is not looked at here.</param>
    public ChainCheck(string writer, HistoryAnchor? anchor)
    {
        this.writer = writer;
        Sequence = anchor?.Sequence ?? 0;
        Hash = anchor?.Hash ?? HistoryEncoding.Genesis;
    }

    /// <summary>The last row that held, or the one that the anchor names; 0 before the first.</summary>
    public long Sequence { get; private set; }

    public byte[] Hash { get; private set; }

    /// <summary>Takes the row with the next higher sequence.</summary>
    /// <returns>Null when the chain holds up to here.</returns>
    public HistoryFault? Next(HistoryRow row)
    {
        if (row.Sequence != Sequence + 1)
        {
            return row.Sequence > Sequence
                ? Fault(Sequence + 1, HistoryFaults.Missing, row.Sequence == Sequence + 2
                    ? $"row {Sequence + 1} is missing; row {row.Sequence} comes next"
                    : $"rows {Sequence + 1} to {row.Sequence - 1} are missing; row {row.Sequence} comes next")
                : Fault(row.Sequence, HistoryFaults.Moved, $"row {row.Sequence} comes after row {Sequence}");
        }

        byte[] expected = HistoryEncoding.Hash(Hash, row);
        if (!CryptographicOperations.FixedTimeEquals(expected, row.Hash))
        {
            return Fault(row.Sequence, HistoryFaults.Changed, Sequence == 0
                ? "its hash does not follow from its content: it was changed"
                : $"its hash does not follow from row {Sequence} and its content: one of the two was changed");
        }

        if (row.Id <= lastId)
            return Fault(row.Sequence, HistoryFaults.Moved, $"it has id {row.Id}, but the row before it has {lastId}");
        if (row.Time < lastTime && row.Kind != ClockSetBack.Kind)
            return Fault(row.Sequence, HistoryFaults.Time, $"it is of {row.Time:O}, but the row before it of {lastTime:O}");
        (Sequence, Hash, lastId, lastTime) = (row.Sequence, expected, row.Id, row.Time);
        return null;
    }

    private HistoryFault Fault(long sequence, string code, string detail) => new(writer, sequence, code, detail);
}
