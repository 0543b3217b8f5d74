using OpenStackSev.OpenStack.Http;
using Refit;

namespace OpenStackSev.OpenStack.Keystone;

/// <summary>A token with its secret. The secret is never formatted.</summary>
/// <param name="secret">What the services want to see.</param>
/// <param name="body">What it stands for.</param>
/// <param name="renewAt">By our clock, which need not agree with Keystone's.</param>
internal sealed class Token(string secret, TokenBody body, DateTimeOffset renewAt)
{
    public string Secret { get; } = secret;
    public TokenBody Body { get; } = body;
    public DateTimeOffset RenewAt { get; } = renewAt;
}

/// <summary>One token for all services: fetched when first needed, renewed before it expires, one request however many wait.</summary>
internal sealed class TokenSource(IKeystoneApi keystone, CloudSettings cloud, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan LongestMargin = TimeSpan.FromMinutes(2);
    private readonly SemaphoreSlim fetching = new(1, 1);
    private Token? current;

    public async Task<Token> GetAsync(CancellationToken ct)
    {
        if (IsFresh(current))
            return current!;
        return await FetchAsync(stale: null, ct);
    }

    /// <summary>A token other than <paramref name="refused"/>, which a service answered with 401.</summary>
    public Task<Token> RenewAsync(Token refused, CancellationToken ct) => FetchAsync(refused, ct);

    public void Dispose() => fetching.Dispose();

    private async Task<Token> FetchAsync(Token? stale, CancellationToken ct)
    {
        await fetching.WaitAsync(ct);
        try
        {
            if (IsFresh(current) && !ReferenceEquals(current, stale))
                return current!;
            DateTimeOffset asked = time.GetUtcNow();
            using ApiResponse<TokenEnvelope> answer = await keystone.IssueTokenAsync(Request(cloud), ct);
            IEnumerable<string>? secrets = null;
            if (answer.Content is not { } envelope || answer.Headers?.TryGetValues("X-Subject-Token", out secrets) != true)
            {
                throw new OpenStackApiException(
                    "identity", $"POST {cloud.AuthUrl}/auth/tokens", answer.StatusCode, OpenStackCodes.MalformedAnswer,
                    answer.Headers is { } headers ? RequestIds.Of(headers) : null,
                    "the answer carries no token; is this a Keystone v3?", answer.Error);
            }

            return current = new Token(secrets!.First(), envelope.Token, RenewAt(envelope.Token, asked));
        }
        finally
        {
            fetching.Release();
        }
    }

    private bool IsFresh(Token? token) => token is not null && token.RenewAt > time.GetUtcNow();

    /// <summary>Two minutes before the end, or a tenth of a life so short that this would be before its beginning.</summary>
    private static DateTimeOffset RenewAt(TokenBody token, DateTimeOffset asked)
    {
        DateTimeOffset expiry = Expiry(token, asked);
        TimeSpan tenth = (expiry - asked) / 10;
        return expiry - (tenth < LongestMargin ? tenth : LongestMargin);
    }

    /// <summary>A clock that is ahead would see every token expired, and ask for one before each request.</summary>
    private static DateTimeOffset Expiry(TokenBody token, DateTimeOffset asked) =>
        token.IssuedAt is { } issued && issued < token.ExpiresAt ? asked + (token.ExpiresAt - issued) : token.ExpiresAt;

    private static AuthenticationRequest Request(CloudSettings cloud)
    {
        AuthenticationIdentity identity = cloud.AuthType switch
        {
            CloudAuthType.Password => new(["password"], Password: new PasswordMethod(new AuthenticationUser(
                cloud.UserId, cloud.UserId is null ? cloud.Username : null, cloud.Password,
                cloud.UserId is null ? Domain(cloud.UserDomainId, cloud.UserDomainName) : null))),
            CloudAuthType.Token => new(["token"], Token: new TokenMethod(cloud.Token!)),
            _ => new(["application_credential"], ApplicationCredential: new ApplicationCredentialMethod(
                cloud.ApplicationCredentialId,
                cloud.ApplicationCredentialId is null ? cloud.ApplicationCredentialName : null,
                cloud.ApplicationCredentialSecret,
                cloud.ApplicationCredentialId is null
                    ? new AuthenticationUser(cloud.UserId, cloud.UserId is null ? cloud.Username : null, null,
                        cloud.UserId is null ? Domain(cloud.UserDomainId, cloud.UserDomainName) : null)
                    : null)),
        };
        return new AuthenticationRequest(new Authentication(identity, Scope(cloud)));
    }

    private static AuthenticationScope? Scope(CloudSettings cloud) => cloud switch
    {
        // An application credential carries its project; Keystone refuses to be told another one.
        { AuthType: CloudAuthType.ApplicationCredential } => null,
        { ProjectId: { } id } => new(Project: new ProjectReference(id, null, null)),
        { ProjectName: { } name } => new(Project: new ProjectReference(null, name, Domain(cloud.ProjectDomainId, cloud.ProjectDomainName))),
        { SystemScope: not null } => new(System: new SystemReference(All: true)),
        { DomainId: not null } or { DomainName: not null } => new(Domain: Domain(cloud.DomainId, cloud.DomainName)),
        _ => null,
    };

    private static DomainReference? Domain(string? id, string? name) =>
        id is not null ? new DomainReference(id, null) : name is not null ? new DomainReference(null, name) : new DomainReference("default", null);
}
