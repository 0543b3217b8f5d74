using OpenStackSev.Configuration;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Control.Configuration;

/// <summary>How tokens are checked. Section <c>[keystone_authtoken]</c>, with the keys that every OpenStack service has.</summary>
/// <remarks>Source: keystonemiddleware, "Middleware Architecture", configuration.</remarks>
public sealed class KeystoneOptions
{
    public static IniSection<KeystoneOptions> Section { get; } =
        new IniSection<KeystoneOptions>("keystone_authtoken",
            "How tokens are checked: the service's own user, as in every OpenStack service. Its role may validate tokens (service or admin).")
            .Url("www_authenticate_uri", "Keystone's public URL, told to those who come without a token. Unset: auth_url.",
                o => o.WwwAuthenticateUri, (o, value) => o.WwwAuthenticateUri = value, example: "https://identity.example.org/v3")
            .Url("auth_url", "Keystone's URL for the service itself.",
                o => o.AuthUrl, (o, value) => o.AuthUrl = value, example: "http://127.0.0.1:5000/v3")
            .Choice("auth_type", "How the service authenticates.", o => o.AuthType, (o, value) => o.AuthType = value, "password")
            .Text("username", "The service's user.", o => o.Username, (o, value) => o.Username = value)
            .Secret("password", "Its password.", (o, value) => o.Password = value)
            .Text("user_domain_name", "Domain of the user, by name.", o => o.UserDomainName, (o, value) => o.UserDomainName = value, example: "Default")
            .Text("user_domain_id", "Domain of the user, by id.", o => o.UserDomainId, (o, value) => o.UserDomainId = value, example: "default")
            .Text("project_name", "Project of the user, by name.", o => o.ProjectName, (o, value) => o.ProjectName = value)
            .Text("project_domain_name", "Domain of the project, by name.",
                o => o.ProjectDomainName, (o, value) => o.ProjectDomainName = value, example: "Default")
            .Text("project_domain_id", "Domain of the project, by id.",
                o => o.ProjectDomainId, (o, value) => o.ProjectDomainId = value, example: "default")
            .Text("region_name", "Region whose endpoints of Nova, Placement and Glance are used. Unset: any.",
                o => o.RegionName, (o, value) => o.RegionName = value, example: "RegionOne")
            .Choice("interface", "Which endpoints of the catalogue are used.",
                o => o.Interface, (o, value) => o.Interface = value, "internal", "public", "admin")
            .File("cafile", "PEM file of the CAs that Keystone's certificate is checked with. Unset: the system's.",
                o => o.CaFile, (o, value) => o.CaFile = value, example: "/etc/ssl/certs/cloud-ca.pem")
            .Flag("insecure", "Believe any certificate of Keystone's: for a lab only.", o => o.Insecure, (o, value) => o.Insecure = value)
            .Duration("token_cache_time", "Seconds for which Keystone's word about a token is believed, 0 to 300: so late a revocation can be noticed.",
                o => o.TokenCacheTime, (o, value) => o.TokenCacheTime = value, TimeSpan.Zero, TimeSpan.FromMinutes(5))
            .Duration("http_connect_timeout", "Seconds for one question to Keystone, 1 to 60.",
                o => o.HttpConnectTimeout, (o, value) => o.HttpConnectTimeout = value, TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(1))
            .Words("service_token_roles", "Roles whose X-Service-Token lets an expired user token pass.",
                o => o.ServiceTokenRoles, (o, value) => o.ServiceTokenRoles = value)
            .Rule(Problems);

    public Uri? WwwAuthenticateUri { get; set; }
    public Uri? AuthUrl { get; set; }
    public string AuthType { get; set; } = "password";
    public string Username { get; set; } = "openstack-sev";
    public string? Password { get; set; }
    public string? UserDomainName { get; set; }
    public string? UserDomainId { get; set; }
    public string ProjectName { get; set; } = "service";
    public string? ProjectDomainName { get; set; }
    public string? ProjectDomainId { get; set; }
    public string? RegionName { get; set; }
    public string Interface { get; set; } = "internal";
    public string? CaFile { get; set; }
    public bool Insecure { get; set; }
    public TimeSpan TokenCacheTime { get; set; } = TimeSpan.FromMinutes(1);
    public TimeSpan HttpConnectTimeout { get; set; } = TimeSpan.FromSeconds(10);
    public IReadOnlyList<string> ServiceTokenRoles { get; set; } = ["service"];

    /// <summary>The cloud as the service's own user.</summary>
    public CloudSettings Cloud() => new()
    {
        Name = "keystone_authtoken",
        AuthType = CloudAuthType.Password,
        AuthUrl = Versioned(AuthUrl!),
        Username = Username,
        Password = Password,
        UserDomainName = UserDomainName,
        UserDomainId = UserDomainId,
        ProjectName = ProjectName,
        ProjectDomainName = ProjectDomainName,
        ProjectDomainId = ProjectDomainId,
        RegionName = RegionName,
        Interface = Interface,
        CaCertificateFile = CaFile,
        Verify = !Insecure,
    };

    private static IEnumerable<string> Problems(KeystoneOptions options)
    {
        if (options.AuthUrl is null)
            yield return "auth_url: not set; give Keystone's URL, e.g. http://127.0.0.1:5000/v3";
        if (string.IsNullOrEmpty(options.Password))
            yield return $"password: not set; give that of user '{options.Username}'";
    }

    /// <summary>As it is written in other services: with and without the version.</summary>
    private static Uri Versioned(Uri url)
    {
        string text = url.AbsoluteUri.TrimEnd('/');
        return new Uri(text.EndsWith("/v3", StringComparison.Ordinal) ? text : text + "/v3");
    }
}
