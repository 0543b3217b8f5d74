using System.Net;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Gates;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>One look at the cloud's instances: list, decide, write. What fails is counted, and done at the next look.</summary>
/// <remarks>One at a time. All that it has to remember is in the database; what it keeps here only spares Nova work.</remarks>
internal sealed partial class FleetSweep(
    FleetListing listing, SweptInstances instances, InstanceSteps steps, GuestMetadata metadata, TicketDelivery tickets, GateWatch gates, SweepJournal journal, SweepOptions options, TimeProvider time,
    ILogger<FleetSweep> log)
{
    /// <summary>Instances that are written at one time: they share commits.</summary>
    private const int Writers = 32;

    /// <summary>Requests to Nova at one time.</summary>
    private const int Askers = 4;

    /// <summary>Instances that a listing lacks and that are asked for one by one, in one sweep.</summary>
    private const int MostAbsent = 500;

    /// <summary>Since when answers could be taken; null while they cannot.</summary>
    private DateTimeOffset? listeningSince;

    private DateTimeOffset? fullListingAt;

    /// <summary>Start of the last listing that was complete, of either kind.</summary>
    private DateTimeOffset? listedAt;

    public async Task<SweepTick> RunAsync(CancellationToken ct)
    {
        DateTimeOffset now = time.GetUtcNow();
        bool isFull = fullListingAt is not { } last || listedAt is null || now >= last + options.FullListingInterval;
        var tally = new SweepTally(now, isFull);
        listeningSince ??= now;
        tally.IsComplete = await TryAsync(tally, () => ListAsync(tally, ct));
        await TryAsync(tally, () => WithTimeAsync(tally, ct));
        await TryAsync(tally, async () => journal.Numbers = await instances.CountAsync(now, now - options.NudgeAfter, ct));
        SweepTick tick = tally.Finished(time.GetUtcNow(), fullListingAt);
        journal.Add(tick);
        return tick;
    }

    private async Task ListAsync(SweepTally tally, CancellationToken ct)
    {
        DateTimeOffset start = tally.StartedAt;
        HashSet<Guid> present = [];
        SweepMoment moment = Moment(tally);
        await foreach (ListedPage page in listing.ListAsync(tally.IsFull ? null : listedAt, ct))
        {
            Dictionary<Guid, InstanceState> known = await instances.OfAsync([.. page.Servers.Select(server => server.Id)], ct);
            ListedServer[] ours = [.. page.Servers.Where(server => server.Model is not null || known.ContainsKey(server.Id))];
            tally.Listed(page.Count, ours.Length);
            await Parallel.ForEachAsync(ours, Bounded(Writers, ct), async (server, stop) => await steps.TakeAsync(
                server.Id, known.GetValueOrDefault(server.Id), row => SweepRules.Decide(row, server, moment), step => tally.Done(step.Kind), stop));
            await DeliverAsync(ours, tally, ct);
            // Also of servers that ask for no encryption: their stacks wait for what will never come.
            await TryAsync(tally, () => gates.NoticeAsync([.. page.Servers.Where(server => !server.IsDeleted).Select(server => server.Gate).OfType<NamedGate>()], ct));
            await TryAsync(tally, () => gates.UnnamedAsync([.. page.Servers.Where(server => server is { IsDeleted: false, IsUnknown: false, Gate: null }).Select(server => server.Id)], ct));
            if (tally.IsFull)
                present.UnionWith(ours.Select(server => server.Id));
        }

        // With tickets left over all are listed again at the next look.
        if (tally.IsFull && await AbsentAsync(present, moment, tally, ct) && tally.Of(SweepStepKind.TicketWritten) < TicketDelivery.MostOfASweep)
            fullListingAt = start;
        listedAt = start;
    }

    private async Task DeliverAsync(IEnumerable<ListedServer> servers, SweepTally tally, CancellationToken ct)
    {
        try
        {
            GuestInstructions[] missing = [.. servers.Select(tickets.Missing).OfType<GuestInstructions>().Take(TicketDelivery.MostOfASweep - tally.Of(SweepStepKind.TicketWritten))];
            await Parallel.ForEachAsync(missing, Bounded(Askers, ct), async (instructions, stop) =>
            {
                if (await TryAsync(tally, () => tickets.WriteAsync(instructions, stop)))
                    tally.Done(SweepStepKind.TicketWritten);
            });
        }
        catch (ApiException e)
        {
            tally.Failed(e.Error.Code, e.Detail);
        }
    }

    /// <summary>Instances that a complete listing lacks. Nova leaves out those of a cell that is away, so that each is asked for before it counts as gone.</summary>
    /// <returns>False when there were more than are asked for at once.</returns>
    private async Task<bool> AbsentAsync(HashSet<Guid> present, SweepMoment moment, SweepTally tally, CancellationToken ct)
    {
        var absent = new List<Guid>();
        Guid after = Guid.Empty;
        IReadOnlyList<KnownInstance> page;
        do
        {
            page = await instances.ListAsync(after, ct);
            // One that was made while Nova listed need not be in the list.
            absent.AddRange(page.Where(row => row.GoneAt is null && row.FirstSeenAt < tally.StartedAt && !present.Contains(row.Instance))
                .Select(row => row.Instance).Take(MostAbsent + 1 - absent.Count));
            after = page.Count > 0 ? page[^1].Instance : after;
        }
        while (page.Count == SweptInstances.Page && absent.Count <= MostAbsent);

        await Parallel.ForEachAsync(absent.Take(MostAbsent), Bounded(Askers, ct), async (instance, stop) =>
        {
            ListedServer? server = await listing.FindAsync(instance, stop);
            await steps.TakeAsync(instance, await instances.FindAsync(instance, stop),
                row => row is not { GoneAt: null } ? null : server is null ? SweepRules.Gone(row, moment.Now) : SweepRules.Decide(row, server, moment),
                step => tally.Done(step.Kind), stop);
        });
        return absent.Count <= MostAbsent;
    }

    /// <summary>What is due by the clock: rounds, judgements of silence, nudges.</summary>
    private async Task WithTimeAsync(SweepTally tally, CancellationToken ct)
    {
        SweepMoment moment = Moment(tally);
        await EachAsync(() => instances.DueAsync(moment.Now, ct), moment, tally, ct);
        // Nova has not said who runs: whoever was stopped meanwhile cannot answer.
        if (tally.IsComplete)
            await EachAsync(() => instances.UnansweredAsync(moment.Now - options.Grace, ct), moment with { KnowsStatus = true }, tally, ct);
        if (options.Nudges > 0)
            await NudgeAsync(moment with { MayNudge = true }, tally, ct);
    }

    /// <summary>Page after page, as long as each brings something to do: an instance that is done is not in the next one.</summary>
    private async Task EachAsync(Func<Task<IReadOnlyList<InstanceState>>> read, SweepMoment moment, SweepTally tally, CancellationToken ct)
    {
        IReadOnlyList<InstanceState> page;
        int done;
        do
        {
            page = await read();
            done = 0;
            await Parallel.ForEachAsync(page, Bounded(Writers, ct), async (row, stop) => await steps.TakeAsync(
                row.Instance, row, now => SweepRules.Decide(now, null, moment), step =>
                {
                    Interlocked.Increment(ref done);
                    tally.Done(step.Kind);
                }, stop));
        }
        while (page.Count == SweptInstances.Page && done > 0);
    }

    private async Task NudgeAsync(SweepMoment moment, SweepTally tally, CancellationToken ct)
    {
        IReadOnlyList<InstanceState> overdue = await instances.ToNudgeAsync(moment.Now - options.NudgeAfter, moment.Now - options.Grace, options.Nudges, ct);
        await Parallel.ForEachAsync(overdue, Bounded(Askers, ct), async (row, stop) =>
        {
            SweepStep? nudge = null;
            // Counted before it is sent: a counter that was sent and not kept would be sent again, and no guest would see it grow.
            await steps.TakeAsync(row.Instance, row, now => nudge is null ? SweepRules.Decide(now, null, moment) : null, step => nudge = step.Kind == SweepStepKind.Nudged ? step : nudge, stop);
            if (nudge is not null)
                await TryAsync(tally, () => SendAsync(nudge.State, tally, stop));
        });
    }

    private async Task SendAsync(InstanceState instance, SweepTally tally, CancellationToken ct)
    {
        await metadata.NudgeAsync(instance, ct);
        tally.Done(SweepStepKind.Nudged);
    }

    /// <returns>True when all of it was done.</returns>
    private async Task<bool> TryAsync(SweepTally tally, Func<Task> part)
    {
        try
        {
            await part();
            return true;
        }
        catch (OpenStackApiException e)
        {
            tally.Failed($"{e.Service}.{(e.Status is { } status and >= HttpStatusCode.BadRequest ? $"{(int)status}" : e.Code ?? "unreachable")}", e.Message);
            LogPutOff(log, e.Message);
        }
        catch (StorageException e)
        {
            // Answers were not kept either: nobody is silent who was not heard.
            listeningSince = null;
            tally.Failed(e.Code, e.Detail);
            LogPutOff(log, e.Message);
        }
        // A defect met at one instance must not end the sweeps of all.
        catch (Exception e) when (e is not OperationCanceledException)
        {
            tally.Failed("unexpected", "an unexpected error; the log has it");
            LogUnexpected(log, e);
        }

        return false;
    }

    private SweepMoment Moment(SweepTally tally) => new(tally.StartedAt, options, listeningSince ?? tally.StartedAt);

    private static ParallelOptions Bounded(int most, CancellationToken ct) => new() { MaxDegreeOfParallelism = most, CancellationToken = ct };

    [LoggerMessage(4401, LogLevel.Warning, "a part of the sweep is put off to the next one: {Reason}")]
    private static partial void LogPutOff(ILogger logger, string reason);

    [LoggerMessage(4402, LogLevel.Error, "a part of the sweep failed")]
    private static partial void LogUnexpected(ILogger logger, Exception reason);
}
