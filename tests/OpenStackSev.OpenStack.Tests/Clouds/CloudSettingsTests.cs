namespace OpenStackSev.OpenStack.Tests.Clouds;

public sealed class CloudSettingsTests : IDisposable
{
    private readonly CloudFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_plain_cloud_gets_the_usual_defaults()
    {
        var settings = _folder.Load(CloudFolder.Dev);
        Assert.Equal(("dev", CloudAuthType.Password, "operator"), (settings.Name, settings.AuthType, settings.Username));
        Assert.Equal(("default", "default"), (settings.UserDomainId, settings.ProjectDomainId));
        Assert.Equal(("public", true, null, null), (settings.Interface, settings.Verify, settings.RegionName, settings.CaCertificateFile));
        Assert.Empty(settings.EndpointOverrides);
    }

    [Fact]
    public void Secrets_are_not_shown()
    {
        const string secrets = "token: hunter2-t, application_credential_secret: hunter2-s, password: hunter2-p";
        var settings = _folder.Load(Cloud(secrets, "auth_type: password", password: ""));
        Assert.Equal(("hunter2-t", "hunter2-s", "hunter2-p"), (settings.Token, settings.ApplicationCredentialSecret, settings.Password));
        Assert.DoesNotContain("hunter2", settings.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", _folder.Environment.With("OS_PASSWORD", "hunter2").ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://k", "http://k/v3")]
    [InlineData("http://k/", "http://k/v3")]
    [InlineData("https://k:5000/v3", "https://k:5000/v3")]
    [InlineData("https://k/identity/v3//", "https://k/identity/v3")]
    [InlineData("https://k/identity/v2.0/", "https://k/identity/v3")]
    public void The_URL_of_Keystone_ends_in_v3(string written, string expected) =>
        Assert.Equal(expected, _folder.Load(Cloud($"auth_url: '{written}'")).AuthUrl.AbsoluteUri);

    [Theory]
    [InlineData("keystone", "auth.auth_url is not a URL: 'keystone'")]
    [InlineData("keystone:5000/v3", "auth.auth_url is not a URL: 'keystone:5000/v3'")]
    [InlineData("ftp://k", "auth.auth_url is not a URL: 'ftp://k'")]
    [InlineData("https://u:hunter2@k", "auth.auth_url has a user in its URL")]
    [InlineData("u:hunter2@k", "auth.auth_url is not a URL")]
    [InlineData("https://k/v3?password=hunter2", "auth.auth_url has a '?' or a '#' in its URL")]
    public void A_bad_URL_is_refused(string written, string expected) =>
        Assert.Equal($"{expected} (in {Subject})", _folder.Refused(Cloud($"auth_url: '{written}'")).Message);

    [Theory]
    [InlineData("password", CloudAuthType.Password)]
    [InlineData("v3password", CloudAuthType.Password)]
    [InlineData("token", CloudAuthType.Token)]
    [InlineData("v3token", CloudAuthType.Token)]
    [InlineData("v3applicationcredential", CloudAuthType.ApplicationCredential)]
    public void Auth_types_have_their_names(string name, CloudAuthType expected)
    {
        const string secrets = "token: t, application_credential_id: i, application_credential_secret: s";
        Assert.Equal(expected, _folder.Load(Cloud(secrets, $"auth_type: {name}")).AuthType);
    }

    [Fact]
    public void An_auth_type_that_is_not_written_follows_from_the_credentials()
    {
        const string common = "clouds: {c: {auth: {auth_url: 'http://k', ";
        Assert.Equal(CloudAuthType.Token, _folder.Load(common + "token: t, project_id: p}}}").AuthType);
        var settings = _folder.Load(common + "application_credential_id: i, application_credential_secret: s}}}");
        Assert.Equal(CloudAuthType.ApplicationCredential, settings.AuthType);
    }

    [Fact]
    public void An_unknown_auth_type_gets_those_that_are_known()
    {
        var error = _folder.Refused(Cloud("", "auth_type: v3kerberos"));
        Assert.Equal($"auth_type 'v3kerberos' is not known (in {Subject})", error.Message);
        Assert.Equal("use one of password, v3password, token, v3token, v3applicationcredential", error.Hint);
    }

    [Fact]
    public void All_that_is_missing_is_said_at_once()
    {
        Assert.Equal(
            $"{Subject} lacks auth.auth_url, auth.username, auth.password, auth.project_name",
            _folder.Refused("clouds: {c: }").Message);
        Assert.Equal(
            $"{Subject} lacks auth.token, auth.project_name",
            _folder.Refused("clouds: {c: {auth_type: token, auth: {auth_url: 'http://k'}}}").Message);
        Assert.Equal(
            $"{Subject} lacks auth.username, auth.application_credential_secret",
            _folder.Refused("clouds: {c: {auth: {auth_url: 'http://k', application_credential_name: n}}}").Message);
        Assert.Equal(
            $"{Subject} lacks auth.application_credential_id",
            _folder.Refused("clouds: {c: {auth: {auth_url: 'http://k', application_credential_secret: hunter2}}}").Message);
        Assert.Equal(
            "the OS_* variables lack OS_USERNAME, OS_PROJECT_NAME",
            CloudFolder.Refused(_folder.Environment.With("OS_AUTH_URL", "http://k").With("OS_PASSWORD", "hunter2")).Message);
    }

    [Fact]
    public void An_application_credential_has_its_project_in_it()
    {
        const string credential = "application_credential_id: i, application_credential_secret: s";
        var settings = _folder.Load(Cloud(credential, "auth_type: v3applicationcredential"));
        Assert.Equal(("i", "s"), (settings.ApplicationCredentialId, settings.ApplicationCredentialSecret));
        Assert.Null(settings.ProjectName ?? settings.ProjectDomainId);
    }

    [Theory]
    [InlineData("user_domain_name: U, project_domain_id: P", "", null, "U", "P", null)]
    [InlineData("domain_name: D", "", null, "D", null, "D")]
    [InlineData("domain_id: D, user_domain_id: U", "", "U", null, "D", null)]
    [InlineData("default_domain: D", "", "D", null, "D", null)]
    [InlineData("default_domain_name: D", "", null, "D", null, "D")]
    [InlineData("", "default_domain: D", "D", null, "D", null)]
    [InlineData("user-domain-id: U", "project-domain-id: P", "U", null, "P", null)]
    public void Domains_come_from_where_they_are_written(
        string auth, string beside, string? userId, string? userName, string? projectId, string? projectName)
    {
        var settings = _folder.Load(Cloud(auth, beside));
        Assert.Equal((userId, userName), (settings.UserDomainId, settings.UserDomainName));
        Assert.Equal((projectId, projectName), (settings.ProjectDomainId, settings.ProjectDomainName));
    }

    [Fact]
    public void Ids_need_no_domain()
    {
        var settings = _folder.Load("clouds: {c: {auth: {auth_url: 'http://k', user_id: u, password: p, tenant_id: t}}}");
        Assert.Equal(("u", "t"), (settings.UserId, settings.ProjectId));
        Assert.Null(settings.UserDomainId ?? settings.UserDomainName ?? settings.ProjectDomainId ?? settings.ProjectDomainName);
    }

    [Fact]
    public void A_token_may_be_for_the_system_or_for_a_domain()
    {
        const string common = "clouds: {c: {auth: {auth_url: 'http://k', username: u, password: hunter2, ";
        Assert.Equal("all", _folder.Load(common + "system_scope: all}}}").SystemScope);
        Assert.Equal("D", _folder.Load(common + "domain_id: D}}}").DomainId);
        Assert.StartsWith("system_scope excludes a project", _folder.Refused(common + "system_scope: all, project_id: p}}}").Message);
        Assert.StartsWith("system_scope 'some' is not known", _folder.Refused(common + "system_scope: some}}}").Message);
    }

    [Theory]
    [InlineData("region_name: north", null, "north")]
    [InlineData("regions: [north, south]", null, "north")]
    [InlineData("regions: [north, south]", "south", "south")]
    [InlineData("regions: [north, {name: south, values: {interface: admin}}]", "south", "south")]
    [InlineData("region_name: 'north,south'", "south", "south")]
    [InlineData("interface: public", "anywhere", "anywhere")]
    [InlineData("region_name: ''", null, null)]
    public void OS_REGION_NAME_chooses_a_region_of_a_named_cloud(string beside, string? variable, string? expected)
    {
        _folder.Write("work/clouds.yaml", Cloud("", beside));
        var settings = CloudSettings.Load("c", _folder.Environment.With("OS_REGION_NAME", variable ?? ""));
        Assert.Equal(expected, settings.RegionName);
        Assert.Equal(beside.Contains("admin", StringComparison.Ordinal) ? "admin" : "public", settings.Interface);
    }

    [Fact]
    public void A_region_that_the_cloud_does_not_have_is_refused()
    {
        _folder.Write("work/clouds.yaml", Cloud("", "regions: [north, south]"));
        var error = CloudFolder.Refused(_folder.Environment.With("OS_REGION_NAME", "east"), "c");
        Assert.Equal($"{Subject} has no region 'east', which OS_REGION_NAME asks for", error.Message);
        Assert.Equal("unset OS_REGION_NAME or use one of north, south", error.Hint);
    }

    [Theory]
    [InlineData("interface: internal", "internal")]
    [InlineData("interface: internalURL", "internal")]
    [InlineData("endpoint_type: adminURL", "admin")]
    public void An_interface_may_have_the_old_suffix(string beside, string expected) =>
        Assert.Equal(expected, _folder.Load(Cloud("", beside)).Interface);

    [Theory]
    [InlineData("interface: private", "interface 'private' is not known")]
    [InlineData("verify: flase", "verify is neither true nor false")]
    [InlineData("cacert: gone.pem", "cacert names ")]
    [InlineData("regions: {north: 1}", "regions is not a list")]
    [InlineData("regions: [{nom: north}]", "regions has an entry without a name")]
    [InlineData("password: {hunter2: }", "password is not text")]
    [InlineData("compute_endpoint_override: nova", "compute_endpoint_override is not a URL: 'nova'")]
    public void A_value_that_is_not_understood_is_refused(string beside, string expected)
    {
        string password = beside.StartsWith("password", StringComparison.Ordinal) ? "" : "password: hunter2";
        var error = _folder.Refused(Cloud("", beside, password));
        Assert.StartsWith(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(Subject, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("verify: true", true)]
    [InlineData("verify: No", false)]
    [InlineData("insecure: true", false)]
    [InlineData("insecure: 'False'", true)]
    public void Verification_is_off_only_when_it_is_asked_for(string beside, bool expected) =>
        Assert.Equal(expected, _folder.Load(Cloud("", beside)).Verify);

    [Fact]
    public void A_CA_file_may_be_in_the_home_folder()
    {
        string ca = _folder.Write("home/ca.pem", "");
        Assert.Equal(ca, _folder.Load(Cloud("", "cacert: ~/ca.pem")).CaCertificateFile);
    }

    [Fact]
    public void Endpoint_overrides_are_by_service_type()
    {
        const string written = "compute_endpoint_override: 'http://n:8774/v2.1', block-storage_endpoint_override: 'http://c'";
        var overrides = _folder.Load(Cloud("", written)).EndpointOverrides;
        Assert.Equal(["block-storage", "compute"], overrides.Keys.Order(StringComparer.Ordinal));
        Assert.Equal("http://n:8774/v2.1", overrides["compute"].AbsoluteUri);
    }

    private string Subject => $"cloud 'c' in {_folder.Working}/clouds.yaml";

    /// <summary>A complete cloud <c>c</c> with more in its auth and beside it; more may begin with another auth_url.</summary>
    private static string Cloud(string more, string beside = "", string password = "password: hunter2")
    {
        string url = more.StartsWith("auth_url", StringComparison.Ordinal) ? "" : "auth_url: 'http://k'";
        string auth = Joined(url, "username: u", "project_name: p", password, more);
        return $"clouds: {{c: {{{Joined($"auth: {{{auth}}}", beside)}}}}}";
    }

    private static string Joined(params string[] pairs) => string.Join(", ", pairs.Where(pair => pair.Length > 0));
}
