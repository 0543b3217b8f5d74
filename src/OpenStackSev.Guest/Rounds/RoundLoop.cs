using Microsoft.Extensions.Logging;
using OpenStackSev.Api;
using OpenStackSev.Api.Client;
using OpenStackSev.Guest.Handover;
using OpenStackSev.Guest.Instructions;
using OpenStackSev.Guest.Reports;

namespace OpenStackSev.Guest.Rounds;

/// <summary>Decides when the next round is: when the control plane wants it, at a nudge, later and later while rounds fail.</summary>
/// <param name="connect">A client for the instructions; disposed when they change.</param>
/// <param name="search">Finds the instructions.</param>
/// <param name="token">Null to write none.</param>
internal sealed partial class RoundLoop(
    Func<CancellationToken, Task<FoundInstructions>> search, Func<FoundInstructions, GuestClient> connect, AttestationRound round,
    TokenFile? token, GuestState state, Nudge nudge, TimeProvider time, Random jitter, ILogger<RoundLoop> log) : IDisposable
{
    /// <summary>After so many failures in a row the instructions are looked for again: the control plane may have moved.</summary>
    private const int FailuresUntilSearch = 8;

    private GuestClient? client;
    private string? told;

    public async Task RunAsync(CancellationToken ct)
    {
        // One that another process left names a key that is gone.
        HandOver(null);
        int failures = 0;
        while (true)
        {
            nudge.Take();
            if (await RoundAsync(ct) is not { } failure)
            {
                failures = 0;
                await PauseAsync(Pace.AfterResult(state.Result!.Answer.NextRoundIn, jitter), wakeable: true, ct);
                continue;
            }

            if (++failures % FailuresUntilSearch == 0)
                Forget();
            // Not woken by a nudge: who fails is not to be asked by everybody at once.
            await PauseAsync(Pace.AfterFailure(failures - 1, failure.RetryAfter, jitter), wakeable: false, ct);
        }
    }

    /// <summary>One round, from finding the instructions to handing the token over. What fails is in <see cref="GuestState.Failing"/>.</summary>
    /// <returns>Null when it succeeded; else how long the other side wants to be left alone.</returns>
    public async Task<RoundFailure?> RoundAsync(CancellationToken ct)
    {
        try
        {
            if (state.Instructions is not { } found || client is null)
            {
                found = await search(ct);
                Forget();
                client = connect(found);
                state.Instructions = found;
                LogInstructions(log, found.Instructions.Instance, found.Instructions.Url, found.Place);
                if (found.Instructions.Url is { Scheme: "http", IsLoopback: false })
                    LogPlain(log);
            }

            Hold(await round.RunAsync(client.Api, found.Instructions, ct));
            return null;
        }
        catch (InstructionsException e)
        {
            return Failed(e.Code, e.Message);
        }
        catch (ReportException e)
        {
            return Failed(e.Code, e.Message);
        }
        catch (ControlAnswerException e)
        {
            return Failed(e.Code, e.Message);
        }
        catch (AttestationApiException e)
        {
            // A ticket that is refused may have been replaced.
            if (e.Status is System.Net.HttpStatusCode.Unauthorized or System.Net.HttpStatusCode.Forbidden)
                Forget();
            return Failed(e.Code ?? (e.Status is null ? ControlCodes.Unreachable : ControlCodes.Refused), e.Message, e.RetryAfter);
        }
    }

    /// <summary>Takes the token away, when the process ends: it names a key that ends with it.</summary>
    public void Withdraw() => HandOver(null);

    public void Dispose() => client?.Dispose();

    private void Hold(RoundResult result)
    {
        RoundResult? before = state.Result?.Round;
        state.Result = new HeldResult(result, time.GetUtcNow(), time.GetTimestamp());
        bool recovered = told is not null;
        (told, state.Failing) = (null, null);
        string findings = string.Join(", ", result.Answer.Findings);
        if (recovered || before is null || before.Answer.Verdict != result.Answer.Verdict || string.Join(", ", before.Answer.Findings) != findings)
            LogResult(log, result.IsSimulated ? "SIMULATED " : "", result.Answer.Verdict, findings.Length > 0 ? findings : "nothing");
        HandOver(result.Answer.Token);
    }

    private RoundFailure Failed(string code, string message, TimeSpan? retryAfter = null)
    {
        state.Failing = new Failure(code, message);
        if (code != told)
            LogFailed(log, code, message);
        told = code;
        return new RoundFailure(retryAfter);
    }

    private void Forget()
    {
        client?.Dispose();
        client = null;
        state.Instructions = null;
    }

    /// <summary>Waits, and takes the token away when it ends meanwhile: the next round may be later than that, or fail.</summary>
    private async Task PauseAsync(TimeSpan wait, bool wakeable, CancellationToken ct)
    {
        if (state.Result is { Answer.Token: not null } held)
        {
            if (held.TokenLeft(time) is { } left && left < wait)
            {
                if (await WaitAsync(left, wakeable, ct))
                    return;
                wait -= left;
            }

            if (held.TokenLeft(time) is null)
                HandOver(null);
        }

        await WaitAsync(wait, wakeable, ct);
    }

    private async Task<bool> WaitAsync(TimeSpan wait, bool wakeable, CancellationToken ct)
    {
        if (wakeable)
            return await nudge.WaitAsync(wait, time, ct);
        await Task.Delay(wait, time, ct);
        return false;
    }

    private void HandOver(string? current)
    {
        try
        {
            token?.Put(current);
        }
        // The round is done all the same, and the socket has the token.
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotWritten(log, token!.Path, e.Message);
        }
    }

    [LoggerMessage(5001, LogLevel.Information, "instance {Instance} proves itself to {Url}, as {Place} says")]
    private static partial void LogInstructions(ILogger logger, Guid instance, Uri url, string place);

    [LoggerMessage(5002, LogLevel.Warning, "the control plane's URL is http: the ticket goes over the network as it is")]
    private static partial void LogPlain(ILogger logger);

    [LoggerMessage(5003, LogLevel.Information, "{Simulated}{Verdict}; against it speaks {Findings}")]
    private static partial void LogResult(ILogger logger, string simulated, string verdict, string findings);

    [LoggerMessage(5004, LogLevel.Warning, "no round, it is tried again: {Code}: {Message}")]
    private static partial void LogFailed(ILogger logger, string code, string message);

    [LoggerMessage(5005, LogLevel.Error, "the token could not be written to {Path}: {Message}")]
    private static partial void LogNotWritten(ILogger logger, string path, string message);
}

/// <param name="RetryAfter">As the other side asked; null when it did not.</param>
internal sealed record RoundFailure(TimeSpan? RetryAfter);
