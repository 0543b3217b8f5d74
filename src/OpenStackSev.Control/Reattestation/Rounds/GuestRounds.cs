using System.Security.Cryptography;
using System.Text.Json;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Api.Errors;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Results;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Events;
using OpenStackSev.Control.Gates;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Reattestation.Instances;
using OpenStackSev.Control.Reattestation.Results;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Control.Reattestation.Rounds;

/// <summary>One round of an instance: a challenge, an answer, a verdict. Read, judge, write; again when somebody else wrote meanwhile.</summary>
/// <remarks>All state is in the database, so that a round that breaks off anywhere goes on from there, on any control plane.</remarks>
internal sealed class GuestRounds(
    KnownInstances instances, EvidenceAppraisal appraisal, ResultSigner signer, HistoryWriter history, GuestLimits limits,
    EnforcementSignal enforcement, GateWake gates, ReattestationOptions options, TimeProvider time)
{
    /// <summary>Repetitions after others' writes, before a request is given up.</summary>
    private const int MostAttempts = 8;

    private static readonly TimeSpan s_retryNova = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_retryEndorsements = TimeSpan.FromSeconds(30);

    /// <summary>The open challenge, or a new one.</summary>
    /// <exception cref="ApiException">404, 409, 429 or 503.</exception>
    /// <exception cref="StorageException">It was not kept.</exception>
    public async Task<Challenge> ChallengeAsync(Guid instance, CancellationToken ct)
    {
        for (int attempt = 1; ; attempt++)
        {
            InstanceState state = await RequireAsync(instance, isFirst: attempt == 1, ct);
            DateTimeOffset now = time.GetUtcNow();
            byte[] nonce = RandomNumberGenerator.GetBytes(ReportData.NonceLength);
            if (RoundRules.Open(state, Guid.NewGuid(), nonce, options.ChallengeLifetime, now) is not { } opened)
                return Given(state, now);
            try
            {
                await history.ApplyAsync(opened, ct);
                return Given(opened, now);
            }
            catch (StorageException e) when (e.Code == StorageCodes.Conflict && attempt < MostAttempts)
            {
                // Another request of this instance opened one, or the sweep changed something.
            }
        }
    }

    /// <summary>Judges an answer.</summary>
    /// <exception cref="ApiException">4xx: it is no answer. 503: nobody can tell now, and the challenge stays open.</exception>
    /// <exception cref="StorageException">Nothing was kept.</exception>
    public async Task<EvidenceAnswer> AnswerAsync(Guid instance, Evidence evidence, ConfirmationKey? key, CancellationToken ct)
    {
        for (int attempt = 1; ; attempt++)
        {
            InstanceState state = await RequireAsync(instance, isFirst: attempt == 1, ct);
            try
            {
                if (RoundRules.Challenge(state, evidence.Challenge, time.GetUtcNow()) is { } refused)
                    throw await RefusedAsync(state, refused, ct);
                Appraisal appraised = await OnItsHostAsync(state, evidence, key, ct);
                return appraised.Judgement switch
                {
                    Judgement.Judged judged => await WriteAsync(appraised, judged, evidence, ct),
                    Judgement.NoAnswer no => throw await RefusedAsync(state, no, ct),
                    Judgement.CannotTell cannot => throw await PutOffAsync(state, cannot, ct),
                    var other => throw new InvalidOperationException($"{other} is no judgement"),
                };
            }
            catch (StorageException e) when (e.Code == StorageCodes.Conflict && attempt < MostAttempts)
            {
                // Somebody else wrote: whether the challenge is still open is looked at again.
            }
        }
    }

    private async Task<InstanceState> RequireAsync(Guid instance, bool isFirst, CancellationToken ct)
    {
        InstanceState state = await FromNova(() => instances.FindAsync(instance, ct))
            ?? throw new ApiException(AttestationErrors.InstanceNotFound, "Nova knows no such instance, or it asks for no memory encryption");
        if (isFirst)
            limits.OfProject(state.Project);
        return state.Model == RoundRules.ModelWithReports
            ? state
            : throw new ApiException(AttestationErrors.WithoutReports, $"an instance of {state.Model} cannot ask for a report of itself");
    }

    /// <summary>A genuine report of another chip: the instance may have moved, and Nova is asked once.</summary>
    private async Task<Appraisal> OnItsHostAsync(InstanceState state, Evidence evidence, ConfirmationKey? key, CancellationToken ct)
    {
        Appraisal first = await appraisal.AppraiseAsync(state, evidence, key, ct);
        if (first.Judgement is not Judgement.NoAnswer { Error: var error } || error != AttestationErrors.EvidenceWrongChip || !first.Facts.Result.Genuine)
            return first;
        InstanceState? moved = await FromNova(() => instances.AgainAsync(state, ct));
        return moved is null ? first : first with { Facts = first.Facts with { State = moved } };
    }

    private async Task<EvidenceAnswer> WriteAsync(Appraisal appraised, Judgement.Judged judged, Evidence evidence, CancellationToken ct)
    {
        DateTimeOffset now = time.GetUtcNow();
        InstanceState state = appraised.Facts.State;
        string? chip = appraised.Chip is { } id ? Convert.ToHexStringLower(id.Span) : null;
        var record = JudgementRecord.Of(judged, appraised.Facts.Result, state, appraised.Facts.Key?.Thumbprint, chip, appraised.Policy);
        SignedResult? token = signer.Sign(appraised, now);
        TimeSpan nextRound = RoundRules.NextRound(judged.Verdict, options, Random.Shared.NextDouble());
        await history.AppendAsync(
            new HistoryRecord(InstanceEvents.Verdict, state.Instance, state.Project, JsonSerializer.SerializeToUtf8Bytes(record, InstanceRecordJson.Default.JudgementRecord))
            {
                Changes =
                [
                    RoundRules.Answered(state, judged.Verdict, new StoredResult(record, token?.Token, token?.ExpiresAt, state.ChallengeExpiresAt - options.ChallengeLifetime).Bytes(), nextRound, now),
                    EvidenceOf(appraised, evidence, now),
                ],
                Event = new EventFields
                {
                    IsAlert = judged.Verdict == Verdict.Contraindicated,
                    Succeeded = judged.Verdict is Verdict.Affirming or Verdict.Warning,
                    Message = $"instance {state.Instance} is {record.Verdict}{string.Concat(judged.Findings.Take(3).Select(finding => " " + finding.Code))}",
                    HostId = state.Node,
                    HostName = state.HostName,
                },
            }, ct);
        if (judged.Verdict != state.Verdict)
            enforcement.VerdictTurned();
        gates.Judged();
        return new EvidenceAnswer(record.Verdict, [.. record.Findings.Select(finding => finding.Code).Distinct(StringComparer.Ordinal)],
            (int)nextRound.TotalSeconds, token?.Token, token is null ? null : (int)(token.ExpiresAt - now).TotalSeconds);
    }

    private static InstanceEvidence EvidenceOf(Appraisal appraised, Evidence evidence, DateTimeOffset now) => new()
    {
        Instance = appraised.Facts.State.Instance,
        Report = evidence.Report,
        Nonce = appraised.Facts.State.Nonce!,
        PublicKey = evidence.PublicKey,
        Vek = appraised.Facts.Result.Chain!.Vek.Der.ToArray(),
        ReceivedAt = now,
    };

    /// <summary>Keeps the code: a row of history for the first since the last judgement, and a note at intervals for the others.</summary>
    private async Task<ApiException> RefusedAsync(InstanceState state, Judgement.NoAnswer no, CancellationToken ct)
    {
        if (RoundRules.Noted(state, no.Code, time.GetUtcNow()) is { } noted)
        {
            if (state.NoAnswerCode is not null)
            {
                await history.ApplyAsync(noted, ct);
            }
            else
            {
                await history.AppendAsync(
                    new HistoryRecord(InstanceEvents.NoAnswer, state.Instance, state.Project,
                        JsonSerializer.SerializeToUtf8Bytes(new NoAnswerRecord(no.Code, no.Error.Code), InstanceRecordJson.Default.NoAnswerRecord))
                    {
                        Changes = [noted],
                        Event = new EventFields { IsAlert = true, Succeeded = false, HostId = state.Node, HostName = state.HostName },
                    }, ct);
            }
        }

        return new ApiException(no.Error, no.Detail);
    }

    /// <summary>Keeps that it could not be judged, so that it does not count as silence.</summary>
    private async Task<ApiException> PutOffAsync(InstanceState state, Judgement.CannotTell cannot, CancellationToken ct)
    {
        if (cannot.IsOurs && RoundRules.Noted(state, cannot.Code, time.GetUtcNow()) is { } noted)
            await history.ApplyAsync(noted, ct);
        return new ApiException(AttestationErrors.EndorsementsUnavailable, cannot.Detail) { RetryAfter = s_retryEndorsements };
    }

    private static Challenge Given(InstanceState state, DateTimeOffset now) =>
        new(state.Challenge!.Value, state.Instance, state.Nonce!, Math.Max(1, (int)(state.ChallengeExpiresAt!.Value - now).TotalSeconds));

    /// <summary>Whether Nova is away is not the instance's fault: it comes again.</summary>
    private static async Task<InstanceState?> FromNova(Func<Task<InstanceState?>> ask)
    {
        try
        {
            return await ask();
        }
        catch (Exception e) when (e is OpenStackApiException or TimeoutException)
        {
            throw new ApiException(RequestErrors.CloudUnavailable, "Nova does not say now where the instance is", e) { RetryAfter = s_retryNova };
        }
    }
}
