using System.CommandLine;
using OpenStackSev.Api;
using OpenStackSev.Api.Client;
using OpenStackSev.Attestation.Results;
using OpenStackSev.Attestation.Snapshots;
using OpenStackSev.Inspection;
using OpenStackSev.OpenStack;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Cli.Explaining;

/// <summary>What SevTrustFilter is told: the control plane's snapshot, as it is now.</summary>
internal static class FilterView
{
    /// <summary>A control plane that does not answer makes the explanation poorer, and does not end it.</summary>
    public static async Task<TrustReading> ReadAsync(ParseResult parsed, CancellationToken ct)
    {
        try
        {
            using var plane = Hosts.ControlPlane.Of(parsed.Connect(), new AttestationClientOptions { MaximumResponseBytes = SignedSnapshot.MaximumSize });
            using HttpResponseMessage keys = await plane.Api.GetVerificationKeysAsync(ct);
            using HttpResponseMessage answer = await plane.Api.GetSnapshotAsync(ct: ct);
            return Of(await answer.Content.ReadAsByteArrayAsync(ct), await keys.Content.ReadAsByteArrayAsync(ct), TimeProvider.System.GetUtcNow());
        }
        catch (Exception e) when (e is AttestationApiException or OpenStackApiException)
        {
            return TrustReading.Failed(e.Message);
        }
    }

    /// <summary>The control plane's word for its own trust: keys of its own, over the same connection.</summary>
    internal static TrustReading Of(byte[] text, byte[] keys, DateTimeOffset now)
    {
        SnapshotFault? fault = null;
        if (!EarVerificationKeys.TryParse(keys, out EarVerificationKeys? known, out _)
            || !SignedSnapshot.TryOpen(text, known, out byte[]? payload, out fault) || !HostsSnapshot.TryRead(payload, out HostsSnapshot? snapshot, out fault))
        {
            return TrustReading.Failed($"the control plane's snapshot does not hold: {fault?.Code ?? "keys.malformed"}");
        }

        return TrustReading.Of(new TrustedHosts([.. snapshot.Hosts.Select(host => new TrustedHost(host.Node, host.Name,
            new HostTrustFacts(host.Trust, host.Reasons, host.Baselines.ToHashSet(StringComparer.Ordinal), host.ProvenAt, host.ExpiresAt)))], now));
    }
}
