using System.Net.Http.Json;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Attestation.Snp;
using OpenStackSev.Control;
using OpenStackSev.Control.Commands;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Reattestation.Tickets;
using OpenStackSev.Control.Tests.Fakes;
using OpenStackSev.Endorsements;
using OpenStackSev.Simulation.Fleet;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Benchmarks;

/// <summary>What a verdict costs the control plane, from the question for a challenge to the durable commit, as a share of one verification on P-384.</summary>
/// <remarks>The control plane is a process of its own, and its CPU time is what counts: neither the guests, who sign, nor Nova and Keystone.</remarks>
internal static class EvidenceCost
{
    private const int Instances = 1_000, Chips = 50, Rounds = 5, WarmRounds = 4, Rate = 200, PlainServers = 1_000, PlainRate = 100;
    private const double MostShare = 2;

    private static readonly TimeSpan s_mostTail = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_mostPlain = TimeSpan.FromMilliseconds(50);
    private static readonly FleetPace s_full = new() { Parallel = 64 };
    private static readonly FleetPace s_paced = new() { Parallel = 256, PerSecond = Rate };

    public static async Task<IReadOnlyList<Result>> MeasureAsync()
    {
        string folder = Directory.CreateTempSubdirectory("osev-bench").FullName;
        var chips = new List<SimulatedSecurityProcessor>();
        var nova = new FakeNova();
        try
        {
            using SimulatedAuthority authority = SimulatedAuthority.Create(SimulatedLine.Turin);
            for (int i = 0; i < Chips; i++)
                chips.Add(new SimulatedSecurityProcessor(authority, RandomNumberGenerator.GetBytes(8)));
            await using FakeKeystone keystone = await FakeKeystone.StartAsync(TimeProvider.System, nova.Map);
            string file = await ConfigureAsync(folder, keystone, authority);
            IReadOnlyList<FleetMember> members = await EnrolAsync(file, chips);
            using ControlServers servers = await ControlServers.StartAsync(file);
            using var client = new HttpClient { BaseAddress = servers.Control };
            Share signed = await RoundsAsync(servers, client, chips, members, hasKey: true), keyless = await RoundsAsync(servers, client, chips, members, hasKey: false);
            return [.. Shares(signed, keyless), Tail(await TailAsync(client, chips, members)), Plain(await VendordataAsync(client, keystone, nova))];
        }
        finally
        {
            chips.ForEach(chip => chip.Dispose());
            Directory.Delete(folder, recursive: true);
        }
    }

    private static IEnumerable<Result> Shares(Share signed, Share keyless)
    {
        yield return new("challenge and evidence to a durable verdict without a token, CPU time ÷ one VerifyHash, best of 5 rounds", $"{keyless.Of(keyless.Bare):0.00}", $"at most {MostShare:0.0}",
            keyless.Of(keyless.Bare) <= MostShare, $"{keyless}; one ECDsa.VerifyHash on P-384: {keyless.Bare:0.000} ms");
        yield return new("the same with a signed result, ÷ one VerifyHash and one SignHash", $"{signed.Of(signed.Bare + signed.Signing):0.00}", $"at most {MostShare:0.0}",
            signed.Of(signed.Bare + signed.Signing) <= MostShare, $"{signed}; one ECDsa.SignHash on P-384: {signed.Signing:0.000} ms; ÷ one VerifyHash alone: {signed.Of(signed.Bare):0.00}");
    }

    private static Result Tail(double milliseconds) => new($"POST /v1/evidence to durable verdict at {Rate} a second, 99th percentile", $"{milliseconds:0.0} ms", $"at most {s_mostTail.TotalMilliseconds:0} ms",
        milliseconds <= s_mostTail.TotalMilliseconds, "by the clock: quiet machines only");

    private static Result Plain(double milliseconds) => new($"POST /v1/vendordata of servers without encryption, each asked of Nova, at {PlainRate} a second, 99th percentile", $"{milliseconds:0.0} ms",
        $"at most {s_mostPlain.TotalMilliseconds:0} ms", milliseconds <= s_mostPlain.TotalMilliseconds, "by the clock: quiet machines only");

    private static async Task<string> ConfigureAsync(string folder, FakeKeystone keystone, SimulatedAuthority authority)
    {
        string file = Path.Join(folder, "control.conf");
        await File.WriteAllTextAsync(file, $"""
            [DEFAULT]
            state_dir = {folder}/state
            [api]
            bind_port = 0
            requests_per_second = 0
            [metrics]
            bind_port = 0
            [keystone_authtoken]
            auth_url = {keystone.Url}/v3
            username = {FakeKeystone.Username}
            password = {FakeKeystone.Password}
            [events]
            file = {folder}/events.json
            [endorsements]
            use_kds = false
            simulated_roots = {authority.Ark.Fingerprint}
            [reattestation]
            guest_url = http://127.0.0.1
            project_requests_per_minute = 0
            instance_requests_per_minute = 0
            [sweep]
            enabled = false
            """);
        if (await ControlCommands.RunAsync(["manage", "db", "sync", "--config-file", file], TextWriter.Null, Console.Error) != 0)
            throw new InvalidOperationException("the database was not made");
        var endorsements = new EndorsementFolder(Path.Join(folder, "state", "endorsements"));
        endorsements.Write(EndorsementFile.Authority(AuthorityRole.Ark, ProductLine.Turin), authority.Ark.Certificate, DateTimeOffset.UtcNow);
        endorsements.Write(EndorsementFile.Authority(AuthorityRole.Ask, ProductLine.Turin), authority.Ask.Certificate, DateTimeOffset.UtcNow);
        endorsements.Write(EndorsementFile.Revocations(ProductLine.Turin, SigningKey.Vcek), authority.IssueCrl(), DateTimeOffset.UtcNow);
        return file;
    }

    /// <summary>Hosts with their chips, and instances on them, written as the agents and the sweep would have them written; then nobody holds the database.</summary>
    private static async Task<IReadOnlyList<FleetMember>> EnrolAsync(string file, List<SimulatedSecurityProcessor> chips)
    {
        await using WebApplication control = ControlApplication.Create(ControlConfiguration.Load([file]), logging => logging.SetMinimumLevel(LogLevel.Warning));
        await control.StartAsync();
        HistoryWriter history = control.Services.GetRequiredService<HistoryWriter>();
        TicketDesk desk = control.Services.GetRequiredService<TicketDesk>();
        DateTimeOffset now = DateTimeOffset.UtcNow;
        Guid[] nodes = [.. chips.Select(_ => Guid.NewGuid())];
        var writes = new List<Task>();
        for (int i = 0; i < chips.Count; i++)
        {
            writes.Add(history.ApplyAsync(new HostChip
            {
                ChipId = Convert.ToHexStringLower(chips[i].ChipId).PadRight(128, '0'),
                Node = nodes[i],
                Status = ChipStatus.Approved,
                FirstSeenAt = now,
            }));
        }

        var members = new List<FleetMember>();
        for (int i = 0; i < Instances; i++)
        {
            var instance = Guid.NewGuid();
            members.Add(new FleetMember(instance, desk.For(instance).Ticket, i % chips.Count));
            writes.Add(history.ApplyAsync(new InstanceState
            {
                Instance = instance,
                Project = "p1",
                Name = "bench",
                Model = "amd-sev-snp",
                Status = "ACTIVE",
                Node = nodes[i % chips.Count],
                HostName = "compute",
                FirstSeenAt = now,
                SeenAt = now,
                NextRoundAt = now,
            }));
        }

        await Task.WhenAll(writes);
        await control.StopAsync();
        return members;
    }

    /// <summary>Rounds of all instances as fast as they go: the cheapest one, and what one verification costs meanwhile.</summary>
    private static async Task<Share> RoundsAsync(
        ControlServers servers, HttpClient client, List<SimulatedSecurityProcessor> chips, IReadOnlyList<FleetMember> members, bool hasKey)
    {
        using var fleet = new SimulatedFleet(client, chips, members, hasKey);
        for (int i = 0; i < WarmRounds; i++)
            Judged(await fleet.RoundAsync(s_full));
        Share? best = null;
        (double bare, double signing) = (double.MaxValue, double.MaxValue);
        for (int i = 0; i < Rounds; i++)
        {
            TimeSpan start = servers.CpuTime;
            FleetChallenges challenges = await fleet.AskAsync(s_full);
            TimeSpan asked = servers.CpuTime;
            Judged(await fleet.AnswerAsync(challenges, s_full));
            TimeSpan ended = servers.CpuTime;
            var share = new Share((asked - start).TotalMilliseconds / members.Count, (ended - asked).TotalMilliseconds / members.Count, 0, 0);
            best = best is null || share.Whole < best.Whole ? share : best;
            (bare, signing) = (Math.Min(bare, Bare()), Math.Min(signing, Signing()));
        }

        return best! with { Bare = bare, Signing = signing };
    }

    private static async Task<double> TailAsync(HttpClient client, List<SimulatedSecurityProcessor> chips, IReadOnlyList<FleetMember> members)
    {
        using var fleet = new SimulatedFleet(client, chips, members);
        IReadOnlyList<FleetOutcome> outcomes = await fleet.RoundAsync(s_paced);
        Judged(outcomes);
        return Percentile(outcomes.Select(outcome => outcome.EvidenceTook!.Value.TotalMilliseconds));
    }

    /// <summary>Each server once: what is asked again within a minute is answered without Nova.</summary>
    private static async Task<double> VendordataAsync(HttpClient client, FakeKeystone keystone, FakeNova nova)
    {
        using var asNova = new HttpClient { BaseAddress = client.BaseAddress };
        asNova.DefaultRequestHeaders.Add("X-Auth-Token", keystone.Issue("nova", "service", ["service"]).Secret);
        var took = new List<Task<double>>();
        for (int i = 0; i < PlainServers + PlainRate; i++)
        {
            var server = nova.Add(new FakeServer(Guid.NewGuid(), "p1", "plain") { ExtraSpecs = "{}" });
            took.Add(AskAsync(server.Id));
            await Task.Delay(TimeSpan.FromSeconds(1.0 / PlainRate));
        }

        // The first second compiles what is asked.
        return Percentile((await Task.WhenAll(took)).Skip(PlainRate));

        async Task<double> AskAsync(Guid instance)
        {
            long start = System.Diagnostics.Stopwatch.GetTimestamp();
            using HttpResponseMessage response = await asNova.PostAsJsonAsync("/v1/vendordata", new Dictionary<string, string> { ["instance-id"] = instance.ToString() });
            string body = await response.Content.ReadAsStringAsync();
            return response.IsSuccessStatusCode && body == "{}" ? System.Diagnostics.Stopwatch.GetElapsedTime(start).TotalMilliseconds
                : throw new InvalidOperationException($"vendordata got {(int)response.StatusCode}: {body}");
        }
    }

    private static void Judged(IReadOnlyList<FleetOutcome> outcomes)
    {
        if (outcomes.FirstOrDefault(outcome => outcome.Verdict is null) is { } failed)
            throw new InvalidOperationException($"instance {failed.Member.Instance} got no verdict: {failed.Status} {failed.Code}");
    }

    private static double Percentile(IEnumerable<double> values)
    {
        double[] all = [.. values.Order()];
        return all[(int)(all.Length * 0.99)];
    }

    private static double Bare()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        byte[] hash = RandomNumberGenerator.GetBytes(48), signature = key.SignHash(hash);
        return CpuTime.BestOf(() => key.VerifyHash(hash, signature), repeats: 500).TotalMilliseconds;
    }

    private static double Signing()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        byte[] hash = RandomNumberGenerator.GetBytes(48);
        return CpuTime.BestOf(() => key.SignHash(hash), repeats: 500).TotalMilliseconds;
    }

    /// <summary>Milliseconds of CPU of one instance's round, and of one operation on P-384.</summary>
    private sealed record Share(double Challenge, double Evidence, double Bare, double Signing)
    {
        public double Whole => Challenge + Evidence;

        public double Of(double unit) => Whole / unit;

        public override string ToString() => $"{Whole:0.000} ms, of which the challenge {Challenge:0.000} ms";
    }
}
