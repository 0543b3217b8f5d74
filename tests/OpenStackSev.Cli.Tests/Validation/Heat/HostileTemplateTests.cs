namespace OpenStackSev.Cli.Tests.Validation.Heat;

/// <summary>Templates are somebody else's files: they end with an answer, soon, and bring nothing of this machine with them.</summary>
public sealed class HostileTemplateTests : IDisposable
{
    private const string Head = "heat_template_version: wallaby\n";
    private readonly HeatFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("", "has no resources")]
    [InlineData("- a\n- b\n", "is no map of keys")]
    [InlineData("resources: 7\n", "has no resources")]
    [InlineData("a: [b\n", "is no YAML")]
    [InlineData("a: *nowhere\n", "an alias has no anchor before it")]
    [InlineData("a: 1\na: 2\n", "a key is there twice")]
    [InlineData("a: {<<: b}\n", "'<<' brings no map")]
    [InlineData("a: !!bool perhaps\n", "a value that Heat cannot read")]
    [InlineData("a: !python/object:os.system x\n", "a value that Heat cannot read")]
    [InlineData("a: !<http://[> b\n", "a tag that Heat cannot read")]
    [InlineData("a: !!set {b, c}\n", "a tag that Heat cannot read")]
    [InlineData("resources: {}\n", "has no heat_template_version that Heat knows")]
    [InlineData("heat_template_version: 2099-01-01\nresources: {}\n", "has no heat_template_version that Heat knows")]
    [InlineData("heat_template_version: 2016-04-08\nconditions: {c: true}\nresources: {}\n", "has conditions, which its heat_template_version has not")]
    [InlineData("a: 1\n---\nb: 2\n", "a second document begins")]
    [InlineData("{a: b}: c\n", "a key is not text")]
    [InlineData("heat_template_version: wallaby\nresources: {a: {properties: {}}}\n", "resource 'a' has no type")]
    public async Task What_is_no_template_is_not_judged(string content, string problem) =>
        Refused(await _folder.JudgeAsync(content), problem);

    [Fact]
    public async Task Aliases_that_stand_for_a_billion_values_are_refused()
    {
        string bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + string.Concat(Enumerable.Range(1, 9).Select(i => $"a{i}: &a{i} [{string.Join(',', Enumerable.Repeat($"*a{i - 1}", 10))}]\n"));
        Refused(await _folder.JudgeAsync(bomb), "values, aliases counted");
    }

    [Fact]
    public async Task Nesting_that_has_no_end_is_refused() =>
        Refused(await _folder.JudgeAsync("a: " + new string('[', 5000) + "\n"), "nesting is deeper");

    [Fact]
    public async Task A_template_that_contains_itself_is_refused()
    {
        Refused(await _folder.JudgeAsync(Head + "resources: {again: {type: template.yaml}}\n"), "contains itself");
        _folder.File("other.yaml", Head + "resources: {back: {type: template.yaml}}\n");
        Refused(await _folder.JudgeAsync(Head + "resources: {there: {type: other.yaml}}\n"), "contains itself");
    }

    [Fact]
    public async Task Nested_templates_and_resources_have_a_bound()
    {
        for (int i = 0; i < 12; i++)
            _folder.File($"n{i}.yaml", Head + $"resources: {{next: {{type: n{i + 1}.yaml}}}}\n");
        _folder.File("n12.yaml", Head + "resources: {end: {type: 'OS::Heat::RandomString'}}\n");
        Refused(await _folder.JudgeAsync(Head + "resources: {first: {type: n0.yaml}}\n"), "nested deeper");
        string many = string.Concat(Enumerable.Range(0, 40).Select(i => $"  r{i}: {{type: wide.yaml}}\n"));
        _folder.File("wide.yaml", Head + "resources:\n" + string.Concat(Enumerable.Range(0, 40).Select(i => $"  r{i}: {{type: 'OS::Heat::RandomString'}}\n")));
        Refused(await _folder.JudgeAsync(Head + "resources:\n" + many), "more than 1000 resources");
    }

    [Fact]
    public async Task Functions_that_grow_without_end_are_refused()
    {
        Refused(await _folder.JudgeAsync(Head + $"resources: {{a: {{type: 'OS::Nova::Flavor', properties: {{name: {Grown(7)}}}}}}}\n"), "more than");
        string lists = string.Join(", ", Enumerable.Range(0, 8).Select(i => $"K{i}: ['1','2','3','4','5','6','7','8','9','0']"));
        Refused(await _folder.JudgeAsync(Head + $"resources: {{a: {{type: 'OS::Nova::Flavor', properties: {{extra_specs: {{repeat: {{for_each: {{{lists}}}, template: K0}}}}}}}}}}\n"), "more than");
    }

    [Fact]
    public async Task Conditions_that_rest_on_thousands_of_others_are_refused()
    {
        string chain = string.Concat(Enumerable.Range(0, 10_000).Select(i => $"  c{i}: {{not: c{i + 1}}}\n"));
        Refused(await _folder.JudgeAsync(Head + "conditions:\n" + chain + "  c10000: {equals: [a, a]}\nresources: {a: {type: 'OS::Heat::RandomString', condition: c0}}\n"), "nested deeper than 300");
    }

    [Theory]
    [InlineData("a: {type: 'OS::Heat::ResourceChain', properties: {resources: [server.yaml]}}", "a: what OS::Heat::ResourceChain makes is not read here")]
    [InlineData("a: {type: 'AWS::AutoScaling::AutoScalingGroup'}", "a: what AWS::AutoScaling::AutoScalingGroup makes is not read here")]
    [InlineData("a: {type: 'OS::Nova::Server', properties: {get_param: OS::stack_name}}", "a: its properties are not known")]
    [InlineData("a: [b]", "a: is no map")]
    [InlineData("a: {type: 'OS::Heat::ResourceGroup', properties: {resource_def: {get_param: OS::stack_name}}}", "a: what its members are is not known")]
    [InlineData("a: {type: 'OS::Heat::ResourceGroup', properties: {resource_def: {type: 'Own::Server'}}}", "a.0: nothing says what type 'Own::Server' stands for")]
    [InlineData("a: {type: 'OS::Heat::ResourceGroup', properties: {resource_def: {type: 'OS::Heat::ResourceGroup', properties: {}}}}", "a: a group of groups is not read here")]
    [InlineData("a: {type: 'OS::Heat::ResourceGroup', properties: {count: 101, resource_def: {type: 'OS::Heat::RandomString', properties: {length: '%index%'}}}}", "a: it has many members, and only the first 100 were read")]
    [InlineData("a: {type: 'OS::Heat::ResourceGroup', properties: {count: {get_param: 'OS::project_id'}, resource_def: {type: 'OS::Heat::RandomString', properties: {length: '%index%'}}}}", "a: how many members it has is not known")]
    [InlineData("a: {type: 'OS::Nova::Flavor', external_id: f}", "a: it has an external_id")]
    [InlineData("a: {type: 'OS::Nova::Flavor', condition: nobody}", "a: whether its condition holds is not known")]
    [InlineData("a: {type: 'OS::Nova::Flavor', condition: 'true'}", "a: whether its condition holds is not known")]
    [InlineData("a: {type: 'OS::Heat::RandomString', properties: {length: {get_attr: [{get_param: 'OS::stack_name'}, value]}}}", "get_attr names a resource that is not known")]
    [InlineData("a: {type: 'OS::Nova::Server', properties: {metadata: {openstack_sev_gate: {digest: [md5, x]}}}}", "a: its metadata openstack_sev_gate is not known")]
    [InlineData("a: {type: 'OS::Heat::RandomString', condition: false}\n  b: {type: 'OS::Heat::WaitCondition', properties: {handle: {get_resource: a}}}", "resource 'a' is named and is not there")]
    [InlineData("a: {type: 'OS::Magnum::Cluster'}", "a: what OS::Magnum::Cluster makes is not read here")]
    [InlineData("a: {type: 'OS::Heat::WaitCondition', properties: {handle: h, timeout: {yaql: {expression: '1', data: {}}}}}", "a: its timeout is not known")]
    public async Task What_was_not_read_is_told(string resource, string told)
    {
        CommandLine run = await _folder.JudgeAsync(Head + $"resources:\n  {resource}\n");
        Assert.Equal(ExitCode.NotJudged, run.ExitCode);
        Assert.Contains(HeatFolder.NotJudged(run), line => line.StartsWith(told, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_credential_among_many_references_is_found_and_of_too_many_nothing_is_said()
    {
        string Among(int count) => HeatFolder.Good.Replace("user_data: nothing",
            "user_data: {list_join: ['', [" + string.Concat(Enumerable.Range(0, count).Select(i => $"{{get_attr: [server, a{i}]}}, ")) + "{get_attr: [gate, curl_cli]}]]}", StringComparison.Ordinal);
        Assert.Contains("heat.gate.by_user_data", HeatFolder.Codes(await _folder.JudgeAsync(Among(999))));
        Refused(await _folder.JudgeAsync(Among(1000)), "a value is made of more than 1000 resources");
    }

    [Fact]
    public async Task Two_resources_may_have_one_name_when_it_is_written_out()
    {
        CommandLine run = await _folder.JudgeAsync(Head + "resources:\n  x: {type: 'OS::Heat::ResourceGroup', properties: {resource_def: {type: 'OS::Heat::RandomString'}}}\n  x.0: {type: 'OS::Heat::RandomString'}\n");
        Assert.Equal(0, run.ExitCode);
    }

    [Fact]
    public async Task Conditions_and_outputs_that_are_made_of_themselves_end()
    {
        _folder.File("inner.yaml", Head + "parameters: {p: {type: string}}\nresources: {x: {type: 'OS::Heat::RandomString'}}\noutputs: {o: {value: {get_param: p}}}\n");
        CommandLine run = await _folder.JudgeAsync(Head + """
            conditions: {a: {not: b}, b: {not: a}}
            resources:
              one: {type: inner.yaml, condition: a, properties: {p: {get_attr: [two, o]}}}
              two: {type: inner.yaml, properties: {p: {get_attr: [one, o]}}}
              server: {type: 'OS::Nova::Server', properties: {flavor: {get_attr: [one, o]}, image: i}}
            """);
        Assert.Equal(ExitCode.NotJudged, run.ExitCode);
        Assert.NotEmpty(HeatFolder.NotJudged(run));
    }

    [Theory]
    [InlineData("../secret.yaml"), InlineData("../../../../../../etc/hostname"), InlineData("/etc/hostname"), InlineData("link.yaml"), InlineData("links/secret.yaml")]
    [InlineData("file:///etc/hostname"), InlineData("circle.yaml")]
    public async Task Files_beside_the_templates_folder_are_not_read(string named)
    {
        _folder.File("secret.yaml", Head + "resources: {flavor: {type: 'OS::Nova::Flavor', properties: {name: SECRET, vcpus: 1, ram: 1}}}\n");
        _folder.File("inside/unused", "");
        File.CreateSymbolicLink(Path.Join(_folder.Path, "inside", "link.yaml"), Path.Join(_folder.Path, "secret.yaml"));
        File.CreateSymbolicLink(Path.Join(_folder.Path, "inside", "links"), _folder.Path);
        File.CreateSymbolicLink(Path.Join(_folder.Path, "inside", "circle.yaml"), Path.Join(_folder.Path, "inside", "circle.yaml"));
        string template = _folder.File("inside/t.yaml", Head + $"resources:\n  nested: {{type: '{named}.yaml'}}\n  flavor: {{type: 'OS::Nova::Flavor', properties: {{name: {{get_file: '{named}'}}, vcpus: 1, ram: 1}}}}\n"
            .Replace(".yaml.yaml", ".yaml", StringComparison.Ordinal));
        CommandLine run = await HeatFolder.RunAsync(template);
        Assert.Equal(ExitCode.NotJudged, run.ExitCode);
        Assert.DoesNotContain("SECRET", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain(Environment.MachineName, run.Out, StringComparison.Ordinal);
        Assert.Contains("was not read", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_that_an_environment_of_the_command_line_lies_in_may_be_read()
    {
        _folder.File("lib/f.yaml", Head + "resources: {flavor: {type: 'OS::Nova::Flavor', properties: {name: f, vcpus: 1, ram: 1}}}\n");
        string template = _folder.File("inside/t.yaml", Head + "resources: {nested: {type: ../lib/f.yaml}}\n");
        Assert.Equal(ExitCode.NotJudged, (await HeatFolder.RunAsync(template)).ExitCode);
        Assert.Equal(0, (await HeatFolder.RunAsync(template, "-e", _folder.File("env.yaml", "parameters: {}\n"))).ExitCode);
    }

    [Fact]
    public async Task Files_have_a_bound_in_size_and_number()
    {
        Refused(await _folder.JudgeAsync(Head + "a: " + new string('x', 600 * 1024) + "\n"), "is longer than");
        for (int i = 0; i < 120; i++)
            _folder.File($"many{i}.yaml", Head + "resources: {}\n");
        Refused(await _folder.JudgeAsync(Head + "resources:\n" + string.Concat(Enumerable.Range(0, 120).Select(i => $"  r{i}: {{type: many{i}.yaml}}\n"))), "files that are read");
    }

    [Fact]
    public async Task Names_that_no_file_can_have_are_not_read()
    {
        CommandLine run = await _folder.JudgeAsync(Head + "resources:\n  a: {type: \"a\\0b.yaml\"}\n  b: {type: 'OS::Nova::Flavor', properties: {name: {get_file: \"x\\0y\"}}}\n");
        Assert.Equal(ExitCode.NotJudged, run.ExitCode);
        Assert.Contains("was not read", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Bytes_that_are_no_text_are_refused()
    {
        string path = _folder.File("t.yaml", "");
        await File.WriteAllBytesAsync(path, [0xff, 0xfe, 0x00, 0x41], TestContext.Current.CancellationToken);
        Refused(await HeatFolder.RunAsync(path), "is not UTF-8");
    }

    [Fact]
    public async Task A_template_that_is_not_there_is_bad_usage() =>
        (await HeatFolder.RunAsync(Path.Join(_folder.Path, "none.yaml"))).AssertError(ExitCode.BadUsage, "--heat");

    [Fact]
    public async Task Names_that_a_terminal_obeys_are_made_harmless()
    {
        CommandLine run = await CommandLine.RunAsync("validate", "--heat", _folder.File("t.yaml", Head + "resources: {\"a\\e[31mb\": {type: \"X\\e]0;y\"}}\n"));
        Assert.DoesNotContain("\e", run.Out, StringComparison.Ordinal);
        Assert.Equal(ExitCode.NotJudged, run.ExitCode);
    }

    /// <summary>Ten times as long at each level.</summary>
    private static string Grown(int levels) =>
        levels == 0 ? "XXXXXXXXXX" : $"{{str_replace: {{params: {{X: XXXXXXXXXX}}, template: {Grown(levels - 1)}}}}}";

    private static void Refused(CommandLine run, string problem)
    {
        Assert.Equal("", run.Out);
        Assert.Contains(problem, run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.NotJudged, run.ExitCode);
    }
}
