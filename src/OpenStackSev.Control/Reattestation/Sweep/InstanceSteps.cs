using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>Takes the steps that are decided for one instance, and decides again after each, and when somebody else wrote meanwhile.</summary>
internal sealed class InstanceSteps(SweptInstances instances, HistoryWriter history)
{
    /// <summary>Steps and repetitions after others' writes, before an instance waits for the next sweep.</summary>
    private const int Most = 16;

    /// <param name="decide">Pure: the next step for the row as it is then; null for none.</param>
    /// <param name="known">The row as it was read; null for one that is not there.</param>
    /// <param name="taken">Told each step that was kept.</param>
    /// <returns>The row as it is now.</returns>
    /// <exception cref="StorageException">It was not kept.</exception>
    public async Task<InstanceState?> TakeAsync(
        Guid instance, InstanceState? known, Func<InstanceState?, SweepStep?> decide, Action<SweepStep>? taken, CancellationToken ct)
    {
        for (int i = 0; i < Most; i++)
        {
            if (decide(known) is not { } step)
                break;
            try
            {
                if (step.Record is { } record)
                    await history.AppendAsync(record with { Changes = [step.State] }, ct);
                else
                    await history.ApplyAsync(step.State, ct);
                known = step.State with { Version = step.State.Version + 1 };
                taken?.Invoke(step);
            }
            catch (StorageException e) when (e.Code == StorageCodes.Conflict)
            {
                // An answer came, or a request: what is decided must be about what is there now.
                known = await instances.FindAsync(instance, ct);
            }
        }

        return known;
    }
}
