using OpenStackSev.Api.Enforcement;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Identity;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;

namespace OpenStackSev.Control.Enforcement;

/// <summary>What an administrator says about one instance: undo what was done, and leave it for some time.</summary>
internal sealed class Releases(EnforcementStates states, HistoryWriter history, EnforcementSignal signal, TimeProvider time)
{
    private const int Most = 8;

    /// <exception cref="ApiException">409: there is nothing to release.</exception>
    /// <exception cref="StorageException">It was not kept.</exception>
    public async Task ReleaseAsync(Guid instance, string reason, TimeSpan lifetime, Caller by, CancellationToken ct)
    {
        for (int i = 1; ; i++)
        {
            if (await states.FindAsync(instance, ct) is not { Standing: not EnforcementStanding.Clear } row)
                throw new ApiException(EnforcementErrors.NothingToRelease, "nothing speaks against the instance, and nothing was done about it");
            try
            {
                await history.AppendAsync(EnforcementSteps.Release(row, reason, time.GetUtcNow() + lifetime, by), ct);
                signal.VerdictTurned();
                return;
            }
            catch (StorageException e) when (e.Code == StorageCodes.Conflict && i < Most)
            {
                // A look is at work on it: the release is on top of what that wrote.
            }
        }
    }
}
