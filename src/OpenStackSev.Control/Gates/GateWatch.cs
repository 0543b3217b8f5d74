using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Gates;

/// <summary>Takes note of the gates that servers name. A cloud without any costs nothing here.</summary>
internal sealed class GateWatch(GateStates states, HistoryWriter history, GateJournal journal, GateWake wake, HeatOptions options, TimeProvider time)
{
    /// <exception cref="StorageException">Something was not kept: it is seen again with the next listing.</exception>
    public async Task NoticeAsync(IReadOnlyCollection<NamedGate> named, CancellationToken ct)
    {
        if (!options.Enabled || named.Count == 0)
            return;
        Dictionary<Guid, GateState> known = await states.OfAsync([.. named.Select(gate => gate.Instance)], ct);
        foreach (NamedGate gate in named)
        {
            if (GateRules.Notice(known.GetValueOrDefault(gate.Instance), gate, time.GetUtcNow()) is { } step && await WriteAsync(step, ct))
                wake.Noticed();
        }
    }

    /// <summary>Takes note of servers that name no gate, where there are gates at all: theirs may have been taken back.</summary>
    /// <exception cref="StorageException">As for what is noticed.</exception>
    public async Task UnnamedAsync(IReadOnlyCollection<Guid> servers, CancellationToken ct)
    {
        if (!options.Enabled || journal.Counts.Count == 0 || servers.Count == 0)
            return;
        foreach (GateState gate in (await states.OfAsync([.. servers], ct)).Values)
        {
            if (GateRules.Unnamed(gate, time.GetUtcNow()) is { } step)
                await WriteAsync(step, ct);
        }
    }

    private async Task<bool> WriteAsync(GateStep step, CancellationToken ct)
    {
        try
        {
            await history.AppendAsync(step.Record! with { Changes = [step.State] }, ct);
            return true;
        }
        catch (StorageException e) when (e.Code == StorageCodes.Conflict)
        {
            // Somebody else took note of it.
            return false;
        }
    }
}
