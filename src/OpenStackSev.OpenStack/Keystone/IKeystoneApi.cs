using Refit;

namespace OpenStackSev.OpenStack.Keystone;

/// <summary>Keystone, as far as a token needs it. Source: Identity API v3, "Authentication and token management".</summary>
public interface IKeystoneApi
{
    /// <summary>The token itself is in the header <c>X-Subject-Token</c>.</summary>
    [Post("/auth/tokens")]
    Task<ApiResponse<TokenEnvelope>> IssueTokenAsync([Body] AuthenticationRequest request, CancellationToken ct = default);

    /// <summary>With a token of one's own: what <paramref name="subjectToken"/> is.</summary>
    /// <param name="noCatalog">Any value leaves the catalogue out of the answer.</param>
    /// <param name="allowExpired">1 accepts a token for some time after its end, for services that finish what a user began.</param>
    [Get("/auth/tokens")]
    Task<TokenEnvelope> ValidateTokenAsync(
        [Header("X-Auth-Token")] string token, [Header("X-Subject-Token")] string subjectToken,
        [Query, AliasAs("nocatalog")] int? noCatalog = null, [Query, AliasAs("allow_expired")] int? allowExpired = null,
        CancellationToken ct = default);
}

public sealed record AuthenticationRequest(Authentication Auth);

public sealed record Authentication(AuthenticationIdentity Identity, AuthenticationScope? Scope);

public sealed record AuthenticationIdentity(
    IReadOnlyList<string> Methods, PasswordMethod? Password = null, TokenMethod? Token = null,
    ApplicationCredentialMethod? ApplicationCredential = null);

public sealed record PasswordMethod(AuthenticationUser User);

/// <param name="Id">The token itself; not shown by <see cref="ToString"/>.</param>
public sealed record TokenMethod(string Id)
{
    public override string ToString() => nameof(TokenMethod);
}

/// <param name="Secret">Not shown by <see cref="ToString"/>.</param>
public sealed record ApplicationCredentialMethod(string? Id, string? Name, string? Secret, AuthenticationUser? User)
{
    public override string ToString() => $"{nameof(ApplicationCredentialMethod)} {{ {Name ?? Id} }}";
}

/// <param name="Password">Not shown by <see cref="ToString"/>.</param>
public sealed record AuthenticationUser(string? Id, string? Name, string? Password, DomainReference? Domain)
{
    public override string ToString() => $"{nameof(AuthenticationUser)} {{ {Name ?? Id} }}";
}

/// <summary>What a token is for: one of these.</summary>
public sealed record AuthenticationScope(ProjectReference? Project = null, DomainReference? Domain = null, SystemReference? System = null);

public sealed record SystemReference(bool All);

public sealed record ProjectReference(string? Id, string? Name, DomainReference? Domain);

public sealed record DomainReference(string? Id = null, string? Name = null);

public sealed record TokenEnvelope(TokenBody Token);

/// <summary>What a token stands for. The catalogue is absent where it was not asked for.</summary>
/// <remarks>Defaults need <c>set</c>: the generated reader gives an absent <c>init</c> property null.</remarks>
public sealed record TokenBody
{
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? IssuedAt { get; init; }
    public required TokenUser User { get; init; }
    public TokenProject? Project { get; init; }
    public IReadOnlyList<TokenRole> Roles { get; set; } = [];
    public IReadOnlyList<CatalogService> Catalog { get; set; } = [];
}

public sealed record TokenUser(string Id, string Name, DomainReference? Domain = null);

public sealed record TokenProject(string Id, string Name, DomainReference? Domain = null);

public sealed record TokenRole(string Id, string Name);

public sealed record CatalogService(string Type, IReadOnlyList<CatalogEndpoint> Endpoints, string? Name = null);

public sealed record CatalogEndpoint(string Interface, string? Url, string? RegionId = null, string? Region = null);
