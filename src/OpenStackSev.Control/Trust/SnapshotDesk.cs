using System.Security.Cryptography;
using System.Text;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation.Results;
using OpenStackSev.Attestation.Snapshots;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Results;

namespace OpenStackSev.Control.Trust;

/// <summary>A snapshot as it is served.</summary>
/// <param name="Jws">Compact form.</param>
/// <param name="Tag">Strong entity tag, with its quotes: of what it says, its times included: it is made anew when something else is to be said, and every 20 seconds.</param>
internal sealed record ServedSnapshot(byte[] Jws, string Tag);

/// <summary>Makes the scheduler's snapshot, once for all who ask in the same second.</summary>
internal sealed class SnapshotDesk(HostTrustStates states, ResultSigner signer, TrustOptions options, TrustPulse pulse, TimeProvider time) : IDisposable
{
    /// <summary>A snapshot that says the same is made anew after this time.</summary>
    private static readonly TimeSpan s_refresh = TimeSpan.FromSeconds(20);

    private readonly SemaphoreSlim making = new(1, 1);
    private Made? last;

    /// <exception cref="ApiException">503: the keys cannot be used, or hosts are not judged here: what was judged before must not look fresh.</exception>
    /// <exception cref="Persistence.StorageException">The rows cannot be read.</exception>
    public async Task<ServedSnapshot> GetAsync(CancellationToken ct)
    {
        if (!pulse.IsJudging)
            throw new ApiException(HostErrors.NotJudged, "hosts are not judged here now, so that nothing fresh can be said of them; the log says why") { RetryAfter = s_refresh };
        await making.WaitAsync(ct);
        try
        {
            DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds());
            if (last is { } fresh && fresh.ReadAt == now)
                return fresh.Signed;
            // Before the rows: what is written meanwhile is met the next time.
            (int, long) rows = await states.FingerprintAsync(ct);
            last = last is { } same && same.Rows == rows && same.Key == signer.Keys.Current.KeyId && now < same.Until && now >= same.IssuedAt
                ? same with { ReadAt = now }
                : await MakeAsync(rows, now, ct);
            return last.Signed;
        }
        finally
        {
            making.Release();
        }
    }

    public void Dispose() => making.Dispose();

    private async Task<Made> MakeAsync((int, long) read, DateTimeOffset now, CancellationToken ct)
    {
        EarSigningKey key = signer.Keys.Current;
        SnapshotFacts facts = await SnapshotFacts.ReadAsync(states, ct);
        HostsSnapshot snapshot = TrustSnapshot.Of(facts, now, options.SnapshotLifetime);
        byte[] body = snapshot.Write();
        string tag = Convert.ToHexStringLower(SHA256.HashData([.. Encoding.ASCII.GetBytes(key.KeyId), .. body]))[..32];
        // It says something else when a host's trust ends, and is to be young all the time.
        DateTimeOffset until = facts.Rows.Select(row => row.ExpiresAt).OfType<DateTimeOffset>().Where(end => end > now).Append(now + s_refresh).Min();
        return new Made(now, now, until, read, key.KeyId, new ServedSnapshot(SignedSnapshot.Sign(body, key), $"\"{tag}\""));
    }

    private sealed record Made(DateTimeOffset ReadAt, DateTimeOffset IssuedAt, DateTimeOffset Until, (int, long) Rows, string Key, ServedSnapshot Signed);
}
