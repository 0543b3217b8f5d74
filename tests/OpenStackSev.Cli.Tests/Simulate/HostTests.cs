using System.Text.Json;
using OpenStackSev.Simulation;

namespace OpenStackSev.Cli.Tests.Simulate;

public sealed class HostTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Host => _folder.At("host");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task The_host_that_was_asked_for_is_written_and_told()
    {
        CommandLine run = await CommandLine.RunAsync("simulate", "host", "--model", "turin", "--asids", "200", "--out", Host, "-f", "json");
        JsonElement written = run.Succeeded().Json();
        Assert.Equal(
            ["folder", "model", "sick", "maximum_asid", "minimum_sev_asid", "sev_asids", "sev_es_and_sev_snp_asids", "hidden_asids"],
            written.EnumerateObject().Select(member => member.Name));
        Assert.Equal(Host, written.GetProperty("folder").GetString());
        Assert.Equal(101, written.GetProperty("sev_asids").GetInt32());
        Assert.Equal(99, written.GetProperty("sev_es_and_sev_snp_asids").GetInt32());
        Assert.Equal("sev 101\nsev_es 99\n", File.ReadAllText(Path.Join(Host, "sys/fs/cgroup/misc.capacity")));
    }

    [Fact]
    public async Task Set_current_alone_changes_the_running_guests_of_the_host_that_is_there()
    {
        (await CommandLine.RunAsync("simulate", "host", "--model", "turin", "--asids", "200", "--out", Host)).Succeeded();
        (await CommandLine.RunAsync("simulate", "host", "--out", Host, "--set-current", "sev=5,sev_es=0")).Succeeded();
        Assert.Equal("sev 5\nsev_es 0\n", File.ReadAllText(Path.Join(Host, "sys/fs/cgroup/misc.current")));
        Assert.Equal("sev 101\nsev_es 99\n", File.ReadAllText(Path.Join(Host, "sys/fs/cgroup/misc.capacity")));
    }

    [Fact]
    public async Task Set_current_with_a_model_writes_a_host_on_which_guests_run()
    {
        (await CommandLine.RunAsync("simulate", "host", "--model", "rome", "--out", Host, "--set-current", "sev_es=2,sev=1")).Succeeded();
        Assert.Equal("sev 1\nsev_es 2\n", File.ReadAllText(Path.Join(Host, "sys/fs/cgroup/misc.current")));
    }

    [Fact]
    public async Task A_folder_of_somebody_else_is_refused()
    {
        Directory.CreateDirectory(Host);
        File.WriteAllText(Path.Join(Host, "thesis.tex"), "years");
        (await CommandLine.RunAsync("simulate", "host", "--model", "turin", "--out", Host))
            .AssertError(ExitCode.Failed, $"{Host} is not empty");
        (await CommandLine.RunAsync("simulate", "host", "--out", Host, "--set-current", "sev=5,sev_es=0"))
            .AssertError(ExitCode.Failed, $"{Host} is not a simulated host");
        Assert.Equal("years", File.ReadAllText(Path.Join(Host, "thesis.tex")));
    }

    [Fact]
    public async Task A_host_that_no_machine_can_be_is_bad_usage() =>
        (await CommandLine.RunAsync("simulate", "host", "--model", "genoa", "--hidden-asids", "5", "--out", Host))
            .AssertError(ExitCode.BadUsage, "--hidden-asids 5: genoa cannot hide ciphertext");

    [Fact]
    public async Task The_list_has_every_model_and_every_sickness()
    {
        JsonElement kinds = (await CommandLine.RunAsync("simulate", "host", "--list", "-f", "json")).Succeeded().Json();
        Assert.Equal(HostModel.All.Select(m => m.Name), Names(kinds, "models"));
        Assert.Equal(Sickness.All.Select(s => s.Name), Names(kinds, "sick"));
    }

    private static IEnumerable<string?> Names(JsonElement kinds, string of) =>
        kinds.GetProperty(of).EnumerateArray().Select(kind => kind.GetProperty("name").GetString());
}
