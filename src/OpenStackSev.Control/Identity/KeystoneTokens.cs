using System.Collections.Concurrent;
using OpenStackSev.Api.Errors;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Conventions;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Keystone;

namespace OpenStackSev.Control.Identity;

/// <summary>Keystone's word about tokens: asked once for many requests, believed for a short time, never beyond the token's end.</summary>
public sealed partial class KeystoneTokens(
    OpenStackConnection cloud, KeystoneOptions options, TimeProvider time, ILogger<KeystoneTokens> log) : IDisposable
{
    /// <summary>Fernet and JWS tokens have less than 1 KiB. Longer ones would make Keystone's web server hang up.</summary>
    private const int LongestToken = 2048;

    /// <summary>Questions to Keystone at one time: whoever invents tokens does not take all of it.</summary>
    private const int MostQuestions = 16;

    private readonly TokenCache cache = new(time);
    private readonly ConcurrentDictionary<TokenHash, Lazy<Task<Caller?>>> asking = new();
    private readonly SemaphoreSlim questions = new(MostQuestions, MostQuestions);

    /// <summary>Who holds the token.</summary>
    /// <param name="serviceToken">Of a service that passes on a user's request: with it, an expired token of the user's is taken.</param>
    /// <exception cref="ApiException">401: not a good token. 503: Keystone cannot be asked.</exception>
    public ValueTask<Caller> CheckAsync(string token, string? serviceToken, CancellationToken ct) =>
        // Most requests bring one token that is known: nothing to wait for.
        serviceToken is null && CanBeToken(token) && cache.TryGet(TokenHash.Of(token, allowExpired: false), out Caller? known)
            ? ValueTask.FromResult(known ?? throw NotGood())
            : new(AskedAsync(token, serviceToken, ct));

    public void Dispose() => questions.Dispose();

    private async Task<Caller> AskedAsync(string token, string? serviceToken, CancellationToken ct)
    {
        bool allowExpired = serviceToken is not null && await IsServiceAsync(serviceToken, ct);
        return await CallerOfAsync(token, allowExpired, ct) ?? throw NotGood();
    }

    private static ApiException NotGood() => Invalid("the token in X-Auth-Token is not known to Keystone, or expired or revoked");

    /// <summary>What no token can be is not sent on.</summary>
    private static bool CanBeToken(string token) => token.Length <= LongestToken && !token.AsSpan().ContainsAnyExceptInRange('!', '~');

    private async Task<bool> IsServiceAsync(string serviceToken, CancellationToken ct)
    {
        Caller service = await CallerOfAsync(serviceToken, allowExpired: false, ct)
            ?? throw Invalid("the token in X-Service-Token is not known to Keystone, or expired or revoked");
        return options.ServiceTokenRoles.Any(role => service.Roles.Contains(role.ToLowerInvariant()));
    }

    private async Task<Caller?> CallerOfAsync(string token, bool allowExpired, CancellationToken ct)
    {
        if (!CanBeToken(token))
            return null;
        TokenHash hash = TokenHash.Of(token, allowExpired);
        if (cache.TryGet(hash, out Caller? known))
            return known;
        // One question however many wait for it; it belongs to none of them, so that none can cancel it.
        Lazy<Task<Caller?>> question = asking.GetOrAdd(hash, _ => new Lazy<Task<Caller?>>(() => AskAsync(hash, token, allowExpired)));
        return await question.Value.WaitAsync(ct);
    }

    private async Task<Caller?> AskAsync(TokenHash hash, string token, bool allowExpired)
    {
        await questions.WaitAsync();
        try
        {
            TokenBody? body = await cloud.ValidateTokenAsync(token, allowExpired, CancellationToken.None);
            Caller? caller = body is null ? null : Caller.OfToken(body);
            DateTimeOffset until = time.GetUtcNow() + options.TokenCacheTime;
            cache.Put(hash, caller, body is not null && !allowExpired && body.ExpiresAt < until ? body.ExpiresAt : until);
            return caller;
        }
        catch (OpenStackApiException e)
        {
            // Our own credentials refused is not the caller's fault: nobody can say whether the token is good.
            LogUnavailable(log, e.Message);
            throw new ApiException(RequestErrors.IdentityUnavailable, "Keystone cannot say now whether the token is good; try again", e)
            {
                RetryAfter = TimeSpan.FromSeconds(5),
            };
        }
        finally
        {
            questions.Release();
            asking.TryRemove(hash, out _);
        }
    }

    private static ApiException Invalid(string detail) => new(RequestErrors.TokenInvalid, detail);

    [LoggerMessage(4101, LogLevel.Error, "tokens cannot be checked: {Reason}")]
    private static partial void LogUnavailable(ILogger logger, string reason);
}
