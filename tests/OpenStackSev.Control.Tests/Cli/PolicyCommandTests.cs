using System.Text.Json;
using OpenStackSev.Control.Tests.Reattestation.Policies;

namespace OpenStackSev.Control.Tests.Cli;

/// <summary><c>osev policy</c> and <c>osev reference</c> against the real application.</summary>
[Collection(CommandLab.Name)]
public sealed class PolicyCommandTests : IAsyncLifetime
{
    private static readonly string s_measured = string.Concat(Enumerable.Repeat("5e", 48));

    private PolicyLab? lab;

    private PolicyLab Lab => lab!;

    public async ValueTask InitializeAsync()
    {
        lab = await PolicyLab.StartAsync("\"admin\": \"role:service\"\n");
        lab.Endorse();
        await CommandLab.UseAsync(lab.Control);
    }

    public async ValueTask DisposeAsync()
    {
        CommandLab.Forget();
        await Lab.DisposeAsync();
    }

    [Fact]
    public async Task A_version_is_stored_tried_activated_and_rolled_back_to()
    {
        await Lab.JudgedAsync(1);
        string strict = await FileAsync("strict.json", """{ "version": 1, "name": "strict",  "minimum_tcb": {"turin": {"snp": 200}} }""");
        Assert.Contains("\"number\": 1", await CommandLab.OkAsync("policy", "store", strict, "-f", "json"), StringComparison.Ordinal);
        Assert.Equal("INSTANCE,NAME,PROJECT,FROM,TO,FINDINGS,RESOLVED\n6e1f0f5a-3a52-4d5e-8f0a-000000000001,web-1,p1,affirming,contraindicated,snp.tcb.below_minimum,\n",
            await CommandLab.OkAsync("policy", "dry-run", "1", "-f", "csv"));
        Assert.Equal(1, JsonDocument.Parse(await CommandLab.OkAsync("policy", "dry-run", strict, "-f", "json")).RootElement.GetProperty("changes").GetArrayLength());

        (int code, string _, string error) = await CommandLab.RunAsync("policy", "activate", "1");
        Assert.Equal(1, code);
        Assert.StartsWith("error: 1 of 1 instances would get a worse verdict, e.g. 6e1f0f5a-3a52-4d5e-8f0a-000000000001: affirming to contraindicated, snp.tcb.below_minimum\nhint: osev policy dry-run 1 lists them; --anyway activates all the same\n",
            error, StringComparison.Ordinal);
        await CommandLab.OkAsync("policy", "activate", "1", "--anyway");
        Assert.Equal("NUMBER,ACTIVE,STORED BY,ACTIVATED BY\n1,yes,openstack-sev,openstack-sev\n0,no,built in,\n",
            await CommandLab.OkAsync("policy", "list", "-f", "csv", "-c", "number", "-c", "active", "-c", "stored_by", "-c", "activated_by"));
        Assert.Equal(await File.ReadAllTextAsync(strict) + "\n", await CommandLab.OkAsync("policy", "show"));
        await CommandLab.OkAsync("policy", "activate", "0");
        Assert.Contains("\"name\": \"default\"", await CommandLab.OkAsync("policy", "show"), StringComparison.Ordinal);
    }

    /// <summary>As printed; only the file and the digest are filled in.</summary>
    [Fact]
    public async Task The_commands_of_the_README_do_what_it_says()
    {
        string readme = await File.ReadAllTextAsync(Path.Join(Repository.Root, "src", "OpenStackSev.Control", "Reattestation", "Policies", "README.md"));
        string document = await FileAsync("policy.json", """{"version":1,"name":"named"}""");
        string[] commands = readme.Split("```")[1].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(4, commands.Length);
        foreach (string command in commands)
        {
            // What stands in quotes is one word.
            IEnumerable<string> words = command.Split('\'').SelectMany((part, i) => i % 2 == 1 ? [part] : part.Split(' ', StringSplitOptions.RemoveEmptyEntries));
            await CommandLab.OkAsync([.. words.Skip(1).Select(word => word switch { "policy.json" => document, "$DIGEST" => s_measured, _ => word })]);
        }

        Assert.Contains("\"name\":\"named\"", await CommandLab.OkAsync("policy", "show"), StringComparison.Ordinal);
        Assert.Contains("OVMF 2024.02, 4 EPYC-v4", await CommandLab.OkAsync("reference", "list"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_cannot_be_done_is_one_error_one_hint_and_a_code()
    {
        string bad = await FileAsync("bad.json", """{"version":1,"crll":"required","vmpl":[9]}""");
        await CommandLab.FailsAsync(64, $"{bad}: $.crll: unknown key", "osev attest policy check", "policy", "store", bad);
        await CommandLab.FailsAsync(64, "file", "name a file that is there", "policy", "store", Lab.Control.At("none.json"));
        await CommandLab.FailsAsync(1, "attestation 404 attestation.policy.not_found", "osev policy list", "policy", "show", "9");
        await CommandLab.OkAsync("policy", "store", await FileAsync("old.json", """{"version":1,"dates":"ignored"}"""));
        await CommandLab.FailsAsync(1, "attestation 409 attestation.policy.unfit: $.dates", "osev policy show", "policy", "activate", "1");
        await CommandLab.FailsAsync(64, "'ab' is not 96 hex digits", "osev reference list", "reference", "remove", "ab");
        await CommandLab.FailsAsync(1, "attestation 404 attestation.reference.not_found", "osev reference list", "reference", "remove", s_measured);
    }

    [Fact]
    public async Task A_reference_value_is_tried_before_it_is_added_and_the_last_one_stays()
    {
        await Lab.JudgedAsync(1);
        await CommandLab.FailsAsync(1, "1 of 1 instances would get a worse verdict", "--dry-run lists them", "reference", "add", Given.DigestA, "--name", "another");
        Assert.Contains(",affirming,contraindicated,snp.measurement.unknown,", await CommandLab.OkAsync("reference", "add", Given.DigestA, "--name", "another", "--dry-run", "-f", "csv"), StringComparison.Ordinal);
        await CommandLab.OkAsync("reference", "add", s_measured, "--name", "OVMF 2024.02, 4 EPYC-v4", "--covers-executables");
        Assert.Equal($"DIGEST,NAME,EXECUTABLES\n{s_measured},\"OVMF 2024.02, 4 EPYC-v4\",covered\n",
            await CommandLab.OkAsync("reference", "list", "-f", "csv", "-c", "digest", "-c", "name", "-c", "executables"));
        await CommandLab.FailsAsync(1, "attestation 409 attestation.reference.last", "add others first", "reference", "remove", s_measured);
        await CommandLab.OkAsync("reference", "remove", s_measured, "--allow-unchecked");
        Assert.Equal("DIGEST\n", await CommandLab.OkAsync("reference", "list", "-f", "csv", "-c", "digest"));
        Assert.Contains("removed_by: ", await CommandLab.OkAsync("reference", "list", "--removed", "-f", "yaml"), StringComparison.Ordinal);
    }

    private async Task<string> FileAsync(string name, string text)
    {
        await File.WriteAllTextAsync(Lab.Control.At(name), text);
        return Lab.Control.At(name);
    }
}
