using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using OpenStackSev.Attestation.Results;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Results;

namespace OpenStackSev.Control.Trust;

/// <summary>A snapshot as it is served.</summary>
/// <param name="Jws">Compact form.</param>
/// <param name="Tag">Strong entity tag, with its quotes: of what it says and of the minute, so that a schedulers' file never grows old without need.</param>
internal sealed record SignedSnapshot(string Jws, string Tag);

/// <summary>Makes the scheduler's snapshot, once for all who ask in the same second.</summary>
internal sealed class SnapshotDesk(HostTrustStates states, ResultSigner signer, TrustOptions options, TimeProvider time) : IDisposable
{
    /// <summary>Type of the JWS, as the filter expects it.</summary>
    public const string Type = "openstack-sev-snapshot";

    /// <summary>A snapshot that says the same is made anew after this time.</summary>
    private static readonly TimeSpan s_refresh = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim making = new(1, 1);
    private Made? last;

    /// <exception cref="ApiException">503: the keys cannot be used.</exception>
    /// <exception cref="Persistence.StorageException">The rows cannot be read.</exception>
    public async Task<SignedSnapshot> GetAsync(CancellationToken ct)
    {
        await making.WaitAsync(ct);
        try
        {
            DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds(time.GetUtcNow().ToUnixTimeSeconds());
            if (last is { } fresh && fresh.ReadAt == now)
                return fresh.Signed;
            last = await MakeAsync(now, ct);
            return last.Signed;
        }
        finally
        {
            making.Release();
        }
    }

    public void Dispose() => making.Dispose();

    private async Task<Made> MakeAsync(DateTimeOffset now, CancellationToken ct)
    {
        EarSigningKey key = signer.Keys.Current;
        Dictionary<Guid, HostQuarantineState> quarantines = (await states.QuarantinesAsync(ct)).ToDictionary(row => row.Node);
        var snapshot = TrustSnapshot.Of(await states.AllAsync(ct), quarantines, now, options.SnapshotLifetime);
        string content = key.KeyId + Convert.ToHexStringLower(SHA256.HashData((snapshot with { IssuedAt = default, ExpiresAt = default }).Bytes()));
        if (last is { } before && before.Content == content && now - before.IssuedAt < s_refresh && now >= before.IssuedAt)
            return before with { ReadAt = now };
        string tag = Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(content + now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture))))[..32];
        return new Made(now, now, content, new SignedSnapshot(SignedDocument.Sign(Encoding.UTF8.GetString(snapshot.Bytes()), Type, key), $"\"{tag}\""));
    }

    private sealed record Made(DateTimeOffset ReadAt, DateTimeOffset IssuedAt, string Content, SignedSnapshot Signed);
}
