namespace OpenStackSev.Cli.Tests.Validation.Heat;

/// <summary>Every rule about a template is found by a template that breaks it alone.</summary>
public sealed class GateRuleTests : IDisposable
{
    private static readonly Dictionary<string, (string Code, string From, string To)> s_broken = new(StringComparer.Ordinal)
    {
        ["an image type that makes nothing"] = ("heat.image.no_op", "  gate:\n", "  old: {type: 'OS::Glance::Image', properties: {location: http://x}}\n  gate:\n"),
        ["a gate that Heat opens"] = ("heat.gate.opens_itself", "HEAT_SIGNAL", "NO_SIGNAL"),
        ["a credential in user data"] = ("heat.gate.by_user_data", "user_data: nothing", "user_data: {get_attr: [gate, curl_cli]}"),
        ["a credential in a text of user data"] = ("heat.gate.by_user_data", "user_data: nothing",
            "user_data: {str_replace: {template: 'run SIGNAL', params: {SIGNAL: {get_attr: [gate, curl_cli]}}}}"),
        ["all attributes of a handle in user data"] = ("heat.gate.by_user_data", "user_data: nothing", "user_data: {str_replace: {template: 'run SIGNAL', params: {SIGNAL: {get_attr: [gate]}}}}"),
        ["a credential in user data by a parameter"] = ("heat.gate.by_user_data", "user_data: nothing", "user_data: {get_attr: [gate, {get_param: OS::stack_id}]}"),
        ["a credential in a config that a file is"] = ("heat.gate.by_user_data", "  server:\n    type: OS::Nova::Server\n    properties:\n",
            "  config: {type: 'OS::Heat::CloudConfig', properties: {cloud_config: {runcmd: [{get_attr: [gate, token]}]}}}\n  server:\n    type: OS::Nova::Server\n    properties:\n      personality: {/run/signal: {get_resource: config}}\n"),
        ["a credential by a deployment"] = ("heat.gate.by_user_data", "  attested:\n",
            "  told: {type: 'OS::Heat::SoftwareDeployment', properties: {server: {get_resource: server}, input_values: {url: {get_attr: [gate, endpoint]}}}}\n  attested:\n"),
        ["a credential that is repeated"] = ("heat.gate.by_user_data", "user_data: nothing", "user_data: {list_join: ['', {repeat: {for_each: {'%c%': [{get_attr: [gate, curl_cli]}]}, template: 'run %c%'}}]}"),
        ["a credential in a function that is not read"] = ("heat.gate.by_user_data", "user_data: nothing", "user_data: {yaql: {expression: $.data, data: {get_attr: [gate, curl_cli]}}}"),
        ["a credential by software config"] = ("heat.gate.by_user_data", "user_data: nothing", "user_data_format: SOFTWARE_CONFIG"),
        ["a model without proof"] = ("heat.gate.unprovable", "amd-sev-snp", "amd-sev-es"),
        ["half of the names"] = ("heat.gate.half_named", "        openstack_sev_gate: gate\n", ""),
        ["the other half of the names"] = ("heat.gate.half_named", "        openstack_sev_stack: {get_param: 'OS::stack_id'}\n", ""),
        ["a gate that is not there"] = ("heat.gate.handle_missing", "openstack_sev_gate: gate", "openstack_sev_gate: gates"),
        ["a gate that is no handle"] = ("heat.gate.handle_missing", "openstack_sev_gate: gate", "openstack_sev_gate: attested"),
        ["a gate by its id"] = ("heat.gate.handle_missing", "openstack_sev_gate: gate", "openstack_sev_gate: {get_resource: gate}"),
        ["a stack by its name"] = ("heat.gate.other_stack", "{get_param: 'OS::stack_id'}", "mine"),
        ["nobody waits"] = ("heat.gate.not_waited", "{handle: {get_resource: gate}, timeout: 1800}", "{handle: elsewhere, timeout: 1800}"),
        ["somebody waits in another way"] = ("heat.gate.not_waited", "{handle: {get_resource: gate}, timeout: 1800}", "{handle: {get_attr: [gate, signal]}, timeout: 1800}"),
        ["nobody is made to wait"] = ("heat.gate.not_waited", "type: OS::Heat::WaitCondition\n", "type: OS::Heat::None\n"),
        ["too many signals"] = ("heat.gate.count", "timeout: 1800}", "timeout: 1800, count: 2}"),
        ["a server that waits for itself"] = ("heat.gate.deadlock", "  server:\n    type: OS::Nova::Server\n", "  server:\n    type: OS::Nova::Server\n    depends_on: attested\n"),
        ["a wait that begins too early"] = ("heat.gate.not_after_server", "    depends_on: server\n", ""),
        ["nobody opens it"] = ("heat.gate.unclaimed", "  gate:\n    type: OS::Heat::WaitConditionHandle\n",
            "  other_attested: {type: 'OS::Heat::WaitCondition', properties: {handle: {get_resource: other}, timeout: 1800}}\n  other: {type: 'OS::Heat::WaitConditionHandle', properties: {signal_transport: HEAT_SIGNAL}}\n  gate:\n    type: OS::Heat::WaitConditionHandle\n"),
        ["a boolean extra spec"] = ("heat.value.refused", "extra_specs: {'hw:mem_encryption': 'true', ", "extra_specs: {'hw:mem_encryption': 'true', 'sev:note': yes, "),
        ["a number among properties"] = ("heat.value.refused", "extra_properties: {", "extra_properties: {note: 1, "),
        ["a short wait"] = ("heat.gate.timeout_short", "1800", "900"),
        ["a rebuild in place"] = ("heat.gate.update_in_place", "image_update_policy: REPLACE", "image_update_policy: REBUILD"),
        ["a resize in place"] = ("heat.gate.update_in_place", "flavor_update_policy: REPLACE", "tags: []"),
    };

    private readonly HeatFolder _folder = new();

    public static TheoryData<string> Broken => [.. s_broken.Keys];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_gated_server_of_SEV_SNP_has_no_findings()
    {
        CommandLine run = await _folder.JudgeAsync(HeatFolder.Good);
        Assert.Empty(HeatFolder.NotJudged(run));
        Assert.Empty(HeatFolder.Findings(run));
        Assert.Equal("server", run.Json().GetProperty("pairs")[0].GetProperty("resource").GetString());
        Assert.Equal("amd-sev-snp", run.Json().GetProperty("pairs")[0].GetProperty("request").GetProperty("model").GetString());
        Assert.Equal(0, run.ExitCode);
    }

    [Theory, MemberData(nameof(Broken))]
    public async Task A_template_that_breaks_one_rule_is_found_by_it_alone(string broken)
    {
        (string code, string from, string to) = s_broken[broken];
        Assert.Contains(from, HeatFolder.Good, StringComparison.Ordinal);
        CommandLine run = await _folder.JudgeAsync(HeatFolder.Good.Replace(from, to, StringComparison.Ordinal));
        // A model that the image does not serve has findings of its own.
        Assert.Equal([code], HeatFolder.Codes(run).Where(found => found.StartsWith("heat.", StringComparison.Ordinal)).Distinct());
        Assert.True(run.ExitCode is 1 or 2, run.Out);
    }

    [Fact]
    public async Task A_credential_of_another_handle_of_the_stack_opens_the_gate_too() =>
        Assert.Equal(["heat.gate.by_user_data"], HeatFolder.Codes(await _folder.JudgeAsync(HeatFolder.Good
            .Replace("  gate:\n", "  ready: {type: 'OS::Heat::WaitConditionHandle'}\n  gate:\n", StringComparison.Ordinal)
            .Replace("user_data: nothing", "user_data: {get_attr: [ready, curl_cli]}", StringComparison.Ordinal))));

    [Fact]
    public async Task A_gate_of_a_server_without_encryption_can_never_open() =>
        Assert.Contains("heat.gate.unprovable", HeatFolder.Codes(await _folder.JudgeAsync(HeatFolder.Good
            .Replace("'hw:mem_encryption': 'true', 'hw:mem_encryption_model': amd-sev-snp, ", "'hw:mem_encryption': 'false', ", StringComparison.Ordinal)
            .Replace("hw_mem_encryption: 'true', hw_mem_encryption_model: amd-sev-snp, ", "", StringComparison.Ordinal))));

    [Fact]
    public async Task A_server_of_SEV_SNP_without_a_gate_is_a_hint()
    {
        string without = HeatFolder.Good[..HeatFolder.Good.IndexOf("  attested:\n", StringComparison.Ordinal)]
            .Replace("        openstack_sev_gate: gate\n", "", StringComparison.Ordinal).Replace("        openstack_sev_stack: {get_param: 'OS::stack_id'}\n", "        mine: 'yes'\n", StringComparison.Ordinal);
        CommandLine run = await _folder.JudgeAsync(without);
        Assert.Equal(["heat.server.without_gate"], HeatFolder.Findings(run).Select(finding => finding.GetProperty("code").GetString()));
        Assert.Equal(0, run.ExitCode);
    }

    [Fact]
    public async Task A_server_of_SEV_SNP_that_does_not_name_the_gate_that_is_there_is_a_warning()
    {
        CommandLine run = await _folder.JudgeAsync(HeatFolder.Good
            .Replace("        openstack_sev_gate: gate\n", "", StringComparison.Ordinal).Replace("        openstack_sev_stack: {get_param: 'OS::stack_id'}\n", "        mine: 'yes'\n", StringComparison.Ordinal));
        Assert.Equal(["heat.gate.unclaimed"], HeatFolder.Codes(run));
        Assert.Equal(1, run.ExitCode);
    }

    [Fact]
    public async Task A_guest_that_signals_its_own_wait_condition_is_no_gate_and_one_that_opens_it_is_found()
    {
        const string names = "      metadata:\n        openstack_sev_stack: {get_param: 'OS::stack_id'}\n        openstack_sev_gate: gate\n";
        Assert.Contains(names, HeatFolder.Good, StringComparison.Ordinal);
        string ungated = HeatFolder.Good.Replace(names, "", StringComparison.Ordinal).Replace("user_data: nothing", "user_data: {get_attr: [gate, curl_cli]}", StringComparison.Ordinal);
        Assert.Equal(["heat.gate.by_user_data"], HeatFolder.Codes(await _folder.JudgeAsync(ungated)));
        string plain = ungated.Replace("'hw:mem_encryption': 'true', 'hw:mem_encryption_model': amd-sev-snp, ", "'hw:mem_encryption': 'false', ", StringComparison.Ordinal)
            .Replace("hw_mem_encryption: 'true', hw_mem_encryption_model: amd-sev-snp, ", "", StringComparison.Ordinal);
        Assert.DoesNotContain("heat.gate.by_user_data", HeatFolder.Codes(await _folder.JudgeAsync(plain)));
    }

    [Fact]
    public async Task In_a_nested_template_the_stack_is_its_own_and_not_the_one_around_it()
    {
        string inner = HeatFolder.Good.Replace("resources:\n", "parameters:\n  around: {type: string}\nresources:\n", StringComparison.Ordinal);
        const string outer = "heat_template_version: wallaby\nresources:\n  inner: {type: inner.yaml, properties: {around: {get_param: 'OS::stack_id'}}}\n";
        _folder.File("inner.yaml", inner);
        Assert.Empty(HeatFolder.Codes(await _folder.JudgeAsync(outer)));
        _folder.File("inner.yaml", inner.Replace("openstack_sev_stack: {get_param: 'OS::stack_id'}", "openstack_sev_stack: {get_param: around}", StringComparison.Ordinal));
        CommandLine run = await _folder.JudgeAsync(outer);
        Assert.Equal(["heat.gate.other_stack"], HeatFolder.Codes(run));
        Assert.Equal("resource inner.server", run.Json().GetProperty("findings")[0].GetProperty("subject").GetString());
    }

    [Fact]
    public void Every_rule_has_a_template_that_breaks_it() =>
        Assert.Empty(HeatFolder.AllCodes().Except(s_broken.Values.Select(broken => broken.Code)).Except(["heat.server.without_gate"]));
}
