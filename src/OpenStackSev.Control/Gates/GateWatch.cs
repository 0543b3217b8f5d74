using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Gates;

/// <summary>Takes note of the gates that servers name. A cloud without any costs nothing here.</summary>
internal sealed class GateWatch(GateStates states, HistoryWriter history, GateWake wake, HeatOptions options, TimeProvider time)
{
    /// <exception cref="StorageException">Something was not kept: it is seen again with the next listing.</exception>
    public async Task NoticeAsync(IReadOnlyCollection<NamedGate> named, CancellationToken ct)
    {
        if (!options.Enabled || named.Count == 0)
            return;
        Dictionary<Guid, GateState> known = await states.OfAsync([.. named.Select(gate => gate.Instance)], ct);
        foreach (NamedGate gate in named)
        {
            if (GateRules.Notice(known.GetValueOrDefault(gate.Instance), gate, time.GetUtcNow()) is not { } step)
                continue;
            try
            {
                await history.AppendAsync(step.Record! with { Changes = [step.State] }, ct);
                wake.Noticed();
            }
            catch (StorageException e) when (e.Code == StorageCodes.Conflict)
            {
                // Somebody else took note of it.
            }
        }
    }
}
