namespace OpenStackSev.Cli.Tests.Validation.Heat;

/// <summary>What environments do to a gate that looks good in its template.</summary>
public sealed class EnvironmentTests : IDisposable
{
    private readonly HeatFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("resource_registry: {'OS::Heat::WaitCondition': 'OS::Heat::None'}", "heat.gate.not_waited")]
    [InlineData("resource_registry: {resources: {attested: {'OS::Heat::WaitCondition': 'OS::Heat::None'}}}", "heat.gate.not_waited")]
    [InlineData("resource_registry: {'OS::Heat::WaitCondition*': 'OS::Heat::None', 'OS::Heat::WaitConditionHandle': 'OS::Heat::WaitConditionHandle'}", "heat.gate.handle_missing")]
    [InlineData("resource_registry: {'OS::Nova::Server': 'OS::Heat::None'}", "heat.gate.unclaimed")]
    [InlineData("resource_registry: {resources: {'attest*': {'OS::Heat::WaitCondition': 'OS::Heat::None'}}}", null)]
    [InlineData("resource_registry: {resources: {server: {hooks: [pre-create, pre-update], restricted_actions: replace}}}\nevent_sinks: [{type: zaqar-queue, target: q}]\nencrypted_param_names: []\nparameter_merge_strategies: {default: overwrite}", null)]
    [InlineData("resource_registry: {'OS::Nova::*': 'OS::Nova::*'}", null)]
    public async Task A_type_may_stand_for_nothing(string environment, string? code)
    {
        CommandLine run = await _folder.JudgeAsync(HeatFolder.Good, "-e", _folder.File("env.yaml", environment + "\n"));
        Assert.Equal(code is null ? [] : [code], HeatFolder.Codes(run).Distinct());
        Assert.Empty(HeatFolder.NotJudged(run));
    }

    [Theory]
    [InlineData("parameter_merge_strategies: {name: merge}", "merges parameters, which is not read here")]
    [InlineData("name: flat", "has 'name', which is no section of one")]
    [InlineData("resource_registry: {base_url: 'http://elsewhere/', 'OS::Nova::Server': server.yaml}", "has a base_url")]
    public async Task What_is_not_read_of_an_environment_is_told(string environment, string told)
    {
        CommandLine run = await _folder.JudgeAsync(HeatFolder.Good, "-e", _folder.File("env.yaml", environment + "\n"));
        Assert.Contains(HeatFolder.NotJudged(run), line => line.Contains(told, StringComparison.Ordinal));
        Assert.Equal(ExitCode.NotJudged, run.ExitCode);
    }

    [Fact]
    public async Task Types_that_stand_for_each_other_in_a_circle_are_refused()
    {
        CommandLine run = await _folder.JudgeAsync(HeatFolder.Good, "-e", _folder.File("env.yaml", "resource_registry: {'OS::Nova::Server': 'A::B', 'A::B': 'OS::Nova::Server'}\n"));
        Assert.Contains("stands for others", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.NotJudged, run.ExitCode);
    }

    [Fact]
    public async Task Names_of_a_later_environment_take_those_of_an_earlier_one_away()
    {
        string open = _folder.File("open.yaml", "resource_registry: {resources: {attested: {'OS::Heat::WaitCondition': 'OS::Heat::None'}}}\n");
        string other = _folder.File("other.yaml", "resource_registry: {resources: {nobody: {'OS::Heat::WaitCondition': 'OS::Heat::None'}}}\n");
        Assert.Empty(HeatFolder.Codes(await _folder.JudgeAsync(HeatFolder.Good, "-e", open, "-e", other)));
        Assert.Equal(["heat.gate.not_waited"], HeatFolder.Codes(await _folder.JudgeAsync(HeatFolder.Good, "-e", other, "-e", open)));
    }

    [Fact]
    public async Task One_member_of_a_group_may_be_something_else()
    {
        _folder.File("member.yaml", HeatFolder.Good);
        const string group = "heat_template_version: wallaby\nresources: {members: {type: 'OS::Heat::ResourceGroup', properties: {count: 3, resource_def: {type: member.yaml}}}}\n";
        Assert.Empty(HeatFolder.Codes(await _folder.JudgeAsync(group)));
        CommandLine run = await _folder.JudgeAsync(group, "-e", _folder.File("env.yaml", "resource_registry: {resources: {members: {'2': {attested: {'OS::Heat::WaitCondition': 'OS::Heat::None'}}}}}\n"));
        Assert.Equal(["resource members.2.gate"], HeatFolder.Findings(run).Select(finding => finding.GetProperty("subject").GetString()));
        Assert.Equal(["heat.gate.not_waited"], HeatFolder.Codes(run));
    }

    [Fact]
    public async Task A_type_may_stand_for_a_template_that_makes_one_of_it()
    {
        _folder.File("server.yaml", """
            heat_template_version: wallaby
            parameters: {flavor: {type: string}, image: {type: string}}
            resources:
              server: {type: "OS::Nova::Server", properties: {flavor: {get_param: flavor}, image: {get_param: image}}}
            """);
        CommandLine run = await _folder.JudgeAsync("""
            heat_template_version: wallaby
            resources:
              flavor: {type: "OS::Nova::Flavor", properties: {vcpus: 1, ram: 64, disk: 1, extra_specs: {'hw:mem_encryption': 'false'}}}
              image: {type: "OS::Glance::WebImage", properties: {name: i, location: http://i, disk_format: raw, container_format: bare}}
              own: {type: "OS::Nova::Server", properties: {flavor: {get_resource: flavor}, image: {get_resource: image}}}
            """, "-e", _folder.File("env.yaml", "resource_registry: {'OS::Nova::Server': server.yaml}\n"));
        Assert.Equal(["own.server"], run.Json().GetProperty("pairs").EnumerateArray().Select(pair => pair.GetProperty("resource").GetString()));
        Assert.Equal(0, run.ExitCode);
    }

    [Fact]
    public async Task A_parameter_that_an_environment_has_otherwise_is_not_judged_since_Heat_takes_that_one()
    {
        string template = HeatFolder.Good.Replace("resources:\n", "parameters: {model: {type: string}}\nresources:\n", StringComparison.Ordinal).Replace("'hw:mem_encryption_model': amd-sev-snp", "'hw:mem_encryption_model': {get_param: model}", StringComparison.Ordinal);
        string environment = _folder.File("env.yaml", "parameters: {model: amd-sev}\n");
        CommandLine run = await _folder.JudgeAsync(template, "-e", environment, "--parameter", "model=amd-sev-snp");
        Assert.Equal(["parameter 'model' is in the parameters of an environment too, with another value: Heat takes that one"], HeatFolder.NotJudged(run));
        Assert.Equal(ExitCode.NotJudged, run.ExitCode);
    }
}
