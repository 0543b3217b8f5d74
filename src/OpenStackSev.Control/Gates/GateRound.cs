using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Reattestation;
using OpenStackSev.Control.Reattestation.Sweep;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Control.Gates;

/// <summary>One look at the gates that are not over: what is known, what follows, that written, and the signal sent in between.</summary>
/// <remarks>
/// A signal is written down before it is sent, and Heat is looked at before it is sent again: after a crash, or on another control plane, the next
/// look goes on where this one stopped.
/// </remarks>
internal sealed partial class GateRound(
    GateStates states, GateReading reading, HistoryWriter history, RoundRequests rounds, GateJournal journal, HeatOptions options, ReattestationOptions reattestation, SweepOptions sweep,
    TimeProvider time, ILogger<GateRound> log)
{
    /// <summary>Gates that are looked at at one time.</summary>
    private const int Askers = 8;

    /// <summary>Gates in a row for which a service did not answer; the rest waits for the next look.</summary>
    private const int MostUnanswered = 3;

    public async Task RunAsync(CancellationToken ct)
    {
        try
        {
            await LookAsync(ct);
        }
        catch (StorageException e)
        {
            LogPutOff(log, e.Message);
        }
        // The next look tries again.
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogFailed(log, e);
        }
    }

    private async Task LookAsync(CancellationToken ct)
    {
        var moment = new GateMoment(time.GetUtcNow(), options, reattestation.Interval + sweep.Grace);
        var silence = new Silence();
        Guid after = Guid.Empty;
        IReadOnlyList<GatedInstance> page;
        bool isAny = false;
        do
        {
            page = await states.OpenAsync(after, moment.Now, ct);
            isAny |= page.Count > 0;
            after = page.Count > 0 ? page[^1].Gate.Instance : after;
            await Parallel.ForEachAsync(page, new ParallelOptions { MaxDegreeOfParallelism = Askers, CancellationToken = ct },
                async (one, stop) => await TakeAsync(one, moment, silence, stop));
        }
        while (page.Count == GateStates.Page);

        // Counting reads the whole table: only where there is something to count.
        if (isAny || journal.IsAnyOpen)
        {
            journal.Counts = await states.CountAsync(ct);
            journal.IsAnyOpen = journal.Counts.Any(one => one.Standing is GateStanding.Waiting or GateStanding.Signalling);
        }
    }

    private async Task TakeAsync(GatedInstance one, GateMoment moment, Silence silence, CancellationToken ct)
    {
        try
        {
            GateMove move = GateRules.Next(one, moment);
            if (move.Step is { } over)
                await WriteAsync(over, ct);
            else if (move.IsLook && silence.Count < MostUnanswered)
                await AskAsync(one, moment, silence, ct);
        }
        // Somebody else wrote it: it is decided anew at the next look, about what is there then.
        catch (StorageException e) when (e.Code == StorageCodes.Conflict)
        {
        }
        catch (StorageException e)
        {
            LogPutOff(log, e.Message);
        }
        // A defect met at one gate must not end the looks at all.
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LogUnexpected(log, one.Gate.Instance, e);
            await PutOffAsync(one.Gate, "unexpected", "an unexpected error; the log has it", ct);
        }
    }

    private async Task AskAsync(GatedInstance one, GateMoment moment, Silence silence, CancellationToken ct)
    {
        GateState gate = one.Gate;
        try
        {
            GateFacts facts = await reading.ReadAsync(one, ct);
            // They took their time. What is signalled is decided on what is known now, and the guest that was judged ran when Nova was asked.
            if (await states.BothAsync(gate.Instance, ct) is not { } now || now.Gate.Version != gate.Version)
                return;
            GateStep step = GateRules.Judge(now, facts, moment with { Now = time.GetUtcNow() });
            gate = await WriteAsync(step, ct);
            if (step.IsRoundWanted)
                await AskAgainAsync(now.Instance!, ct);
            if (!step.IsIntent)
            {
                silence.Broken();
                return;
            }

            bool isTaken = await SendAsync(gate, ct);
            silence.Broken();
            await WriteAsync(isTaken ? GateSteps.Confirm(gate, isFound: false, time.GetUtcNow()) : GateSteps.Sent(gate, time.GetUtcNow()), ct);
        }
        catch (OpenStackApiException e)
        {
            if (e.IsTransient)
                silence.Grew();
            string code = e.ShortCode;
            journal.Failed(code);
            LogNotNow(log, gate.Instance, e.Message);
            await PutOffAsync(gate, code, Explained(e, gate), ct);
        }
    }

    private async Task AskAgainAsync(InstanceState instance, CancellationToken ct)
    {
        try
        {
            await rounds.OpenAsync(instance, ct);
        }
        catch (ApiException)
        {
            // It stopped meanwhile, or is gone: the next look sees that.
        }
    }

    /// <summary>No longer than the signal belongs to this control plane.</summary>
    private async Task<bool> SendAsync(GateState gate, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(GateSteps.SendTime, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            return await reading.SignalAsync(gate, either.Token);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            // It may have arrived: it is looked for at the next look.
            return false;
        }
    }

    private async Task<GateState> WriteAsync(GateStep step, CancellationToken ct)
    {
        if (step.Record is { } record)
            await history.AppendAsync(record with { Changes = [step.State] }, ct);
        else
            await history.ApplyAsync(step.State, ct);
        if (step.State.Standing is GateStanding.Opened or GateStanding.Closed)
            journal.Signalled(step.State.IsSuccess!.Value);
        return step.State with { Version = step.State.Version + 1 };
    }

    private async Task PutOffAsync(GateState gate, string code, string detail, CancellationToken ct)
    {
        try
        {
            await WriteAsync(GateSteps.PutOff(gate, code, detail, time.GetUtcNow()), ct);
        }
        catch (StorageException e)
        {
            LogPutOff(log, e.Message);
        }
    }

    /// <summary>With what to do about it, where that is known.</summary>
    private static string Explained(OpenStackApiException e, GateState gate) => e switch
    {
        { Service: "identity", Status: System.Net.HttpStatusCode.Unauthorized } or { Service: "orchestration", Status: System.Net.HttpStatusCode.Forbidden } =>
            $"the control plane's user may not read and signal stacks in project {gate.Project}; it needs role reader there",
        _ => e.Detail,
    };

    [LoggerMessage(4901, LogLevel.Warning, "gates are looked at again later: {Reason}")]
    private static partial void LogPutOff(ILogger logger, string reason);

    [LoggerMessage(4902, LogLevel.Information, "the gate of instance {Instance} is looked at again later: {Reason}")]
    private static partial void LogNotNow(ILogger logger, Guid instance, string reason);

    [LoggerMessage(4903, LogLevel.Error, "looking at the gate of instance {Instance} failed")]
    private static partial void LogUnexpected(ILogger logger, Guid instance, Exception reason);

    [LoggerMessage(4904, LogLevel.Error, "looking at gates failed")]
    private static partial void LogFailed(ILogger logger, Exception reason);

    /// <summary>How many in a row were not answered.</summary>
    private sealed class Silence
    {
        private int count;

        public int Count => Volatile.Read(ref count);

        public void Grew() => Interlocked.Increment(ref count);

        public void Broken() => Volatile.Write(ref count, 0);
    }
}
