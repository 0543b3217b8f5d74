using OpenStackSev.Agent.Configuration;

namespace OpenStackSev.Agent.Tests;

/// <summary>Everything that can be wrong at start is one or two lines that name the remedy, and an exit code.</summary>
public sealed class StartTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("osev-start-test").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public async Task A_misspelt_key_is_told_with_the_key_that_was_meant()
    {
        (int code, string[] lines) = await StartAsync("[capacity]\nintervall = 60\n");
        Assert.Equal(ExitCodes.Configuration, code);
        Assert.Equal($"error: {Conf}: unknown key 'intervall' in [capacity]; did you mean 'interval'?", Assert.Single(lines));
    }

    [Fact]
    public async Task A_misspelt_section_is_told_with_the_section_that_was_meant()
    {
        (int code, string[] lines) = await StartAsync("[capasity]\ninterval = 60\n");
        Assert.Equal(ExitCodes.Configuration, code);
        Assert.Equal($"error: {Conf}: unknown section [capasity]; did you mean 'capacity'?", Assert.Single(lines));
    }

    [Fact]
    public async Task All_problems_of_a_configuration_are_told_at_once()
    {
        (int code, string[] lines) = await StartAsync(
            "[capacity]\ninterval = 5\nlaunches = amd-sev-xyz\nes_share = -1\nstart_jitter = soon\n[DEFAULT]\nstate_dir = relative\n");
        Assert.Equal(ExitCodes.Configuration, code);
        Assert.Equal(5, lines.Length);
        Assert.Contains("error: [capacity] interval = 5: must be 10 to 3600 seconds", lines);
        Assert.Contains("error: [capacity] launches = amd-sev-xyz: not a model; known are amd-sev, amd-sev-es, amd-sev-snp", lines);
        Assert.Contains("error: [capacity] es_share = -1: must be 0 to 1000000", lines);
        Assert.Contains("error: [capacity] start_jitter = soon: not a duration; give seconds, e.g. 60, or hh:mm:ss", lines);
        Assert.Contains("error: [DEFAULT] state_dir = relative: must be an absolute path", lines);
    }

    [Theory]
    [InlineData("[capacity]\nes_share = many\n")]
    [InlineData("[capacity]\nnode_uuid = no-uuid\n")]
    [InlineData("[capacity\n")]
    [InlineData("interval = 60\n")]
    [InlineData("[capacity]\ninterval = 60\ninterval = 70\n")]
    [InlineData("[DEFAULT]\ndebug = perhaps\n")]
    public async Task What_cannot_be_read_is_an_error_and_no_crash(string text)
    {
        (int code, string[] lines) = await StartAsync(text);
        Assert.Equal(ExitCodes.Configuration, code);
        Assert.StartsWith("error: ", Assert.Single(lines), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_configuration_file_is_named()
    {
        (int code, string[] lines) = await StartAsync(text: null);
        Assert.Equal(ExitCodes.Configuration, code);
        Assert.Equal($"error: {Conf}: no such file; give one with --config-file", Assert.Single(lines));
    }

    [Fact]
    public async Task A_state_folder_that_cannot_be_written_is_two_lines()
    {
        string file = Path.Join(folder, "a-file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        (int code, string[] lines) = await StartAsync($"[DEFAULT]\nstate_dir = {file}/state\n");
        Assert.Equal(ExitCodes.Configuration, code);
        Assert.Equal(2, lines.Length);
        Assert.StartsWith($"error: state folder {file}/state cannot be used", lines[0], StringComparison.Ordinal);
        Assert.Equal("hint: give it to the agent's user, or set [DEFAULT] state_dir", lines[1]);
    }

    [Fact]
    public async Task A_second_agent_in_the_same_state_folder_is_refused()
    {
        using var first = Agent.Capacity.CapacityStateFolder.Open(Path.Join(folder, "state"));
        (int code, string[] lines) = await StartAsync($"[DEFAULT]\nstate_dir = {folder}/state\n");
        Assert.Equal(ExitCodes.TryLater, code);
        Assert.Equal($"error: another agent holds state folder {folder}/state", lines[0]);
        Assert.StartsWith("hint: ", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_clouds_yaml_the_places_that_were_looked_at_are_told()
    {
        (int code, string[] lines) = await StartAsync(
            $"[DEFAULT]\nstate_dir = {folder}/state\n[openstack]\ncloud = osev\nclouds_file = {folder}/nowhere/clouds.yaml\n");
        Assert.Equal(ExitCodes.Configuration, code);
        Assert.Equal(2, lines.Length);
        Assert.Contains($"{folder}/nowhere/clouds.yaml", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("hint: ", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unreachable_cloud_names_its_address_and_may_work_later()
    {
        await File.WriteAllTextAsync(Path.Join(folder, "clouds.yaml"),
            "clouds: {osev: {auth: {auth_url: 'http://127.0.0.1:9', username: agent, password: hidden-word, project_name: service}}}",
            TestContext.Current.CancellationToken);
        (int code, string[] lines) = await StartAsync(
            $"[DEFAULT]\nstate_dir = {folder}/state\n[openstack]\ncloud = osev\nclouds_file = {folder}/clouds.yaml\n[capacity]\nnode_name = n\n");
        Assert.Equal(ExitCodes.TryLater, code);
        Assert.Contains("127.0.0.1:9", lines[0], StringComparison.Ordinal);
        Assert.DoesNotContain(lines, line => line.Contains("hidden-word", StringComparison.Ordinal));
    }

    [Fact]
    public void The_sample_configuration_is_generated_and_can_be_used_as_it_is()
    {
        string sample = Path.Join(Repository.Root, "etc", "agent.conf.sample");
        AgentConfiguration.Load([sample]);
        string text = File.ReadAllText(sample);
        string uncommented = Path.Join(folder, "uncommented.conf");
        File.WriteAllLines(uncommented, text.Split('\n').Select(line => IsSetting(line) ? line[1..] : line));
        AgentConfiguration.Load([uncommented]);
        Assert.True(AgentConfiguration.Sample == text, "etc/agent.conf.sample is stale: openstack-sev-agent --print-sample > etc/agent.conf.sample");
    }

    [Fact]
    public void The_README_names_every_key()
    {
        string readme = File.ReadAllText(Path.Join(Repository.Root, "src", "OpenStackSev.Agent", "README.md"));
        Assert.All(AgentConfiguration.Sections.SelectMany(section => section.Keys), key => Assert.Contains($"`{key.Name}`", readme, StringComparison.Ordinal));
    }

    private static bool IsSetting(string line) =>
        line.StartsWith('#') && !line.StartsWith("# ", StringComparison.Ordinal) && line.Contains(" = ", StringComparison.Ordinal);

    private string Conf => Path.Join(folder, "agent.conf");

    private async Task<(int Code, string[] ErrorLines)> StartAsync(string? text)
    {
        if (text is not null)
            await File.WriteAllTextAsync(Conf, text, TestContext.Current.CancellationToken);
        using var output = new StringWriter();
        using var error = new StringWriter();
        int code = await AgentRun.StartAsync(new AgentArguments([Conf], [], RunMode.Once), output, error, TestContext.Current.CancellationToken);
        return (code, error.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }
}
