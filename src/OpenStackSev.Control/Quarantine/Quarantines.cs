using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Enforcement;
using OpenStackSev.Control.Hosts;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Quarantine;

/// <summary>Quarantines by hand. What follows in Nova is enforcement's next look, which begins at once.</summary>
internal sealed class Quarantines(HostRegistry hosts, HostTrustStates states, HistoryWriter history, QuarantineChanges changes, EnforcementSignal signal, TimeProvider time)
{
    /// <summary>Repetitions after others' writes.</summary>
    private const int Most = 8;

    /// <summary>Sets a host aside. The same again writes nothing; another reason or wish takes the place of the one before.</summary>
    /// <param name="reason">One line, checked.</param>
    /// <param name="disablesService">Null for as it is: who only gives another reason must not put a host back to work.</param>
    /// <exception cref="ApiException">404: it never reported.</exception>
    /// <exception cref="StorageException">It was not kept.</exception>
    public async Task SetAsync(Guid node, string reason, bool? disablesService, Caller by, CancellationToken ct)
    {
        HostState host = await hosts.FindAsync(node, ct);
        await WriteAsync(node, known =>
        {
            bool disables = disablesService ?? known is { Since: not null, DisablesService: true };
            return known is { Since: not null, ByRule: false } && known.Reason == reason && known.DisablesService == disables
                ? null : QuarantineSteps.Set(known, node, host.Name, reason, disables, QuarantineAuthor.Of(by), [], time.GetUtcNow());
        }, ct);
    }

    /// <exception cref="ApiException">404: it never reported. 409: it is in none.</exception>
    /// <exception cref="StorageException">It was not kept.</exception>
    public async Task ReleaseAsync(Guid node, Caller by, CancellationToken ct)
    {
        HostState host = await hosts.FindAsync(node, ct);
        await WriteAsync(node, known => known is { Since: not null }
            ? QuarantineSteps.Release(known, host.Name, QuarantineAuthor.Of(by), cause: null)
            : throw new ApiException(HostErrors.NotQuarantined, $"host {host.Name} is in no quarantine"), ct);
    }

    private async Task WriteAsync(Guid node, Func<HostQuarantineState?, HistoryRecord?> decide, CancellationToken ct)
    {
        for (int attempt = 1; ; attempt++)
        {
            if (decide(await states.FindQuarantineAsync(node, ct)) is not { } record)
                return;
            try
            {
                await history.AppendAsync(record, ct);
                changes.Tell();
                signal.VerdictTurned();
                return;
            }
            catch (StorageException e) when (e.Code == StorageCodes.Conflict && attempt < Most)
            {
                // Somebody else wrote it meanwhile: decided again, about what is there now.
            }
        }
    }
}
