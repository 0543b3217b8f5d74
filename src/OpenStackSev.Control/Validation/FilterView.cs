using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Trust;
using OpenStackSev.Inspection;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Control.Validation;

/// <summary>What SevTrustFilter would be told now: the snapshot, before it is signed.</summary>
internal sealed class FilterView(HostTrustStates states, TrustOptions options, TimeProvider time)
{
    /// <exception cref="Persistence.StorageException">The rows cannot be read.</exception>
    public async Task<TrustReading> ReadAsync(CancellationToken ct)
    {
        DateTimeOffset now = time.GetUtcNow();
        var snapshot = TrustSnapshot.Of(await SnapshotFacts.ReadAsync(states, ct), now, options.SnapshotLifetime);
        return TrustReading.Of(new TrustedHosts([.. snapshot.Hosts.Select(host => new TrustedHost(host.Node, host.Name,
            new HostTrustFacts(host.Trust, host.Reasons, host.Baselines.ToHashSet(StringComparer.Ordinal), host.ProvenAt, host.ExpiresAt)))], now));
    }
}
