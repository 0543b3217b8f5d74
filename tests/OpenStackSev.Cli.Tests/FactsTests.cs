using System.Text.Json;

namespace OpenStackSev.Cli.Tests;

public sealed class FactsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Host => _folder.At("host");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_simulated_host_says_so_before_anything_else()
    {
        await SimulateAsync("turin");
        Assert.StartsWith("SIMULATED: ", (await CommandLine.RunAsync("facts", "--root", Host)).Succeeded().Out, StringComparison.Ordinal);
        JsonElement facts = (await CommandLine.RunAsync("facts", "--root", Host, "-f", "json")).Succeeded().Json();
        Assert.True(facts.GetProperty("simulated").GetBoolean());
    }

    [Fact]
    public async Task A_folder_without_the_marker_is_not_called_simulated()
    {
        await SimulateAsync("turin");
        File.Delete(Path.Join(Host, "simulated"));
        Assert.DoesNotContain("SIMULATED", (await CommandLine.RunAsync("facts", "--root", Host)).Succeeded().Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_json_document_has_these_members()
    {
        await SimulateAsync("turin", "--asids", "200", "--set-current", "sev=5,sev_es=1");
        JsonElement facts = (await CommandLine.RunAsync("facts", "--root", Host, "--format", "json")).Succeeded().Json();
        Assert.Equal(
            [
                "root", "simulated", "processor", "kvm_amd", "asid_capacity", "asid_current", "kernel", "smt_active", "iommu_present",
                "sev_platform_status", "snp_platform_status", "security_attributes", "sev_certificates", "virtualization", "chip_ids", "snp_firmware", "pools", "findings",
            ],
            facts.EnumerateObject().Select(member => member.Name));
        Assert.Equal("Turin", facts.GetProperty("processor").GetProperty("product").GetString());
        Assert.Equal(200, facts.GetProperty("processor").GetProperty("encryption").GetProperty("maximum_asid").GetInt32());
        Assert.Equal("0x4800000003010101", facts.GetProperty("snp_platform_status").GetProperty("current_tcb").GetString());
        Assert.Equal("initialized", facts.GetProperty("sev_platform_status").GetProperty("state").GetString());
        Assert.Equal(4 * 2084, facts.GetProperty("sev_certificates").GetBytesFromBase64().Length);
        Assert.Equal(["SEV 101 5", "SEV-ES+SEV-SNP 99 1"], Pools(facts));
        Assert.Empty(facts.GetProperty("findings").EnumerateArray());
    }

    [Fact]
    public async Task A_pool_is_listed_once_when_shared_and_twice_when_split()
    {
        await SimulateAsync("turin-cth", "--hidden-asids", "64");
        JsonElement facts = (await CommandLine.RunAsync("facts", "--root", Host, "--format", "json")).Succeeded().Json();
        Assert.Equal(["SEV 754 0", "SEV-ES 188 0", "SEV-SNP 64 0"], Pools(facts));
    }

    [Fact]
    public async Task Guests_that_the_kernel_counts_together_are_not_guessed_apart()
    {
        await SimulateAsync("turin-cth", "--set-current", "sev=2,sev_es=3");
        JsonElement facts = (await CommandLine.RunAsync("facts", "--root", Host, "--format", "json")).Succeeded().Json();
        Assert.Equal(["SEV 754 2", "SEV-ES 124 ", "SEV-SNP 128 "], Pools(facts));
    }

    [Theory]
    [InlineData("contradiction", "platform.misc.capacity.sev_disagrees")]
    [InlineData("no-kvm-amd", "platform.kvm_amd.missing")]
    [InlineData("no-misc-cgroup", "platform.misc.capacity.missing")]
    [InlineData("post-cve-2025-48514", "platform.sev_es.withdrawn")]
    [InlineData("snp-status-missing", "platform.snp_status.missing")]
    [InlineData("truncated", "platform.misc.capacity.malformed")]
    [InlineData("garbage", "platform.cpuid.malformed")]
    public async Task Findings_are_printed_once_and_are_no_failure(string sick, string code)
    {
        await SimulateAsync("turin", "--sick", sick);
        string text = (await CommandLine.RunAsync("facts", "--root", Host)).Succeeded().Out;
        Assert.Single(text.Split('\n'), line => line.StartsWith(code + " ", StringComparison.Ordinal));
        JsonElement facts = (await CommandLine.RunAsync("facts", "--root", Host, "-f", "json")).Succeeded().Json();
        Assert.Single(facts.GetProperty("findings").EnumerateArray(), f => f.GetProperty("code").GetString() == code);
    }

    [Fact]
    public async Task No_folder_is_a_failure() =>
        (await CommandLine.RunAsync("facts", "--root", _folder.At("nowhere"))).AssertError(ExitCode.Failed, _folder.At("nowhere"));

    [Fact]
    public async Task This_machine_can_be_asked_whatever_it_is() =>
        Assert.False((await CommandLine.RunAsync("facts", "-f", "json")).Succeeded().Json().GetProperty("simulated").GetBoolean());

    private async Task SimulateAsync(string model, params string[] more) =>
        (await CommandLine.RunAsync(["simulate", "host", "--model", model, "--out", Host, .. more])).Succeeded();

    private static IEnumerable<string> Pools(JsonElement facts) => facts.GetProperty("pools").EnumerateArray().Select(pool =>
        string.Join('+', pool.GetProperty("models").EnumerateArray().Select(m => m.GetString()))
        + $" {pool.GetProperty("guests")} {pool.GetProperty("in_use")}");
}
