using System.Text;

namespace OpenStackSev.OpenStack.Tests.Clouds;

public sealed class ConfigYamlTests : IDisposable
{
    private readonly CloudFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>Whatever is wrong, neither the message nor the exception's text may quote the line.</summary>
    [Theory]
    [InlineData("clouds:\n  dev:\n    auth:\n      username: u\n      password hunter2\n      project_name: p\n", 5)]
    [InlineData("clouds:\n  dev:\n    password: \"hunter2\n", 3)]
    [InlineData("clouds:\n  dev:\n    password: 'hunter2\n", 3)]
    [InlineData("clouds:\n  dev:\n    password: \"hunter2\\q\"\n", 3)]
    [InlineData("clouds:\n  dev:\n    password: hunter2: x\n", 3)]
    [InlineData("clouds:\n  dev:\n    password: @hunter2\n", 3)]
    [InlineData("clouds:\n  dev:\n    password: %hunter2\n", 3)]
    [InlineData("clouds:\n  dev:\n    password: *hunter2\n", 3)]
    [InlineData("clouds:\n  dev:\n    password: !hunter2!x y\n", 3)]
    [InlineData("clouds:\n  dev:\n    password: {hunter2, hunter2}\n", 3)]
    [InlineData("clouds:\n  dev:\n    password: {{ hunter2 }}\n", 3)]
    [InlineData("clouds:\n  dev: [hunter2\n", 3)]
    [InlineData("clouds:\n  dev:\n    password: [hunter2\n    username: u\n", 3)]
    [InlineData("clouds:\n  dev:\n\tpassword: hunter2\n", 3)]
    [InlineData("clouds:\n  dev:\n    password: hunter2\n   username: u\n", 4)]
    [InlineData("clouds: {}\n---\nhunter2: {}\n", 2)]
    [InlineData("- hunter2\n", 1)]
    [InlineData("hunter2", 1)]
    [InlineData("a: 1\n<<: hunter2\n", 2)]
    public void Bad_YAML_is_told_by_file_and_line_and_never_quoted(string yaml, int line)
    {
        var error = _folder.Refused(yaml);
        Assert.StartsWith($"cannot read {_folder.Working}/clouds.yaml, line ", error.Message, StringComparison.Ordinal);
        int told = int.Parse(error.Message.Split(", line ")[1].Split(':')[0]);
        Assert.True(Math.Abs(told - line) <= 1, error.Message);
        Assert.Null(error.InnerException);
    }

    /// <summary>Every single slip of the pen in a good file either loads or is refused in our own words.</summary>
    [Fact]
    public void One_wrong_character_anywhere_never_escapes_as_another_exception()
    {
        foreach (char wrong in "\t\n'\"*:[{")
        {
            for (int i = 0; i < CloudFolder.Dev.Length; i++)
            {
                string yaml = CloudFolder.Dev[..i] + wrong + CloudFolder.Dev[(i + 1)..];
                try
                {
                    _folder.Load(yaml);
                }
                catch (CloudConfigurationException error)
                {
                    Assert.DoesNotContain("hunter2", error.ToString() + error.Hint, StringComparison.Ordinal);
                }
            }
        }
    }

    [Fact]
    public void Bad_YAML_in_secure_yaml_is_never_quoted_either()
    {
        _folder.Write("work/secure.yaml", "clouds: {dev: {auth: {password: 'hunter2");
        Assert.Contains("secure.yaml, line 1", _folder.Refused(CloudFolder.Dev).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Aliases_and_merge_keys_are_followed()
    {
        var settings = _folder.Load("""
            common: &common
              auth: &auth {auth_url: 'http://k', username: u, password: p, project_id: '1'}
              region_name: north
            clouds:
              one: {auth: *auth}
              two: {<<: *common, region_name: south}
            """, "two");
        Assert.Equal(("u", "south"), (settings.Username, settings.RegionName));
        Assert.Equal("u", CloudSettings.Load("one", _folder.Environment).Username);
    }

    [Fact]
    public void Scalars_stay_as_they_are_written()
    {
        const string auth = "{auth_url: 'http://k', username: 0123, password: 'null', project_id: 1e3, user_domain_id: ~}";
        var settings = _folder.Load($"clouds: {{c: {{auth: {auth}}}}}");
        Assert.Equal(("0123", "null", "1e3", "default"), (settings.Username, settings.Password, settings.ProjectId, settings.UserDomainId));
    }

    [Fact]
    public void An_alias_bomb_is_refused()
    {
        var bomb = new StringBuilder("l0: &l0 [x, x, x, x, x, x, x, x, x, x]\n");
        for (int i = 1; i < 12; i++)
            bomb.Append($"l{i}: &l{i} [{string.Join(", ", Enumerable.Repeat($"*l{i - 1}", 10))}]\n");
        Assert.Contains("aliases counted", _folder.Refused(bomb.ToString()).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[")]
    [InlineData("{a: ")]
    [InlineData("- ")]
    public void Deep_nesting_is_refused(string opening)
    {
        string deep = "a:\n " + string.Concat(Enumerable.Repeat(opening, 5000));
        Assert.Contains("deeper than 32", _folder.Refused(deep).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_large_file_is_refused()
    {
        var error = _folder.Refused(CloudFolder.Dev + "\n#" + new string('x', 1024 * 1024));
        Assert.Contains("larger than 1 MiB", error.Message, StringComparison.Ordinal);
        Assert.Equal("dev", _folder.Load(CloudFolder.Dev + "\n#" + new string('x', 1024 * 1000)).Name);
    }

    [Fact]
    public void A_file_that_cannot_be_read_says_so()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs a file whose reading fails for every user");
        var environment = _folder.Environment.With("OS_CLIENT_CONFIG_FILE", "/proc/self/mem");
        Assert.StartsWith("cannot read /proc/self/mem: ", CloudFolder.Refused(environment).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_permission_says_so()
    {
        string file = _folder.Write("work/clouds.yaml", CloudFolder.Dev);
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "the administrator reads everything");
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs the modes of a file");
        if (OperatingSystem.IsLinux())
            File.SetUnixFileMode(file, UnixFileMode.None);
        Assert.Equal($"cannot read {file}: permission denied", CloudFolder.Refused(_folder.Environment).Message);
    }
}
