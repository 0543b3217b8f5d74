using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Control.Quarantine;

/// <summary>Makes compute services be as quarantines want them: looked at, written before, done, written after. What a crash left between is looked at like anything else.</summary>
internal sealed class ServiceActs(HostTrustStates states, HistoryWriter history, NovaServices nova, TimeProvider time)
{
    /// <summary>Hosts of one look.</summary>
    private const int MostHosts = 200;

    /// <summary>Hosts in a row about which Nova did not answer; the rest waits for the next look.</summary>
    private const int MostUnanswered = 3;

    /// <summary>Repetitions after others' writes.</summary>
    private const int Most = 8;

    /// <exception cref="OpenStackApiException">Nova did not list its compute nodes.</exception>
    /// <exception cref="StorageException">Something was not kept.</exception>
    public async Task RunAsync(EnforcementTally tally, CancellationToken ct)
    {
        IReadOnlyList<HostQuarantineState> rows = await states.QuarantinesToLookAtAsync(time.GetUtcNow(), MostHosts, ct);
        if (rows.Count == 0)
            return;
        ComputeNodes nodes;
        try
        {
            nodes = await nova.NodesAsync(ct);
        }
        catch (OpenStackApiException e)
        {
            foreach (HostQuarantineState row in rows)
                await FailAsync(row, e, ct);
            throw;
        }

        int unanswered = 0;
        foreach (HostQuarantineState row in rows)
        {
            try
            {
                await TakeAsync(row, nodes, ct);
                unanswered = 0;
            }
            catch (OpenStackApiException e)
            {
                tally.Failed(e.ShortCode, e.Message);
                await FailAsync(row, e, ct);
                if (e.IsTransient && ++unanswered >= MostUnanswered)
                    return;
            }
            catch (StorageException e) when (e.Code == StorageCodes.Conflict)
            {
                // Somebody else wrote it: decided anew at the next look.
            }
        }
    }

    private async Task TakeAsync(HostQuarantineState row, ComputeNodes nodes, CancellationToken ct)
    {
        ServiceFacts? service = await nova.LookAsync(nodes, row, ct);
        // Nova took its time: decided about what is there now.
        if (await states.FindQuarantineAsync(row.Node, ct) is not { } now)
            return;
        ServiceOutcome outcome = ServiceRules.Decide(now, service);
        DateTimeOffset at = time.GetUtcNow();
        if (outcome.Kind == ServiceOutcomeKind.Send)
        {
            if (now.Pending != outcome.Request)
                now = await WriteAsync(ServiceSteps.Intend(now, service!, outcome.Request, at), ct);
            string? given = ServiceSteps.ReasonFor(now, outcome.Request);
            await nova.SendAsync(service!, outcome.Request, given, ct);
            await EndAsync(now, current => ServiceSteps.Confirm(current, service!, outcome.Request, given, found: false, time.GetUtcNow()), ct);
            return;
        }

        ServiceStep step = outcome.Kind switch
        {
            ServiceOutcomeKind.Confirm => ServiceSteps.Confirm(
                now, service!, outcome.Request, outcome.Request == ServiceRequest.Disable ? service!.Reason : null, found: true, at),
            ServiceOutcomeKind.Leave => ServiceSteps.Leave(now, service, outcome.Request, outcome.Problem!, at),
            _ => ServiceSteps.Settle(now, at),
        };
        await WriteAsync(step, ct);
    }

    private async Task FailAsync(HostQuarantineState row, OpenStackApiException e, CancellationToken ct)
    {
        // As it is now: the intention may have been written since.
        if (await states.FindQuarantineAsync(row.Node, ct) is not { } now)
            return;
        try
        {
            await WriteAsync(ServiceSteps.Fail(now, e.ShortCode, e.Message, time.GetUtcNow()), ct);
        }
        catch (StorageException conflict) when (conflict.Code == StorageCodes.Conflict)
        {
            // Whoever wrote it wants it looked at anew.
        }
    }

    /// <summary>Writes what came of a request, whoever else wrote meanwhile: what Nova did is so.</summary>
    private async Task EndAsync(HostQuarantineState row, Func<HostQuarantineState, ServiceStep> end, CancellationToken ct)
    {
        HostQuarantineState now = row;
        for (int i = 1; ; i++)
        {
            try
            {
                await WriteAsync(end(now), ct);
                return;
            }
            catch (StorageException e) when (e.Code == StorageCodes.Conflict && i < Most)
            {
                if (await states.FindQuarantineAsync(row.Node, ct) is not { } stored || stored.Pending != row.Pending || stored.PendingSince != row.PendingSince)
                    return;
                now = stored;
            }
        }
    }

    /// <returns>The row as it is now.</returns>
    private async Task<HostQuarantineState> WriteAsync(ServiceStep step, CancellationToken ct)
    {
        if (step.Record is { } record)
            await history.AppendAsync(record, ct);
        else
            await history.ApplyAsync(step.State, ct);
        return step.State with { Version = step.State.Version + 1 };
    }
}
