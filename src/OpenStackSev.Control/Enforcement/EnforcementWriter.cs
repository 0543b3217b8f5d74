using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Enforcement;

/// <summary>Writes steps, each whole in itself.</summary>
internal sealed class EnforcementWriter(EnforcementStates states, HistoryWriter history)
{
    /// <summary>Repetitions after others' writes.</summary>
    private const int Most = 8;

    /// <returns>The row as it is now.</returns>
    /// <exception cref="StorageException">It was not kept; <see cref="StorageCodes.Conflict"/>: somebody else wrote it meanwhile.</exception>
    public async Task<EnforcementState> WriteAsync(EnforcementStep step, CancellationToken ct)
    {
        if (step.Record is { } record)
            await history.AppendAsync(record with { Changes = [step.State] }, ct);
        else
            await history.ApplyAsync(step.State, ct);
        return step.State with { Version = step.State.Version + 1 };
    }

    /// <summary>Writes what came of a request, whoever else wrote meanwhile: what Nova did is so.</summary>
    /// <param name="row">As it was when the request was sent.</param>
    /// <param name="end">The end of what is pending.</param>
    /// <returns>The row as it is now; null when somebody else wrote the end of it.</returns>
    /// <exception cref="StorageException">It was not kept.</exception>
    public async Task<EnforcementState?> EndAsync(EnforcementState row, Func<EnforcementState, EnforcementStep> end, CancellationToken ct)
    {
        EnforcementState now = row;
        for (int i = 1; ; i++)
        {
            try
            {
                return await WriteAsync(end(now), ct);
            }
            catch (StorageException e) when (e.Code == StorageCodes.Conflict && i < Most)
            {
                EnforcementState? stored = await states.FindAsync(row.Instance, ct);
                if (stored is null || stored.Pending != row.Pending || stored.PendingUndo != row.PendingUndo || stored.PendingSince != row.PendingSince)
                    return stored;
                now = stored;
            }
        }
    }
}
