namespace OpenStackSev.OpenStack;

/// <summary>How Keystone is asked for a token.</summary>
public enum CloudAuthType
{
    /// <summary>User and password.</summary>
    Password,

    /// <summary>A token that exists already.</summary>
    Token,

    /// <summary>Application credential: bound to a project and to its roles.</summary>
    ApplicationCredential,
}

/// <summary>Everything that is needed to talk to one cloud. Holds secrets; <see cref="ToString"/> does not show them.</summary>
/// <remarks>
/// Complete when it comes from <see cref="Load"/>: what <see cref="AuthType"/> needs is there.
/// Source: openstacksdk, "Configuring OpenStack SDK Applications".
/// </remarks>
public sealed record CloudSettings
{
    /// <summary>The name in clouds.yaml, or <c>envvars</c> for a cloud that the OS_* variables describe.</summary>
    public required string Name { get; init; }

    public required CloudAuthType AuthType { get; init; }

    /// <summary>Keystone, normalised: ends in <c>/v3</c>, without a trailing slash.</summary>
    public required Uri AuthUrl { get; init; }

    public string? Username { get; init; }

    public string? UserId { get; init; }

    public string? Password { get; init; }

    public string? UserDomainId { get; init; }

    public string? UserDomainName { get; init; }

    /// <summary>Null, as every scope is, with an application credential: that one has its project in it.</summary>
    public string? ProjectId { get; init; }

    public string? ProjectName { get; init; }

    public string? ProjectDomainId { get; init; }

    public string? ProjectDomainName { get; init; }

    /// <summary>Domain that the token is for, instead of a project.</summary>
    public string? DomainId { get; init; }

    /// <inheritdoc cref="DomainId"/>
    public string? DomainName { get; init; }

    /// <summary><c>all</c> for a token of the whole deployment, else null.</summary>
    public string? SystemScope { get; init; }

    public string? Token { get; init; }

    public string? ApplicationCredentialId { get; init; }

    /// <summary>Used with the user, when there is no <see cref="ApplicationCredentialId"/>.</summary>
    public string? ApplicationCredentialName { get; init; }

    public string? ApplicationCredentialSecret { get; init; }

    /// <summary>Null where any region of the catalogue will do.</summary>
    public string? RegionName { get; init; }

    /// <summary>Which endpoints of the catalogue are used: <c>public</c>, <c>internal</c> or <c>admin</c>.</summary>
    public string Interface { get; init; } = "public";

    /// <summary>Absolute path of a PEM bundle that is trusted instead of the system's.</summary>
    public string? CaCertificateFile { get; init; }

    /// <summary>False only when a person asked for TLS without verification.</summary>
    public bool Verify { get; init; } = true;

    /// <summary>URLs that are used instead of the catalogue's, by service type: <c>placement</c>, <c>compute</c>, <c>image</c>, <c>orchestration</c>.</summary>
    public IReadOnlyDictionary<string, Uri> EndpointOverrides { get; init; } = new Dictionary<string, Uri>(StringComparer.Ordinal);

    /// <summary>Reads the settings of one cloud, as openstacksdk would.</summary>
    /// <param name="cloud">Name in clouds.yaml; null takes OS_CLOUD, then the OS_* variables, then the only cloud of the file.</param>
    /// <param name="environment">Variables and folders to look in.</param>
    /// <exception cref="CloudConfigurationException">Nothing found, not readable, not complete, or not understood.</exception>
    public static CloudSettings Load(string? cloud, CloudEnvironment environment) =>
        CloudReader.Read(CloudSelection.Choose(cloud, environment), environment);

    /// <summary>Name, URL and user; no password, token or secret.</summary>
    public override string ToString() =>
        $"{nameof(CloudSettings)} {{ {Name}, {AuthType}, {AuthUrl}, user {Username ?? UserId}, project {ProjectName ?? ProjectId} }}";
}
