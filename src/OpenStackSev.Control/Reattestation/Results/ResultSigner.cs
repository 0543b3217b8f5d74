using OpenStackSev.Attestation.Results;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Reattestation.Keys;
using OpenStackSev.Control.Reattestation.Rounds;

namespace OpenStackSev.Control.Reattestation.Results;

/// <summary>A result as a relying party takes it.</summary>
internal sealed record SignedResult(string Token, DateTimeOffset ExpiresAt);

/// <summary>Signs what was found: an EAR, bound to the guest's key.</summary>
internal sealed class ResultSigner(ReattestationOptions options, ApiOptions api, ProcessOptions process, KeystoneOptions keystone, ILogger<ResultSigner> log)
{
    private readonly KeyFile<ResultKeys> keys = new(options.ResultKeysIn(process), ResultKeys.Parse, isSecret: true, log);
    private readonly string issuer = options.IssuerOf(api);

    /// <exception cref="ApiException">503: the keys cannot be used.</exception>
    public ResultKeys Keys => keys.Current();

    /// <returns>Null where nothing binds a result: the guest gave no key, or Nova names no host.</returns>
    /// <exception cref="ApiException">503: the keys cannot be used.</exception>
    public SignedResult? Sign(Appraisal appraised, DateTimeOffset now)
    {
        InstanceState state = appraised.Facts.State;
        if (appraised.Facts.Key is not { } key || state.Node is not { } node)
            return null;
        var subject = new OpenStackSubject(
            state.Instance, state.Project, node, options.Cloud, keystone.RegionName, state.Flavor is { Length: > 0 } flavor && !flavor.Any(char.IsControl) ? flavor : null, state.Image);
        string token = EarToken.Sign(
            appraised.Facts.Result, subject, key, issuer, audience: null, keys.Current().Current, now, options.TokenLifetime, appraised.Policy.Digest);
        return new SignedResult(token, DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds()) + options.TokenLifetime);
    }
}
