using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Control.Enforcement;

/// <summary>Takes the steps of one instance: written before, confirmed after. What a crash left between the two is taken up here like anything else that is pending.</summary>
internal sealed class InstanceActs(EnforcementStates states, EnforcementWriter writer, NovaMeasures nova, TimeProvider time) : IDisposable
{
    /// <summary>Steps of one instance at one look.</summary>
    private const int MostSteps = 24;

    /// <summary>Instances that Nova is asked about at one time.</summary>
    private const int Askers = 4;

    /// <summary>Failures in a row after which a measure is left aside for a while.</summary>
    private const int MostOpenFailures = 5;

    private readonly SemaphoreSlim asking = new(Askers);

    /// <exception cref="Persistence.StorageException">Something was not kept.</exception>
    public async Task TakeAsync(EnforcedInstance one, EnforcementMoment moment, ActionBudget budget, EnforcementTally tally, CancellationToken ct)
    {
        for (int i = 0; i < MostSteps && EnforcementRules.Decide(one.Instance, one.Row, moment with { Budget = budget.For(one.Row!.Instance) }) is { } step; i++)
        {
            if (step is { Kind: EnforcementStepKind.Intended, State.PendingUndo: false } && !budget.TryTake(step.State.Instance))
                continue;   // others took the last of it: decided again, with nothing left
            if (step.Kind is EnforcementStepKind.Perform or EnforcementStepKind.Look)
            {
                if (!await AskAsync(step, moment, tally, ct))
                    return;
            }
            else
            {
                await writer.WriteAsync(step, ct);
                tally.Wrote(step);
            }

            one = await states.BothAsync(step.State.Instance, ct);
        }
    }

    public void Dispose() => asking.Dispose();

    /// <returns>False when there is nothing more to do at this look.</returns>
    private async Task<bool> AskAsync(EnforcementStep step, EnforcementMoment moment, EnforcementTally tally, CancellationToken ct)
    {
        await asking.WaitAsync(ct);
        try
        {
            if (tally.IsNovaAway)
                return false;
            return step.Kind == EnforcementStepKind.Look ? await LookAsync(step.State, ct) : await PerformAsync(step.State, moment, tally, ct);
        }
        finally
        {
            asking.Release();
        }
    }

    private async Task<bool> LookAsync(EnforcementState row, CancellationToken ct)
    {
        if (await nova.LookAsync(row.Instance, withActions: false, ct) is not { IsBusy: false } server || !EnforcementRules.Runs(server.Status))
            return false;
        await writer.WriteAsync(EnforcementSteps.Override(row, server.Status, time.GetUtcNow()), ct);
        return true;
    }

    private async Task<bool> PerformAsync(EnforcementState row, EnforcementMoment moment, EnforcementTally tally, CancellationToken ct)
    {
        bool withActions = (row.Pending & EnforcementRules.Halting) != Measures.None, sent = false;
        try
        {
            PendingOutcome outcome = PendingRules.Decide(row, await nova.LookAsync(row.Instance, withActions, ct));
            // Nova took its time. Directly before anything is sent it is decided once more, on what is known now.
            EnforcedInstance now = await states.BothAsync(row.Instance, ct);
            if (now.Row is null || now.Row.Pending != row.Pending || now.Row.PendingSince != row.PendingSince)
                return true;
            row = now.Row;
            DateTimeOffset at = time.GetUtcNow();
            if (outcome.Kind == PendingOutcomeKind.Send)
            {
                if (EnforcementRules.Stops(now.Instance, row, moment with { Now = at }) is { } reason)
                {
                    outcome = PendingOutcome.Cancel(reason);
                }
                else
                {
                    sent = true;
                    await nova.SendAsync(row, InstanceHealth.Of(now.Instance!, moment.Rules).Codes, ct);
                }
            }

            tally.Ended(row, outcome);
            await writer.EndAsync(row, pending => outcome.Kind switch
            {
                PendingOutcomeKind.Send => EnforcementSteps.Confirm(pending, found: false, time.GetUtcNow()),
                PendingOutcomeKind.Confirm => EnforcementSteps.Confirm(pending, found: true, at),
                PendingOutcomeKind.Leave => EnforcementSteps.Leave(pending, outcome.Reason!, at),
                PendingOutcomeKind.Cancel => EnforcementSteps.Cancel(pending, outcome.Reason!),
                _ => EnforcementSteps.Wait(pending, at),
            }, ct);
            return outcome.Kind != PendingOutcomeKind.Wait;
        }
        catch (OpenStackApiException e)
        {
            // Not refused, not answered: it may have been done, and is looked for before it is sent again. So is what a refusal may have met halfway.
            // One that never ends must not keep the others from being done.
            bool isOpen = row.Failures < MostOpenFailures
                && (e.IsTransient || e.Status is null || (sent && e.Status == System.Net.HttpStatusCode.Conflict && row.FailureCode is null));
            tally.Failed(row, e);
            await writer.EndAsync(row, pending => EnforcementSteps.Fail(pending, isOpen, e.ShortCode, e.Detail, time.GetUtcNow()), ct);
            return !isOpen;
        }
    }
}
