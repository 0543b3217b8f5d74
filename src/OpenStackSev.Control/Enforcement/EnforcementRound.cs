using OpenStackSev.Attestation;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Quarantine;
using OpenStackSev.Control.Reattestation;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Control.Enforcement;

/// <summary>One look at what verdicts ask for: notice who turned bad, look at the breaker, then do and undo. What fails is counted, and done at the next look.</summary>
/// <remarks>One at a time. All that it has to remember is in the database: after a crash the next look goes on where this one stopped.</remarks>
internal sealed partial class EnforcementRound(
    EnforcementStates states, EnforcementWriter writer, InstanceActs acts, FleetBreaker breaker, RulesInForce rules, EnforcementJournal journal,
    RuleQuarantines quarantines, ServiceActs services, ReattestationOptions rounds, SweepOptions sweep, TimeProvider time, ILogger<EnforcementRound> log)
{
    /// <summary>Instances that are written at one time: they share commits.</summary>
    private const int Writers = 32;

    public async Task<EnforcementTally> RunAsync(CancellationToken ct)
    {
        DateTimeOffset now = time.GetUtcNow();
        var tally = new EnforcementTally(now);
        await TryAsync(tally, async () =>
        {
            Ruleset ruleset = await rules.ReadAgainAsync(ct);
            EnforcementMoment moment = EnforcementMoment.Of(now, ruleset, rounds, sweep);
            // All who turned bad are written before anything is done about the first of them: or the breaker would hear of them one by one.
            await NoticeAsync(moment, tally, ct);
            moment = moment with { IsBreakerOpen = await breaker.IsOpenAsync(moment, ct) };
            var budget = new ActionBudget(ruleset.Limits, await states.ActedSinceAsync(now - ActionBudget.Hour, ct));
            await DoAsync(moment, budget, tally, ct);
            if (ruleset.Mode == EnforcementMode.Enforce && !moment.IsBreakerOpen)
                await breaker.RequestQuarantinesAsync(moment, ct);
            await TryAsync(tally, () => quarantines.RunAsync(moment, ct));
        });
        // Whatever the rules say: a quarantine by hand has its consequences too.
        await TryAsync(tally, () => services.RunAsync(tally, ct));
        await TryAsync(tally, async () => journal.Standings = await states.CountAsync(ct));
        tally.FinishedAt = time.GetUtcNow();
        journal.Add(tally);
        return tally;
    }

    private async Task NoticeAsync(EnforcementMoment moment, EnforcementTally tally, CancellationToken ct)
    {
        // Never those of an affirming verdict: no rule can name it.
        foreach (Verdict verdict in moment.Rules.Verdicts)
        {
            await foreach (EnforcedInstance[] page in PagesAsync(after => states.OfVerdictAsync(verdict, after, ct)))
            {
                await Parallel.ForEachAsync(page.Where(one => one.Row is null or { Standing: EnforcementStanding.Clear }), Bounded(ct), async (one, stop) =>
                {
                    InstanceHealth health = InstanceHealth.Of(one.Instance!, moment.Rules);
                    EnforcementState noticed = EnforcementRules.Noticed(one.Instance!, one.Row, health, moment);
                    if (noticed.Standing != EnforcementStanding.Clear && await TryAsync(tally, () => writer.WriteAsync(new(EnforcementStepKind.Noted, noticed), stop)))
                        tally.Noticed();
                });
            }
        }
    }

    private async Task DoAsync(EnforcementMoment moment, ActionBudget budget, EnforcementTally tally, CancellationToken ct)
    {
        await foreach (EnforcedInstance[] page in PagesAsync(after => states.LookedAfterAsync(after, ct)))
        {
            await Parallel.ForEachAsync(page, Bounded(ct), async (one, stop) =>
                await TryAsync(tally, () => acts.TakeAsync(one, moment, budget, tally, stop)));
        }
    }

    private static async IAsyncEnumerable<EnforcedInstance[]> PagesAsync(Func<Guid, Task<IReadOnlyList<EnforcedInstance>>> read)
    {
        Guid after = Guid.Empty;
        IReadOnlyList<EnforcedInstance> page;
        do
        {
            page = await read(after);
            if (page.Count == 0)
                yield break;
            after = page[^1].Instance?.Instance ?? page[^1].Row!.Instance;
            yield return [.. page];
        }
        while (page.Count == EnforcementStates.Page);
    }

    /// <returns>True when all of it was done.</returns>
    private async Task<bool> TryAsync(EnforcementTally tally, Func<Task> part)
    {
        try
        {
            await part();
            return true;
        }
        catch (OpenStackApiException e)
        {
            tally.Failed(e.ShortCode, e.Message);
            LogPutOff(log, e.Message);
        }
        // Somebody else wrote it: it is decided anew at the next look, about what is there then.
        catch (StorageException e) when (e.Code == StorageCodes.Conflict)
        {
        }
        catch (StorageException e)
        {
            tally.Failed(e.Code, e.Detail);
            LogPutOff(log, e.Message);
        }
        // A defect met at one instance must not end the looks at all.
        catch (Exception e) when (e is not OperationCanceledException)
        {
            tally.Failed("unexpected", "an unexpected error; the log has it");
            LogUnexpected(log, e);
        }

        return false;
    }

    private static ParallelOptions Bounded(CancellationToken ct) => new() { MaxDegreeOfParallelism = Writers, CancellationToken = ct };

    [LoggerMessage(4501, LogLevel.Warning, "a part of enforcement is put off to the next look: {Reason}")]
    private static partial void LogPutOff(ILogger logger, string reason);

    [LoggerMessage(4502, LogLevel.Error, "a part of enforcement failed")]
    private static partial void LogUnexpected(ILogger logger, Exception reason);
}
