using System.Text.Json;

namespace OpenStackSev.Cli.Tests.Validation.Heat;

/// <summary>What of a template reaches the rules: parameters, environments, conditions, functions, nested templates and groups.</summary>
public sealed class ReadTemplateTests : IDisposable
{
    private const string Head = "heat_template_version: wallaby\n";
    private readonly HeatFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("{get_param: model}")]
    [InlineData("{get_param: [models, 1, name]}")]
    [InlineData("{get_param: [listed, 1]}")]
    [InlineData("{if: [yes_it_is, {get_param: model}, wrong]}")]
    [InlineData("{if: [{not: yes_it_is}, wrong, {get_param: model}]}")]
    [InlineData("{str_replace: {template: 'amd-KIND-snp', params: {KIND: sev, snp: wrong-only-later-KIND}}}", "amd-sev-wrong-only-later-KIND")]
    [InlineData("{str_replace: {template: 'amd-KIND-snp', params: {KIND: sev}}}")]
    [InlineData("{list_join: ['-', [amd, sev], [snp]]}")]
    [InlineData("{get_file: model.txt}")]
    public async Task A_value_is_what_Heat_makes_of_it(string written, string read = "amd-sev-snp")
    {
        _folder.File("model.txt", "amd-sev-snp");
        CommandLine run = await _folder.JudgeAsync(Head + $$$"""
            parameters:
              model: {type: string, default: amd-sev-snp}
              models: {type: json, default: [{name: a}, {name: amd-sev-snp}]}
              listed: {type: comma_delimited_list, default: 'a,amd-sev-snp'}
            conditions:
              yes_it_is: {and: [{equals: [{get_param: model}, amd-sev-snp]}, {or: [{contains: [a, {get_param: listed}]}, {equals: [a, b]}]}]}
            resources:
              flavor:
                type: OS::Nova::Flavor
                properties: {vcpus: 1, ram: 64, extra_specs: {'hw:mem_encryption': 'true', 'hw:mem_encryption_model': {{{written}}}}}
            """);
        Assert.Empty(HeatFolder.NotJudged(run));
        Assert.Equal(read, Model(run));
    }

    [Fact]
    public async Task The_command_line_wins_over_defaults_of_environments_and_the_later_environment_over_the_earlier()
    {
        string template = _folder.File("t.yaml", Flavor("{get_param: model}", "model"));
        string first = _folder.File("first_env.yaml", "parameters: {model: amd-sev}\nparameter_defaults: {model: amd-sev-es}\n");
        string second = _folder.File("second_env.yaml", "parameter_defaults: {model: amd-sev-snp}\n");
        Assert.Equal("amd-sev", Model(await HeatFolder.RunAsync(template, "-e", first, "-e", second)));
        Assert.Equal("amd-sev-snp", Model(await HeatFolder.RunAsync(template, "-e", second)));
        Assert.Equal("amd-sev-es", Model(await HeatFolder.RunAsync(template, "-e", _folder.File("third_env.yaml", "parameter_defaults: {model: amd-sev}\n"), "--parameter", "model=amd-sev-es")));
    }

    [Fact]
    public async Task What_has_no_value_is_not_judged_and_said()
    {
        CommandLine run = await _folder.JudgeAsync(Flavor("{get_param: model}", "model"));
        Assert.Equal(ExitCode.NotJudged, run.ExitCode);
        Assert.Contains("parameter 'model' has no value", HeatFolder.NotJudged(run));
        Assert.Empty(run.Json().GetProperty("pairs").EnumerateArray());
    }

    [Theory]
    [InlineData("{yaql: {expression: $.data, data: amd-sev}}", "function yaql is not evaluated here")]
    [InlineData("{get_attr: [other, model]}", "is known when the stack is made")]
    [InlineData("{get_file: missing.txt}", "file 'missing.txt' was not read")]
    public async Task What_is_not_evaluated_is_not_judged_and_said(string written, string why)
    {
        CommandLine run = await _folder.JudgeAsync(Flavor(written) + "  other: {type: 'OS::Heat::RandomString'}\n");
        Assert.Equal(ExitCode.NotJudged, run.ExitCode);
        Assert.Contains(why, string.Join('\n', HeatFolder.NotJudged(run)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_resource_whose_condition_fails_is_not_made()
    {
        string template = Flavor("amd-sev-snp").Replace("    type: OS::Nova", "    condition: wanted\n    type: OS::Nova", StringComparison.Ordinal)
            .Replace("resources:", "parameters: {n: {type: boolean, default: false}}\nconditions: {wanted: {get_param: n}}\nresources:", StringComparison.Ordinal);
        Assert.Empty((await _folder.JudgeAsync(template)).Json().GetProperty("pairs").EnumerateArray());
        Assert.Single((await _folder.JudgeAsync(template, "--parameter", "n=on")).Json().GetProperty("pairs").EnumerateArray());
    }

    [Fact]
    public async Task A_type_is_what_the_environment_says_also_of_one_resource_by_name()
    {
        _folder.File("lib/sev.yaml", Flavor("amd-sev"));
        _folder.File("lib/snp.yaml", Flavor("amd-sev-snp"));
        string template = _folder.File("t.yaml", Head + "resources:\n  a: {type: 'My::Flavor'}\n  b: {type: 'My::Flavor'}\n");
        string environment = _folder.File("env.yaml", """
            resource_registry:
              'My::Flavor': lib/sev.yaml
              resources:
                b: {'My::Flavor': lib/snp.yaml}
                'a*': {'My::Flavor': lib/snp.yaml}
            """);
        CommandLine run = await HeatFolder.RunAsync(template, "-e", environment);
        Assert.Equal(["a.flavor amd-sev", "b.flavor amd-sev-snp"], run.Json().GetProperty("pairs").EnumerateArray()
            .Select(pair => $"{pair.GetProperty("resource").GetString()} {pair.GetProperty("request").GetProperty("model").GetString()}"));
        CommandLine without = await HeatFolder.RunAsync(template);
        Assert.Contains("a: nothing says what type 'My::Flavor' stands for; an environment has to", HeatFolder.NotJudged(without));
    }

    [Fact]
    public async Task A_groups_member_stands_for_all_and_outputs_of_nested_templates_are_known()
    {
        _folder.File("inner.yaml", Head + """
            parameters: {name: {type: string}, model: {type: string}}
            resources: {nothing: {type: 'OS::Heat::RandomString'}}
            outputs: {model: {value: {get_param: model}}, name: {value: {get_param: name}}}
            """);
        _folder.File("member.yaml", Flavor("{get_param: model}", "model", "name"));
        CommandLine run = await _folder.JudgeAsync(Head + """
            resources:
              asked: {type: inner.yaml, properties: {name: n, model: amd-sev-es}}
              members:
                type: OS::Heat::ResourceGroup
                properties:
                  count: 3
                  resource_def: {type: member.yaml, properties: {model: {get_attr: [asked, model]}, name: {str_replace: {template: 'f-%index%-N', params: {N: {get_attr: [asked, name]}}}}}}
            """);
        JsonElement pair = Assert.Single(run.Json().GetProperty("pairs").EnumerateArray());
        Assert.Equal(("members.0.flavor", "f-0-n", "amd-sev-es"),
            (pair.GetProperty("resource").GetString(), pair.GetProperty("flavor").GetString(), pair.GetProperty("request").GetProperty("model").GetString()));
    }

    [Fact]
    public async Task A_named_flavor_may_be_made_beside_or_be_in_a_file_or_is_not_judged()
    {
        const string server = "  server: {type: 'OS::Nova::Server', properties: {flavor: sev.flavor, image: i}}\n";
        using Bodies bodies = new();
        string image = bodies.File("i.json", Bodies.Image("i", Bodies.ImageId)), flavor = bodies.File("f.json", Bodies.Flavor("sev.flavor", "1", ("hw:mem_encryption", "true")));
        CommandLine made = await _folder.JudgeAsync(Flavor("amd-sev").Replace("vcpus: 1", "name: sev.flavor, vcpus: 1", StringComparison.Ordinal) + server, "--image-file", image);
        Assert.Contains("request.firmware.not_uefi", HeatFolder.Codes(made));
        CommandLine given = await _folder.JudgeAsync(Head + "resources:\n" + server, "--image-file", image, "--flavor-file", flavor);
        Assert.Contains("request.firmware.not_uefi", HeatFolder.Codes(given));
        CommandLine neither = await _folder.JudgeAsync(Head + "resources:\n" + server, "--image-file", image);
        Assert.Equal(["server: flavor 'sev.flavor' was not looked up"], HeatFolder.NotJudged(neither));
        Assert.Equal(ExitCode.NotJudged, neither.ExitCode);
    }

    [Fact]
    public async Task What_a_template_makes_wrongly_is_found_without_a_command_that_would_mend_something_else()
    {
        CommandLine run = await _folder.JudgeAsync(Flavor("amd-sev-snp").Replace("'true'", "required", StringComparison.Ordinal));
        JsonElement finding = HeatFolder.Findings(run).First(found => found.GetProperty("code").GetString() == "request.dialect.word");
        Assert.Equal(JsonValueKind.Null, finding.GetProperty("fix").ValueKind);
        Assert.Equal(2, run.ExitCode);
    }

    [Theory]
    [InlineData("--flavor", "f"), InlineData("--image", "i"), InlineData("-f", "jsonl"), InlineData("--parameter", "no-equals-sign")]
    public async Task What_does_not_go_with_a_template_is_bad_usage(string option, string value)
    {
        string template = _folder.File("t.yaml", Flavor("amd-sev"));
        CommandLine run = await CommandLine.RunAsync("validate", "--heat", template, option, value);
        Assert.Equal(ExitCode.BadUsage, run.ExitCode);
    }

    [Fact]
    public async Task Environment_and_parameters_need_a_template() =>
        (await CommandLine.RunAsync("validate", "--parameter", "a=b")).AssertError(ExitCode.BadUsage, "--parameter is for --heat");

    private static string Flavor(string model, params string[] parameters) => Head
        + string.Concat(parameters.Length == 0 ? "" : "parameters:\n", string.Concat(parameters.Select(name => $"  {name}: {{type: string}}\n")))
        + $$$"""
        resources:
          flavor:
            type: OS::Nova::Flavor
            properties: {{{{(parameters.Contains("name") ? "name: {get_param: name}, " : "")}}}vcpus: 1, ram: 64, extra_specs: {'hw:mem_encryption': 'true', 'hw:mem_encryption_model': {{{model}}}}}

        """;

    private static string? Model(CommandLine run)
    {
        JsonElement pair = Assert.Single(run.Json().GetProperty("pairs").EnumerateArray());
        return pair.GetProperty("request").GetProperty("model").GetString();
    }
}
