using System.Text.Json;
using OpenStackSev.Cli;
using OpenStackSev.Control.Tests.Fakes;
using OpenStackSev.Control.Tests.Reattestation.Policies;

namespace OpenStackSev.Control.Tests.Cli;

/// <summary><c>osev policy</c> and <c>osev reference</c> against the real application.</summary>
public sealed class PolicyCommandTests : IAsyncLifetime
{
    // The environment is the process's: no other test of this program reads it.
    private const string CloudsFile = "OS_CLIENT_CONFIG_FILE";

    private static readonly string s_measured = string.Concat(Enumerable.Repeat("5e", 48));

    private PolicyLab? lab;

    private PolicyLab Lab => lab!;

    public async ValueTask InitializeAsync()
    {
        // The user whose password the fake Keystone knows is the service's own.
        lab = await PolicyLab.StartAsync("\"admin\": \"role:service\"\n");
        lab.Endorse();
        await File.WriteAllTextAsync(lab.Control.At("clouds.yaml"), $$"""
            clouds:
              lab:
                auth: {auth_url: "{{lab.Control.Keystone.Url}}/v3", username: {{FakeKeystone.Username}}, password: {{FakeKeystone.Password}}, project_name: service, user_domain_name: Default, project_domain_name: Default}
                attestation_endpoint_override: {{lab.Control.Url}}
            """);
        Environment.SetEnvironmentVariable(CloudsFile, lab.Control.At("clouds.yaml"));
    }

    public async ValueTask DisposeAsync()
    {
        Environment.SetEnvironmentVariable(CloudsFile, null);
        await Lab.DisposeAsync();
    }

    [Fact]
    public async Task A_version_is_stored_tried_activated_and_rolled_back_to()
    {
        await Lab.JudgedAsync(1);
        string strict = await FileAsync("strict.json", """{ "version": 1, "name": "strict",  "minimum_tcb": {"turin": {"snp": 200}} }""");
        Assert.Contains("\"number\": 1", await OkAsync("policy", "store", strict, "-f", "json"), StringComparison.Ordinal);
        Assert.Equal("INSTANCE,NAME,PROJECT,FROM,TO,FINDINGS,RESOLVED\n6e1f0f5a-3a52-4d5e-8f0a-000000000001,web-1,p1,affirming,contraindicated,snp.tcb.below_minimum,\n",
            await OkAsync("policy", "dry-run", "1", "-f", "csv"));
        Assert.Equal(1, JsonDocument.Parse(await OkAsync("policy", "dry-run", strict, "-f", "json")).RootElement.GetProperty("changes").GetArrayLength());

        (int code, string _, string error) = await RunAsync("policy", "activate", "1");
        Assert.Equal(1, code);
        Assert.StartsWith("error: 1 of 1 instances would get a worse verdict, e.g. 6e1f0f5a-3a52-4d5e-8f0a-000000000001: affirming to contraindicated, snp.tcb.below_minimum\nhint: osev policy dry-run 1 lists them; --anyway activates all the same\n",
            error, StringComparison.Ordinal);
        await OkAsync("policy", "activate", "1", "--anyway");
        Assert.Equal("NUMBER,ACTIVE,STORED BY,ACTIVATED BY\n1,yes,openstack-sev,openstack-sev\n0,no,built in,\n",
            await OkAsync("policy", "list", "-f", "csv", "-c", "number", "-c", "active", "-c", "stored_by", "-c", "activated_by"));
        Assert.Equal(await File.ReadAllTextAsync(strict) + "\n", await OkAsync("policy", "show"));
        await OkAsync("policy", "activate", "0");
        Assert.Contains("\"name\": \"default\"", await OkAsync("policy", "show"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_done_is_one_error_one_hint_and_a_code()
    {
        string bad = await FileAsync("bad.json", """{"version":1,"crll":"required","vmpl":[9]}""");
        await FailsAsync(64, $"{bad}: $.crll: unknown key", "osev attest policy check", "policy", "store", bad);
        await FailsAsync(64, "file", "name a file that is there", "policy", "store", Lab.Control.At("none.json"));
        await FailsAsync(1, "attestation 404 attestation.policy.not_found", "osev policy list", "policy", "show", "9");
        await OkAsync("policy", "store", await FileAsync("old.json", """{"version":1,"dates":"ignored"}"""));
        await FailsAsync(1, "attestation 409 attestation.policy.unfit: $.dates", "osev policy show", "policy", "activate", "1");
        await FailsAsync(64, "'ab' is not 96 hex digits", "osev reference list", "reference", "remove", "ab");
        await FailsAsync(1, "attestation 404 attestation.reference.not_found", "osev reference list", "reference", "remove", s_measured);
    }

    [Fact]
    public async Task A_reference_value_is_tried_before_it_is_added_and_the_last_one_stays()
    {
        await Lab.JudgedAsync(1);
        await FailsAsync(1, "1 of 1 instances would get a worse verdict", "--dry-run lists them", "reference", "add", Given.DigestA, "--name", "another");
        Assert.Contains(",affirming,contraindicated,snp.measurement.unknown,", await OkAsync("reference", "add", Given.DigestA, "--name", "another", "--dry-run", "-f", "csv"), StringComparison.Ordinal);
        await OkAsync("reference", "add", s_measured, "--name", "OVMF 2024.02, 4 EPYC-v4", "--covers-executables");
        Assert.Equal($"DIGEST,NAME,EXECUTABLES\n{s_measured},\"OVMF 2024.02, 4 EPYC-v4\",covered\n",
            await OkAsync("reference", "list", "-f", "csv", "-c", "digest", "-c", "name", "-c", "executables"));
        await FailsAsync(1, "attestation 409 attestation.reference.last", "add others first", "reference", "remove", s_measured);
        await OkAsync("reference", "remove", s_measured, "--allow-unchecked");
        Assert.Equal("DIGEST\n", await OkAsync("reference", "list", "-f", "csv", "-c", "digest"));
        Assert.Contains("removed_by: ", await OkAsync("reference", "list", "--removed", "-f", "yaml"), StringComparison.Ordinal);
    }

    private async Task<string> FileAsync(string name, string text)
    {
        await File.WriteAllTextAsync(Lab.Control.At(name), text);
        return Lab.Control.At(name);
    }

    private static async Task<string> OkAsync(params string[] args)
    {
        (int code, string output, string error) = await RunAsync(args);
        Assert.True(code == 0, error);
        return output;
    }

    private static async Task FailsAsync(int expected, string message, string hint, params string[] args)
    {
        (int code, string output, string error) = await RunAsync(args);
        Assert.Equal("", output);
        string[] lines = error.TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("error: " + message, lines[0], StringComparison.Ordinal);
        Assert.StartsWith("hint: " + hint, lines[1], StringComparison.Ordinal);
        Assert.Equal(expected, code);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = await Osev.RunAsync([.. args, "--os-cloud", "lab"], new CommandConsole(output, error, terminal: false, colours: false), TestContext.Current.CancellationToken);
        return (code, output.ToString(), error.ToString());
    }
}
