namespace OpenStackSev.OpenStack;

/// <summary>Turns the settings of a chosen cloud into <see cref="CloudSettings"/>: old names, defaults, and what must be there.</summary>
/// <remarks>
/// Follows openstacksdk's <c>magic_fixes</c>; the default domain and OS_REGION_NAME follow the <c>openstack</c> command.
/// Messages show keys and harmless values; a value that could be a secret is never shown.
/// </remarks>
internal sealed class CloudReader
{
    private static readonly Dictionary<string, CloudAuthType> s_authTypes = new(StringComparer.Ordinal)
    {
        ["password"] = CloudAuthType.Password,
        ["v3password"] = CloudAuthType.Password,
        ["token"] = CloudAuthType.Token,
        ["v3token"] = CloudAuthType.Token,
        ["v3applicationcredential"] = CloudAuthType.ApplicationCredential,
    };

    private readonly CloudSelection _cloud;
    private readonly CloudEnvironment _environment;
    private readonly ConfigMap _settings;
    private readonly ConfigMap _auth;
    private readonly string? _region;

    private CloudReader(CloudSelection cloud, CloudEnvironment environment)
    {
        _cloud = cloud;
        _environment = environment;
        (_region, var regional) = Region();
        _settings = cloud.Settings.With(regional);
        _auth = _settings.Find("auth") switch
        {
            null => ConfigMap.Empty,
            ConfigMap map => map,
            _ => throw Wrong("auth", "is not a map", "put 'auth_url:', 'username:' and the rest under 'auth:'"),
        };
    }

    public static CloudSettings Read(CloudSelection cloud, CloudEnvironment environment) => new CloudReader(cloud, environment).Read();

    private CloudSettings Read()
    {
        var authType = AuthType();
        var user = User();
        var scope = authType == CloudAuthType.ApplicationCredential ? new Scope() : TokenScope();
        Demand(authType, user, scope);

        return new CloudSettings
        {
            Name = _cloud.Name,
            AuthType = authType,
            AuthUrl = IdentityUrl(),
            Username = user.Name,
            UserId = user.Id,
            Password = Auth("password"),
            UserDomainId = user.DomainId,
            UserDomainName = user.DomainName,
            ProjectId = scope.ProjectId,
            ProjectName = scope.ProjectName,
            ProjectDomainId = scope.ProjectDomainId,
            ProjectDomainName = scope.ProjectDomainName,
            DomainId = scope.DomainId,
            DomainName = scope.DomainName,
            SystemScope = scope.System,
            Token = Token(),
            ApplicationCredentialId = Auth("application_credential_id"),
            ApplicationCredentialName = Auth("application_credential_name"),
            ApplicationCredentialSecret = Auth("application_credential_secret"),
            RegionName = _region,
            Interface = Interface(),
            Verify = Verify(),
            CaCertificateFile = CaCertificateFile(),
            EndpointOverrides = EndpointOverrides(),
        };
    }

    private CloudAuthType AuthType()
    {
        if (Setting("auth_type", "auth_plugin") is { } name)
        {
            return s_authTypes.TryGetValue(name, out var known)
                ? known
                : throw Wrong("auth_type", $"'{name}' is not known", $"use one of {string.Join(", ", s_authTypes.Keys)}");
        }

        if ((Auth("application_credential_id") ?? Auth("application_credential_name") ?? Auth("application_credential_secret")) is not null)
            return CloudAuthType.ApplicationCredential;
        return Token() is not null && Auth("password") is null ? CloudAuthType.Token : CloudAuthType.Password;
    }

    private string? Token() => Scoping("token", "auth_token");

    private readonly record struct UserKey(string? Id, string? Name, string? DomainId, string? DomainName);

    private UserKey User()
    {
        string? id = Auth("user_id"), name = Auth("username", "user_name");
        var domain = Domain("user_domain", defaults: name is not null && id is null, shared: Projects());
        return new UserKey(id, name, domain.Id, domain.Name);
    }

    private readonly record struct Scope(
        string? ProjectId,
        string? ProjectName,
        string? ProjectDomainId,
        string? ProjectDomainName,
        string? DomainId,
        string? DomainName,
        string? System)
    {
        public bool IsNone => (ProjectId ?? ProjectName ?? DomainId ?? DomainName ?? System) is null;
    }

    private Scope TokenScope()
    {
        string? system = Auth("system_scope");
        if (system is not null and not "all")
            throw Wrong("system_scope", $"'{system}' is not known", "use all");
        if (system is not null && Projects())
            throw Wrong("system_scope", "excludes a project", "keep one of the two");
        if (system is not null)
            return new Scope { System = system };

        if (!Projects())
            return new Scope { DomainId = Scoping("domain_id"), DomainName = Scoping("domain_name") };

        string? id = Scoping("project_id", "tenant_id"), name = Scoping("project_name", "tenant_name");
        var domain = Domain("project_domain", defaults: id is null, shared: true);
        return new Scope { ProjectId = id, ProjectName = name, ProjectDomainId = domain.Id, ProjectDomainName = domain.Name };
    }

    private bool Projects() => (Scoping("project_id", "tenant_id") ?? Scoping("project_name", "tenant_name")) is not null;

    /// <param name="key"><c>user_domain</c> or <c>project_domain</c>.</param>
    /// <param name="defaults">True when a name is looked up in the domain, so that there has to be one.</param>
    /// <param name="shared">True when there is a project: then <c>domain_id</c> is both domains, else what the token is for.</param>
    private (string? Id, string? Name) Domain(string key, bool defaults, bool shared)
    {
        string? id = Scoping(key + "_id"), name = Scoping(key + "_name");
        if (id is null && name is null && shared)
            (id, name) = (Scoping("domain_id"), Scoping("domain_name"));
        if (id is null && name is null && defaults)
            (id, name) = (Auth("default_domain_id", "default_domain"), Auth("default_domain_name"));
        return id is null && name is null && defaults ? ("default", null) : (id, name);
    }

    /// <summary>All that is missing in one message: nobody wants to hear it key by key.</summary>
    private void Demand(CloudAuthType authType, UserKey user, Scope scope)
    {
        bool hasUser = (user.Id ?? user.Name) is not null;
        var missing = new List<string>();
        void Need(bool there, string key)
        {
            if (!there)
                missing.Add(_cloud.Spelling("auth." + key));
        }

        Need(Auth("auth_url") is not null, "auth_url");
        switch (authType)
        {
            case CloudAuthType.Password:
                Need(hasUser, "username");
                Need(Auth("password") is not null, "password");
                break;
            case CloudAuthType.Token:
                Need(Token() is not null, "token");
                break;
            case CloudAuthType.ApplicationCredential:
                bool named = Auth("application_credential_name") is not null;
                Need(named || Auth("application_credential_id") is not null, "application_credential_id");
                Need(!named || hasUser || Auth("application_credential_id") is not null, "username");
                Need(Auth("application_credential_secret") is not null, "application_credential_secret");
                break;
        }

        Need(authType == CloudAuthType.ApplicationCredential || !scope.IsNone, "project_name");
        if (missing.Count == 0)
            return;

        string remedy = _cloud.File is null
            ? $"export {(missing.Count == 1 ? "it" : "them")}, or set OS_CLOUD to a cloud of clouds.yaml"
            : $"put {(missing.Count == 1 ? "it" : "them")} under clouds.{_cloud.Name}; secrets may be in secure.yaml beside it";
        string lack = _cloud.File is null ? "lack" : "lacks";
        throw new CloudConfigurationException($"{_cloud.Subject} {lack} {string.Join(", ", missing)}", remedy);
    }

    /// <summary>Keystone's v3 root, whatever root a person wrote: v2.0 left Keystone in Queens.</summary>
    private Uri IdentityUrl()
    {
        string written = Auth("auth_url")!.Replace("{region_name}", _region, StringComparison.Ordinal);
        string path = Url("auth.auth_url", written).AbsoluteUri.TrimEnd('/');
        if (path.EndsWith("/v2.0", StringComparison.Ordinal))
            path = path[..^"/v2.0".Length];
        return new Uri(path.EndsWith("/v3", StringComparison.Ordinal) ? path : path + "/v3");
    }

    private Dictionary<string, Uri> EndpointOverrides()
    {
        const string suffix = "_endpoint_override";
        var overrides = new Dictionary<string, Uri>(StringComparer.Ordinal);
        foreach (string key in _settings.Entries.Keys.Where(key => key.EndsWith(suffix, StringComparison.Ordinal)))
        {
            if (key.Length > suffix.Length && Setting(key) is { } url)
                overrides[key[..^suffix.Length].Replace('_', '-')] = Url(key, url);
        }

        return overrides;
    }

    /// <remarks>A URL with a user in it is refused and not shown: it would end up in logs, password and all.</remarks>
    private Uri Url(string key, string written)
    {
        string shown = written.Contains('@') ? "" : $" '{written}'";
        if (!Uri.TryCreate(written.Trim(), UriKind.Absolute, out var url) || url.Scheme is not ("http" or "https") || url.Host.Length == 0)
            throw Wrong(key, $"is not a URL{(shown.Length > 0 ? ":" : "")}{shown}", "write it as https://keystone.example.org:5000/v3");
        if (url.UserInfo.Length > 0)
            throw Wrong(key, "has a user in its URL", "put the user under auth and leave the URL without '@'");
        if (url.Query.Length > 0 || url.Fragment.Length > 0)
            throw Wrong(key, "has a '?' or a '#' in its URL", "end it with the path");
        return url;
    }

    private string Interface()
    {
        string written = Setting("interface", "endpoint_type") ?? "public";
        string name = written.EndsWith("URL", StringComparison.Ordinal) ? written[..^3] : written;
        return name is "public" or "internal" or "admin"
            ? name
            : throw Wrong("interface", $"'{written}' is not known", "use public, internal or admin");
    }

    private bool Verify() => (Switch("verify") ?? true) && !(Switch("insecure") ?? false);

    /// <remarks>A word that is not understood is an error: a slip of the pen must not turn verification off, nor on.</remarks>
    private bool? Switch(string key) => Setting(key)?.ToLowerInvariant() switch
    {
        null => null,
        "true" or "yes" or "on" or "1" => true,
        "false" or "no" or "off" or "0" => false,
        _ => throw Wrong(key, "is neither true nor false", "use true or false"),
    };

    private string? CaCertificateFile()
    {
        if (Setting("cacert") is not { } written)
            return null;
        string path = _environment.FullPath(written);
        return !Verify() || File.Exists(path)
            ? path
            : throw Wrong("cacert", $"names {path}, which is not there", "correct the path, or remove it to trust what the system trusts");
    }

    /// <summary>The region and what the file says for it alone: OS_REGION_NAME when it is one of the cloud's, else the first.</summary>
    private (string? Name, ConfigMap Regional) Region()
    {
        var known = KnownRegions();
        string? wanted = _environment.Variable("OS_REGION_NAME");
        if (known.Count == 0)
            return (wanted, ConfigMap.Empty);
        if (wanted is null)
            return known[0];

        int index = known.FindIndex(region => region.Name == wanted);
        return index >= 0
            ? known[index]
            : throw new CloudConfigurationException(
                $"{_cloud.Subject} has no region '{wanted}', which OS_REGION_NAME asks for",
                $"unset OS_REGION_NAME or use one of {string.Join(", ", known.Select(region => region.Name))}");
    }

    private List<(string Name, ConfigMap Regional)> KnownRegions()
    {
        var written = _cloud.Settings.Find("regions") ?? _cloud.Settings.Find("region_name");
        IEnumerable<ConfigNode> nodes = written switch
        {
            null => [],
            ConfigList list => list.Items,
            ConfigText { Value: { } names } => names
                .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Select(name => new ConfigText(name)),
            _ => throw Wrong("regions", "is not a list", "write the names of the regions as a list"),
        };
        return [.. nodes.Select(node => node switch
        {
            ConfigText { Value: { } name } => (name, ConfigMap.Empty),
            ConfigMap map when map.Find("name") is ConfigText { Value: { } name } =>
                (name, map.Find("values") as ConfigMap ?? ConfigMap.Empty),
            _ => throw Wrong("regions", "has an entry without a name", "write the names of the regions as a list"),
        })];
    }

    /// <summary>A part of the credential: under <c>auth</c>, else beside it.</summary>
    private string? Auth(params ReadOnlySpan<string> keys) => Text(_auth, "auth.", keys) ?? Text(_settings, "", keys);

    /// <summary>A token, project or domain: beside <c>auth</c>, else under it, as openstacksdk ranks these.</summary>
    private string? Scoping(params ReadOnlySpan<string> keys) => Text(_settings, "", keys) ?? Text(_auth, "auth.", keys);

    private string? Setting(params ReadOnlySpan<string> keys) => Text(_settings, "", keys);

    private string? Text(ConfigMap map, string prefix, ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            switch (map.Find(key))
            {
                case null or ConfigText { Value: "" }:
                    break;
                case ConfigText text:
                    return text.Value;
                default:
                    throw Wrong(prefix + key, "is not text", "write one value, in quotation marks if it begins with '{' or '['");
            }
        }

        return null;
    }

    private CloudConfigurationException Wrong(string key, string what, string hint) =>
        new($"{_cloud.Spelling(key)} {what} (in {_cloud.Subject})", hint);
}
