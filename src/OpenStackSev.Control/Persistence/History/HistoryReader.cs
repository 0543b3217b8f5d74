using Microsoft.EntityFrameworkCore;

namespace OpenStackSev.Control.Persistence.History;

/// <summary>Reads the history as it lies there; whether it is whole is for verification.</summary>
public sealed class HistoryReader(ControlDatabase database)
{
    public const int MaximumLimit = 1000;

    /// <summary>One row by its <see cref="HistoryRow.Id"/>; null when there is none.</summary>
    public Task<HistoryRow?> FindAsync(long id, CancellationToken ct = default) =>
        database.UseAsync(context => context.History.AsNoTracking().FirstOrDefaultAsync(row => row.Id == id, ct));

    /// <summary>What happened to <paramref name="subject"/>, the latest first.</summary>
    /// <param name="limit">1 to <see cref="MaximumLimit"/>; others are brought into that range.</param>
    /// <param name="before">Only rows whose <see cref="HistoryRow.Id"/> is lower: the last one of the page before.</param>
    public Task<IReadOnlyList<HistoryRow>> OfSubjectAsync(Guid subject, int limit, long? before = null, CancellationToken ct = default) =>
        database.UseAsync<IReadOnlyList<HistoryRow>>(async context =>
        {
            long end = before ?? long.MaxValue;
            return await context.History.AsNoTracking().Where(row => row.Subject == subject && row.Id < end)
                .OrderByDescending(row => row.Id).Take(Math.Clamp(limit, 1, MaximumLimit)).ToListAsync(ct);
        });

    /// <summary>The latest of the rows of <paramref name="subject"/> whose kind begins with <paramref name="kind"/>; null for none.</summary>
    public Task<HistoryRow?> LatestAsync(Guid subject, string kind, CancellationToken ct = default) => database.UseAsync(context =>
        context.History.AsNoTracking().Where(row => row.Subject == subject && row.Kind.StartsWith(kind)).OrderByDescending(row => row.Id).FirstOrDefaultAsync(ct));
}
