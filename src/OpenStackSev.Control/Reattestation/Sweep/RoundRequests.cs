using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Control.Reattestation.Sweep;

/// <summary>Rounds that somebody wants now.</summary>
internal sealed partial class RoundRequests(InstanceSteps steps, GuestMetadata metadata, TimeProvider time, ILogger<RoundRequests> log)
{
    /// <summary>A guest that was nudged so recently, and has not answered yet, looks already; more would only load Nova.</summary>
    private static readonly TimeSpan s_nudged = TimeSpan.FromSeconds(30);

    /// <summary>Opens a round, unless one is open that nobody was found silent in, and nudges the guest.</summary>
    /// <exception cref="ApiException">409: it cannot answer.</exception>
    /// <exception cref="Persistence.StorageException">It was not kept.</exception>
    public async Task<OpenedRound> OpenAsync(InstanceState known, CancellationToken ct)
    {
        DateTimeOffset now = time.GetUtcNow();
        bool asked = false, nudges = false;
        InstanceState? state = await steps.TakeAsync(known.Instance, known, row =>
        {
            if (row is null || asked)
                return null;
            Require(row);
            nudges = row.NudgedAt is not { } last || now >= last + s_nudged || row.JudgedAt >= last;
            InstanceState opened = row.RoundOpenedAt is null || SweepRules.IsSilent(row) ? SweepRules.Opened(row, now) : row;
            opened = nudges ? opened with { Nudges = row.Nudges + 1, NudgedAt = now } : opened;
            return opened == row ? null : new SweepStep(SweepStepKind.Opened, null, opened);
        }, _ => asked = true, ct);
        return new OpenedRound(known.Instance, state!.RoundOpenedAt ?? now, nudges && await NudgeAsync(state, ct));
    }

    private async Task<bool> NudgeAsync(InstanceState state, CancellationToken ct)
    {
        try
        {
            await metadata.NudgeAsync(state, ct);
            return true;
        }
        catch (OpenStackApiException e)
        {
            // The round is open all the same, and the guest answers at its own time.
            LogNotNudged(log, state.Instance, e.Message);
            return false;
        }
    }

    private static void Require(InstanceState row)
    {
        if (row.GoneAt is not null)
            throw new ApiException(SweepErrors.CannotAnswer, $"instance {row.Instance} is gone");
        if (row.Model != SweepRules.GuestReportModel)
            throw new ApiException(AttestationErrors.WithoutReports, $"instance {row.Instance} is encrypted by {(row.Model.Length > 0 ? row.Model : "nothing any more")}, and cannot ask for a report of itself");
        if (!SweepRules.Answers(row))
            throw new ApiException(SweepErrors.CannotAnswer, $"instance {row.Instance} is {row.Status}: a round opens when it runs again");
    }

    [LoggerMessage(4403, LogLevel.Warning, "instance {Instance} was not nudged: {Reason}")]
    private static partial void LogNotNudged(ILogger logger, Guid instance, string reason);
}
