using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Tests.Reattestation;
using OpenStackSev.Control.Tests.Stories;

namespace OpenStackSev.Control.Tests.Cli;

/// <summary><c>osev simulate fleet</c> against the real application.</summary>
[Collection(CommandLab.Name)]
public sealed class FleetCommandTests : IAsyncLifetime
{
    private GuestLab? lab;

    private GuestLab Lab => lab!;

    private string Chain => Lab.Control.At("amd");

    private string Keys => Path.Join(Lab.Control.StateFolder, "tickets.keys");

    public async ValueTask InitializeAsync()
    {
        lab = await GuestLab.StartAsync();
        await CommandLab.UseAsync(lab.Control);
        GuestLab.Authority.Save(Chain);
    }

    public async ValueTask DisposeAsync()
    {
        CommandLab.Forget();
        await Lab.DisposeAsync();
    }

    [Fact]
    public async Task A_fleet_with_liars_gets_its_verdicts_and_each_lie_its_code()
    {
        await KnowAsync(9);
        await AskForTcbAsync();
        (int code, string output, string error) = await CommandLab.RunAsync([.. PrintedCommand(), "-f", "json"]);
        Assert.Equal((0, "simulated fleet, round 1 of 2: 6 verdicts of 9 instances"), (code, error.Split(" in ")[0]));
        JsonElement result = JsonDocument.Parse(output).RootElement;
        Assert.Equal((true, 9, 2, 2, 0), (result.GetProperty("simulated").GetBoolean(), result.GetProperty("instances").GetInt32(), result.GetProperty("chips").GetInt32(),
            result.GetProperty("rounds").GetInt32(), result.GetProperty("wrong").GetInt32()));
        // Without a first report there is nothing to replay: that instance is honest once.
        Assert.Equal(
            ["none affirming - 7", "wrong-chip - attestation.evidence.wrong_chip 2", "old-tcb contraindicated snp.tcb.below_minimum 2", "debug contraindicated snp.policy.debug 2",
                "replay - attestation.evidence.replayed 1", "foreign-nonce - attestation.evidence.foreign 2", "silence - - 2"],
            result.GetProperty("outcomes").EnumerateArray().Select(one => $"{one.GetProperty("lie")} {Word(one, "verdict")} {Word(one, "code")} {one.GetProperty("count")}"));
        Assert.Equal(["challenge 18", "evidence 16"], result.GetProperty("latencies").EnumerateArray().Select(one => $"{one.GetProperty("request")} {one.GetProperty("count")}"));
    }

    [Fact]
    public async Task A_lie_that_is_affirmed_ends_with_1()
    {
        await KnowAsync(2);
        (int code, string output, string _) = await CommandLab.RunAsync("simulate", "fleet", "--chain", Chain, "--ticket-keys", Keys, "--url", Lab.Control.Url.ToString(), "--lie", "old-tcb=1");
        Assert.StartsWith($"SIMULATED: 2 instances on 2 chips, 1 rounds, against {Lab.Control.Url}", output, StringComparison.Ordinal);
        Assert.Contains("old-tcb affirming", string.Join(' ', output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.Equal(1, code);
    }

    [Fact]
    public async Task What_cannot_be_done_is_one_error_one_hint_and_a_code()
    {
        await KnowAsync(1);
        await CommandLab.FailsAsync(64, "--lie white=1: must be KIND=COUNT", "the kinds are wrong-chip", "simulate", "fleet", "--chain", Chain, "--ticket-keys", Keys, "--lie", "white=1");
        await CommandLab.FailsAsync(64, "2 shall lie, and there are 1 instances", "let fewer lie", "simulate", "fleet", "--chain", Chain, "--ticket-keys", Keys, "--lie", "debug=2");
        await CommandLab.FailsAsync(1, $"{Chain}/ark.pem has no key of 64 hex digits", "it is [reattestation] ticket_keys", "simulate", "fleet", "--chain", Chain, "--ticket-keys", Path.Join(Chain, "ark.pem"));
    }

    /// <summary>As the README of the simulation prints it, but for what the reader fills in.</summary>
    private string[] PrintedCommand()
    {
        string line = File.ReadLines(Path.Join(Repository.Root, "src", "OpenStackSev.Simulation", "README.md")).Single(text => text.StartsWith("osev simulate fleet ", StringComparison.Ordinal));
        return [.. line.Split(' ').Skip(1).Select(word => word switch { "DIR/amd" => Chain, "STATE_DIR/tickets.keys" => Keys, "URL" => Lab.Control.Url.ToString(), _ => word })];
    }

    /// <summary>Instances that the control plane has in its table, on both hosts in turn.</summary>
    private async Task KnowAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            var instance = new Guid(i + 1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11]);
            Lab.Set(instance, StoryCloud.Server(instance.ToString(), GuestLab.Project, StoryCloud.SpecsOf("amd-sev-snp"), i % 2 == 0 ? GuestLab.Host : GuestLab.OtherHost));
            await (await Lab.GuestAsync(instance)).AskAsync();
        }
    }

    private Task<long> AskForTcbAsync() => Lab.Control.App.Services.GetRequiredService<HistoryWriter>().AppendAsync(Reattestation.Policies.Given.Record(
        Reattestation.Policies.Given.Version(1, """{"version":1,"name":"named","minimum_tcb":{"turin":{"snp":4}}}""", active: true)));

    private static string Word(JsonElement one, string name) => one.GetProperty(name).GetString() ?? "-";
}
