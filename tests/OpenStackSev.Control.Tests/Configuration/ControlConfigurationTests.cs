using OpenStackSev.Configuration;
using OpenStackSev.Control.Commands;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Identity;

namespace OpenStackSev.Control.Tests.Configuration;

/// <summary>What an administrator writes, and what a start says to it.</summary>
public sealed class ControlConfigurationTests : IDisposable
{
    private const string Keystone = "[keystone_authtoken]\nauth_url = http://127.0.0.1:5000\npassword = secret\n";

    private readonly string folder = Directory.CreateTempSubdirectory("osev-control-conf").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("openstack-sev.conf.sample", "")]
    [InlineData("policy.yaml.sample", "--policy")]
    [InlineData("enforcement.yaml.sample", "--enforcement")]
    public async Task The_samples_are_generated(string file, string option)
    {
        using var output = new StringWriter();
        int code = await ControlCommands.RunAsync(
            ["manage", "config", "sample", .. option.Length > 0 ? new[] { option } : []], output, TextWriter.Null, TestContext.Current.CancellationToken);
        Assert.Equal(0, code);
        Assert.True(output.ToString() == await File.ReadAllTextAsync(Path.Join(Repository.Root, "etc", file), TestContext.Current.CancellationToken),
            $"etc/{file} is stale: openstack-sev-control manage config sample {option} > etc/{file}");
    }

    [Fact]
    public void The_sample_can_be_used_once_its_keys_are_there()
    {
        string text = ControlConfiguration.Sample.Replace("\n#", "\n", StringComparison.Ordinal).Replace("\n ", "\n# ", StringComparison.Ordinal);
        Assert.Equal("secret", Load(text).Keystone.Password);
    }

    [Fact]
    public void The_policy_sample_holds_what_holds_without_it()
    {
        string file = Path.Join(folder, "policy.yaml");
        File.WriteAllText(file, Policies.Sample().Replace("\n#\"", "\n\"", StringComparison.Ordinal));
        IReadOnlyDictionary<string, string> read = PolicyFile.Read(file);
        Assert.Equal(Policies.All.Select(rule => (rule.Name, rule.Check)), read.Select(pair => (pair.Key, pair.Value)));
    }

    [Fact]
    public void What_a_start_cannot_do_without_is_told_at_once()
    {
        ConfigurationException e = Assert.Throws<ConfigurationException>(() => Load(
            "[api]\nbind_host = 0.0.0.0\n[DEFAULT]\nstate_dir = here\n[keystone_authtoken]\ntoken_cache_time = 3600\n"));
        Assert.Contains(e.Problems, problem => problem.StartsWith("[api] bind_host = 0.0.0.0: beyond loopback tokens need TLS", StringComparison.Ordinal));
        Assert.Contains("[DEFAULT] state_dir = here: must be an absolute path", e.Problems);
        Assert.Contains("[keystone_authtoken] token_cache_time = 3600: must be 0 to 300 seconds", e.Problems);
        Assert.Contains("[keystone_authtoken] auth_url: not set; give Keystone's URL, e.g. http://127.0.0.1:5000/v3",
            Assert.Throws<ConfigurationException>(() => Load("")).Problems);
    }

    [Theory]
    [InlineData("tls_cert = /a.pem\n", "[api] tls_cert and tls_key: give both or neither")]
    [InlineData("bind_host = example.org\n", "[api] bind_host = example.org: not an IP address; 0.0.0.0 or :: listens on all")]
    [InlineData("bind_prot = 1\n", "unknown key 'bind_prot' in [api]; did you mean 'bind_port'?")]
    public void A_wrong_key_of_the_API_is_told(string line, string problem) =>
        Assert.EndsWith(problem, Assert.Single(Assert.Throws<ConfigurationException>(() => Load($"{Keystone}[api]\n{line}")).Problems), StringComparison.Ordinal);

    [Theory]
    [InlineData("http://k:5000", "http://k:5000/v3")]
    [InlineData("http://k/identity/", "http://k/identity/v3")]
    [InlineData("http://k/identity/v3/", "http://k/identity/v3")]
    public void Keystones_URL_is_taken_with_and_without_its_version(string written, string used) =>
        Assert.Equal(used, Load($"[keystone_authtoken]\nauth_url = {written}\npassword = p\n").Keystone.Cloud().AuthUrl.AbsoluteUri);

    [Fact]
    public async Task A_wrong_configuration_ends_the_start_with_78()
    {
        await File.WriteAllTextAsync(Conf, "[api]\nbind_host = x\n", TestContext.Current.CancellationToken);
        using var error = new StringWriter();
        int code = await ControlCommands.RunAsync(["--config-file", Conf], TextWriter.Null, error, TestContext.Current.CancellationToken);
        Assert.Equal(ExitCodes.Configuration, code);
        Assert.All(error.ToString().TrimEnd().Split('\n'), line => Assert.StartsWith("error: ", line, StringComparison.Ordinal));
    }

    private string Conf => Path.Join(folder, "control.conf");

    private ControlConfiguration Load(string text)
    {
        File.WriteAllText(Conf, text);
        return ControlConfiguration.Load([Conf]);
    }
}
