using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Storage;

namespace OpenStackSev.Control.Persistence.History;

/// <summary>How much history is kept. Both unset: all of it.</summary>
/// <param name="Age">Rows that are older go.</param>
/// <param name="Rows">Most rows of a writer that stay.</param>
public sealed record RetentionLimits(TimeSpan? Age, long? Rows);

/// <summary>What was removed of one writer's chain.</summary>
public sealed record TrimmedHistory(string Writer, long Rows, HistoryAnchor Anchor);

/// <summary>A chain that is not whole is not shortened: that would hide what was done to it.</summary>
public sealed class BrokenHistoryException(HistoryFault fault)
    : Exception($"history of writer '{fault.Writer}' is broken at row {fault.Sequence}: {fault.Code}: {fault.Detail}; nothing more of it is removed")
{
    public HistoryFault Fault { get; } = fault;
}

/// <summary>Removes the oldest rows, and leaves a signed anchor that holds the hash of the last one, so that the rest stays provable.</summary>
/// <remarks>Rows are verified before they go. A writer's last row always stays: it holds the hash that the next one follows.</remarks>
public sealed class HistoryRetention(ControlDatabase database, HistoryKey key, RetentionLimits limits, TimeProvider time)
{
    /// <summary>Rows a transaction: writers wait for one of these at most.</summary>
    private const int Chunk = 2000;

    /// <exception cref="StorageException">The database failed; what was removed until then is anchored.</exception>
    /// <exception cref="BrokenHistoryException">A chain does not hold.</exception>
    public async Task<IReadOnlyList<TrimmedHistory>> TrimAsync(CancellationToken ct = default)
    {
        List<string> writers = await database.UseAsync(context => context.History.Select(row => row.Writer).Distinct().ToListAsync(ct));
        var trimmed = new List<TrimmedHistory>();
        foreach (string writer in writers)
        {
            long end = await EndAsync(writer, ct);
            long removed = 0;
            HistoryAnchor? anchor = null;
            while (await database.UseAsync(context => RemoveAsync(context, writer, end, ct)) is var (rows, left))
            {
                removed += rows;
                anchor = left;
            }

            if (anchor is not null)
                trimmed.Add(new TrimmedHistory(writer, removed, anchor));
        }

        return trimmed;
    }

    /// <summary>The last row that has to go.</summary>
    private async Task<long> EndAsync(string writer, CancellationToken ct)
    {
        (long first, long last) = await database.UseAsync(async context => (
            await context.History.Where(row => row.Writer == writer).MinAsync(row => row.Sequence, ct),
            await context.History.Where(row => row.Writer == writer).MaxAsync(row => row.Sequence, ct)));
        long end = limits.Rows is { } most ? last - most : 0;
        if (limits.Age is { } age)
            end = Math.Max(end, await LastBeforeAsync(writer, first, last, time.GetUtcNow() - age, ct));
        return Math.Min(end, last - 1);
    }

    /// <summary>Bisects the sequence, which has an index, instead of asking for an index by time: times of a writer rise with it.</summary>
    private async Task<long> LastBeforeAsync(string writer, long first, long last, DateTimeOffset cut, CancellationToken ct)
    {
        (long low, long high) = (first - 1, last + 1);      // low is too old, high is not
        while (high - low > 1)
        {
            long middle = low + ((high - low) / 2);
            DateTimeOffset at = await database.UseAsync(context => context.History
                .Where(row => row.Writer == writer && row.Sequence >= middle).OrderBy(row => row.Sequence).Select(row => row.Time).FirstAsync(ct));
            if (at < cut)
                low = middle;
            else
                high = middle;
        }

        return low;
    }

    private async Task<(int Rows, HistoryAnchor Anchor)?> RemoveAsync(ControlContext context, string writer, long end, CancellationToken ct)
    {
        await using IDbContextTransaction transaction = await context.Database.BeginTransactionAsync(ct);
        HistoryAnchor? anchor = await context.Anchors.FirstOrDefaultAsync(a => a.Writer == writer, ct);
        if (anchor is not null && !anchor.IsSignedBy(key))
            throw new BrokenHistoryException(new HistoryFault(writer, anchor.Sequence, HistoryFaults.Anchor, $"the anchor is not signed by key {key.Id}"));
        HistoryRow[] rows = await context.History.AsNoTracking().Where(row => row.Writer == writer && row.Sequence <= end)
            .OrderBy(row => row.Sequence).Take(Chunk).ToArrayAsync(ct);
        if (rows.Length == 0)
            return null;
        var check = new ChainCheck(writer, anchor);
        foreach (HistoryRow row in rows)
        {
            if (check.Next(row) is { } fault)
                throw new BrokenHistoryException(fault);
        }

        DateTimeOffset now = HistoryEncoding.Time(HistoryEncoding.Microseconds(time.GetUtcNow()));
        HistoryAnchor left = HistoryAnchor.Signed(new HistoryHead(writer, check.Sequence, check.Hash, now), key);
        if (anchor is null)
            context.Anchors.Add(left);
        else
            context.Entry(anchor).CurrentValues.SetValues(left);
        await context.SaveChangesAsync(ct);
        long last = rows[^1].Sequence;
        await context.History.Where(row => row.Writer == writer && row.Sequence <= last).ExecuteDeleteAsync(ct);
        await transaction.CommitAsync(ct);
        return (rows.Length, left);
    }
}
