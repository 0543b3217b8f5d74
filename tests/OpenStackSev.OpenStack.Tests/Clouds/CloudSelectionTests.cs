namespace OpenStackSev.OpenStack.Tests.Clouds;

public sealed class CloudSelectionTests : IDisposable
{
    private readonly CloudFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_working_folder_comes_before_home_and_home_before_the_system()
    {
        _folder.Write("etc/clouds.yaml", Named("system"));
        Assert.Equal("system", CloudSettings.Load(null, _folder.Environment).Name);
        _folder.Write("home/.config/openstack/clouds.yml", Named("home"));
        Assert.Equal("home", CloudSettings.Load(null, _folder.Environment).Name);
        _folder.Write("work/clouds.json", """
            {
            \t"clouds": {"work": {"auth": {"auth_url": "http://k", "username": "u", "password": "p", "project_id": "1"}}}
            }
            """.Replace("\\t", "\t", StringComparison.Ordinal));
        Assert.Equal("work", CloudSettings.Load(null, _folder.Environment).Name);
    }

    [Fact]
    public void OS_CLIENT_CONFIG_FILE_comes_before_every_folder()
    {
        _folder.Write("work/clouds.yaml", Named("work"));
        _folder.Write("home/mine.yaml", Named("mine"));
        Assert.Equal("mine", CloudSettings.Load(null, _folder.Environment.With("OS_CLIENT_CONFIG_FILE", "~/mine.yaml")).Name);
        Assert.Equal("mine", CloudSettings.Load(null, _folder.Environment.With("OS_CLIENT_CONFIG_FILE", "../home/mine.yaml")).Name);
    }

    [Fact]
    public void The_argument_comes_before_OS_CLOUD_and_OS_CLOUD_before_the_variables()
    {
        _folder.Write("work/clouds.yaml", Named("one", "two"));
        var environment = Variables().With("OS_CLOUD", "two");
        Assert.Equal("one", CloudSettings.Load("one", environment).Name);
        Assert.Equal("two", CloudSettings.Load(null, environment).Name);
        Assert.Equal("envvars", CloudSettings.Load(null, Variables()).Name);
        Assert.Equal("mine", CloudSettings.Load("mine", environment.With("OS_CLOUD_NAME", "mine")).Name);
    }

    [Fact]
    public void Variables_do_not_change_a_named_cloud()
    {
        _folder.Write("work/clouds.yaml", CloudFolder.Dev);
        var settings = CloudSettings.Load("dev", Variables());
        Assert.Equal(("operator", CloudFolder.Password, "admin"), (settings.Username, settings.Password, settings.ProjectName));
        Assert.Equal("https://dev.example.org/identity/v3", settings.AuthUrl.AbsoluteUri);
    }

    [Fact]
    public void Variables_describe_a_cloud_without_any_file()
    {
        var settings = CloudSettings.Load(null, Variables()
            .With("OS_REGION_NAME", "RegionOne").With("OS_INTERFACE", "internal").With("OS_INSECURE", "true")
            .With("OS_DEFAULT_DOMAIN", "corp").With("OS_PLACEMENT_ENDPOINT_OVERRIDE", "http://placement:8778"));
        Assert.Equal(("fromenv", "corp", null), (settings.Username, settings.UserDomainId, settings.UserDomainName));
        Assert.Equal(("fromenv-project", "corp"), (settings.ProjectName, settings.ProjectDomainId));
        Assert.Equal(("RegionOne", "internal", false), (settings.RegionName, settings.Interface, settings.Verify));
        Assert.Equal("http://placement:8778/", settings.EndpointOverrides["placement"].AbsoluteUri);
    }

    [Fact]
    public void Secure_yaml_is_laid_over_clouds_yaml()
    {
        _folder.Write("home/.config/openstack/secure.yaml", "clouds: {dev: {auth: {password: from-secure}}}");
        var settings = _folder.Load(CloudFolder.Dev);
        Assert.Equal(("from-secure", "operator"), (settings.Password, settings.Username));

        string other = _folder.Write("etc/other.yaml", "clouds: {dev: {auth: {password: from-other}}}");
        Assert.Equal("from-other", CloudSettings.Load(null, _folder.Environment.With("OS_CLIENT_SECURE_FILE", other)).Password);
    }

    [Fact]
    public void A_profile_of_clouds_public_yaml_lies_under_the_cloud()
    {
        const string acme = "{auth: {auth_url: 'https://{region_name}.acme.example'}, interface: admin}";
        _folder.Write("etc/clouds-public.yaml", $"public-clouds: {{acme: {acme}}}");
        var settings = _folder.Load("clouds: {a: {profile: acme, region_name: north, auth: {username: u, password: p, project_name: x}}}");
        Assert.Equal(("https://north.acme.example/v3", "admin"), (settings.AuthUrl.AbsoluteUri, settings.Interface));
    }

    [Fact]
    public void Nothing_configured_says_where_was_looked()
    {
        var error = CloudFolder.Refused(_folder.Environment);
        foreach (string place in new[] { "OS_AUTH_URL", _folder.Working, _folder.Home + "/.config/openstack", _folder.SystemFolder })
            Assert.Contains(place, error.Message, StringComparison.Ordinal);
        Assert.Contains("cloud 'dev' is not configured", CloudFolder.Refused(_folder.Environment, "dev").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_a_variable_names_must_be_there()
    {
        _folder.Write("work/clouds.yaml", CloudFolder.Dev);
        foreach (string variable in new[] { "OS_CLIENT_CONFIG_FILE", "OS_CLIENT_SECURE_FILE" })
        {
            var error = CloudFolder.Refused(_folder.Environment.With(variable, "gone.yaml"));
            Assert.Equal($"{variable} names {_folder.Working}/gone.yaml, which is not there", error.Message);
        }
    }

    [Fact]
    public void An_unknown_cloud_gets_the_names_that_exist_nearest_first()
    {
        var error = _folder.Refused(Named("alpha", "production", "producton-2"), "producton");
        Assert.Equal($"cloud 'producton' is not in {_folder.Working}/clouds.yaml", error.Message);
        Assert.Equal("it holds: production, producton-2, alpha", error.Hint);

        var many = Enumerable.Range(0, 12).Select(i => $"c{i}");
        Assert.Contains("and 2 more", _folder.Refused(Named([.. many]), "x").Hint, StringComparison.Ordinal);
    }

    [Fact]
    public void Several_clouds_need_a_choice()
    {
        var error = _folder.Refused(Named("two", "one"));
        Assert.Equal($"no cloud is chosen and {_folder.Working}/clouds.yaml holds 2: one, two", error.Message);
        Assert.Contains("OS_CLOUD", error.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "holds no cloud")]
    [InlineData("clouds:", "holds no cloud")]
    [InlineData("clouds: {}", "holds no cloud")]
    [InlineData("clouds: [dev]", "'clouds' in ")]
    [InlineData("clouds: {dev: hunter2}", "cloud 'dev' in ")]
    [InlineData("clouds: {dev: {auth: hunter2}}", "auth is not a map")]
    public void A_file_of_another_shape_is_refused(string yaml, string expected) =>
        Assert.Contains(expected, _folder.Refused(yaml).Message, StringComparison.Ordinal);

    [Fact]
    public void A_name_with_a_line_feed_does_not_break_the_line() =>
        Assert.Contains("a?b", _folder.Refused("clouds: {\"a\\nb\": {}, c: {}}").Message, StringComparison.Ordinal);

    [Fact]
    public void The_environment_of_the_process_has_its_folders()
    {
        var environment = CloudEnvironment.OfProcess();
        Assert.Equal(Environment.CurrentDirectory, environment.WorkingFolder);
        Assert.True(environment.Variables.ContainsKey("PATH"));
        Assert.DoesNotContain(environment.Variables["PATH"], environment.ToString(), StringComparison.Ordinal);
    }

    private CloudEnvironment Variables() => _folder.Environment
        .With("OS_AUTH_URL", "http://fromenv:5000").With("OS_PROJECT_NAME", "fromenv-project")
        .With("OS_USERNAME", "fromenv").With("OS_PASSWORD", "hunter2");

    private static string Named(params string[] names) =>
        "clouds:\n" + string.Concat(names.Select(name =>
            $"  {name}: {{auth: {{auth_url: 'http://k', username: u, password: p, project_id: '1'}}}}\n"));
}
