using Microsoft.EntityFrameworkCore;

namespace OpenStackSev.Control.Persistence.History;

/// <summary>What verification found about one writer's chain.</summary>
/// <param name="Writer">Whose chain.</param>
/// <param name="Anchor">The last row that retention removed; 0 when it removed none.</param>
/// <param name="Last">The last row that holds; 0 when there is none.</param>
/// <param name="Heads">Signed heads that the chain was held against.</param>
/// <param name="Fault">The first fault, or null when the chain is whole.</param>
public sealed record VerifiedChain(string Writer, long Anchor, long Last, int Heads, HistoryFault? Fault);

/// <summary>Reads every row and says whether each chain is whole, as far as the database and exported heads can tell.</summary>
/// <remarks>
/// The rows alone show what was changed, moved or removed between others. What was cut off at the end, and a chain that was written anew by
/// someone who can compute hashes, show only against heads that were signed and exported before.
/// </remarks>
public sealed class HistoryVerification(ControlDatabase database, HistoryKey? key)
{
    /// <exception cref="StorageException">The database could not be read.</exception>
    public async Task<IReadOnlyList<VerifiedChain>> VerifyAsync(IReadOnlyList<SignedHead> heads, CancellationToken ct = default)
    {
        (List<string> writers, Dictionary<string, HistoryAnchor> anchors) = await database.UseAsync(async context => (
            await context.History.Select(row => row.Writer).Distinct().ToListAsync(ct),
            await context.Anchors.AsNoTracking().ToDictionaryAsync(anchor => anchor.Writer, StringComparer.Ordinal, ct)));
        var chains = new List<VerifiedChain>();
        foreach (string writer in writers.Union(anchors.Keys).Union(heads.Select(head => head.Head.Writer)).Order(StringComparer.Ordinal))
        {
            SignedHead[] own = [.. heads.Where(head => head.Head.Writer == writer).OrderBy(head => head.Head.Sequence)];
            HistoryAnchor? anchor = anchors.GetValueOrDefault(writer);
            VerifiedChain chain = await VerifyAsync(writer, anchor, own, ct);
            // retention may have removed rows since the anchor was read
            if (chain.Fault is not null && await AnchorAsync(writer, ct) is { } now && now.Sequence != anchor?.Sequence)
                chain = await VerifyAsync(writer, now, own, ct);
            chains.Add(chain);
        }

        return chains;
    }

    private Task<HistoryAnchor?> AnchorAsync(string writer, CancellationToken ct) =>
        database.UseAsync(context => context.Anchors.AsNoTracking().FirstOrDefaultAsync(anchor => anchor.Writer == writer, ct));

    private async Task<VerifiedChain> VerifyAsync(string writer, HistoryAnchor? anchor, SignedHead[] heads, CancellationToken ct)
    {
        var check = new ChainCheck(writer, anchor);
        VerifiedChain Found(HistoryFault? fault) => new(writer, anchor?.Sequence ?? 0, check.Sequence, heads.Length, fault);

        if (anchor is not null && key is not null && !anchor.IsSignedBy(key))
            return Found(new HistoryFault(writer, anchor.Sequence, HistoryFaults.Anchor, $"the anchor is not signed by key {key.Id}"));
        if (key is not null && heads.FirstOrDefault(head => !key.Verifies(head)) is { } forged)
            return Found(new HistoryFault(writer, forged.Head.Sequence, HistoryFaults.HeadSignature, $"the exported head is not signed by key {key.Id}"));

        var pending = new Queue<HistoryHead>(heads.Select(head => head.Head));
        if (Against(pending, check) is { } atAnchor)
            return Found(atAnchor);
        HistoryFault? fault = await database.UseAsync(async context =>
        {
            IAsyncEnumerable<HistoryRow> rows = context.History.AsNoTracking().Where(row => row.Writer == writer)
                .OrderBy(row => row.Sequence).AsAsyncEnumerable();
            await foreach (HistoryRow row in rows.WithCancellation(ct))
            {
                if ((check.Next(row) ?? Against(pending, check)) is { } broken)
                    return broken;
            }

            return null;
        });
        return Found(fault ?? (pending.TryPeek(out HistoryHead? beyond)
            ? new HistoryFault(writer, check.Sequence + 1, HistoryFaults.Truncated,
                $"the chain ends at row {check.Sequence}, but row {beyond.Sequence} was there at {beyond.Time:O}")
            : null));
    }

    /// <summary>Compares the heads of the row that was just reached; those before the anchor cannot be compared any more.</summary>
    private static HistoryFault? Against(Queue<HistoryHead> pending, ChainCheck check)
    {
        while (pending.TryPeek(out HistoryHead? head) && head.Sequence <= check.Sequence)
        {
            pending.Dequeue();
            if (head.Sequence == check.Sequence && check.Sequence > 0 && !head.Hash.AsSpan().SequenceEqual(check.Hash))
            {
                return new HistoryFault(head.Writer, head.Sequence, HistoryFaults.Rewritten,
                    $"its hash is not the one that was signed at {head.Time:O}: this row or rows before it were written anew");
            }
        }

        return null;
    }
}
