using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
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
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Benchmarks;

/// <summary>What a verdict costs the control plane, from a request on loopback to its durable commit, as a share of one verification on P-384.</summary>
internal static class EvidenceCost
{
    private const string Wrk = "/usr/bin/wrk";
    private const int Instances = 4_000, Chips = 50, Warm = 400, Paced = 1_000, Rate = 200, Clients = 32;
    private const double MostShare = 2;

    private static readonly TimeSpan s_mostTail = TimeSpan.FromMilliseconds(250);

    public static async Task<IReadOnlyList<Result>> MeasureAsync()
    {
        if (!File.Exists(Wrk))
            throw new InvalidOperationException($"{Wrk} is missing; install Debian's package wrk");
        string folder = Directory.CreateTempSubdirectory("osev-bench").FullName;
        try
        {
            using SimulatedAuthority authority = SimulatedAuthority.Create(SimulatedLine.Turin);
            await using FakeKeystone keystone = await FakeKeystone.StartAsync(TimeProvider.System);
            await using WebApplication control = await StartAsync(folder, keystone, authority);
            double bare = Bare(), signing = Signing();
            (double withKey, double tail) = await RunAsync(folder, control, authority, withKey: true);
            (double keyless, _) = await RunAsync(folder, control, authority, withKey: false);
            await control.StopAsync();
            string baseline = $"one ECDsa.VerifyHash on P-384: {bare:0.000} ms";
            return
            [
                new("evidence to durable verdict without a token, CPU time ÷ one VerifyHash", $"{keyless / bare:0.00}", $"at most {MostShare:0.0}", keyless / bare <= MostShare, baseline),
                new("the same with a signed result, ÷ one VerifyHash and one SignHash", $"{withKey / (bare + signing):0.00}", $"at most {MostShare:0.0}",
                    withKey / (bare + signing) <= MostShare, $"one ECDsa.SignHash on P-384: {signing:0.000} ms; ÷ one VerifyHash alone: {withKey / bare:0.00}"),
                new($"POST /v1/evidence to durable verdict at {Rate} a second, 99th percentile", $"{tail:0.0} ms", $"at most {s_mostTail.TotalMilliseconds:0} ms",
                    tail <= s_mostTail.TotalMilliseconds, "by the clock: quiet machines only"),
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<WebApplication> StartAsync(string folder, FakeKeystone keystone, SimulatedAuthority authority)
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
            [endorsements]
            use_kds = false
            simulated_roots = {authority.Ark.Fingerprint}
            [reattestation]
            guest_url = http://127.0.0.1
            project_requests_per_minute = 0
            instance_requests_per_minute = 0
            """);
        if (await ControlCommands.RunAsync(["manage", "db", "sync", "--config-file", file], TextWriter.Null, Console.Error) != 0)
            throw new InvalidOperationException("the database was not made");
        var endorsements = new EndorsementFolder(Path.Join(folder, "state", "endorsements"));
        endorsements.Write(EndorsementFile.Authority(AuthorityRole.Ark, ProductLine.Turin), authority.Ark.Certificate, DateTimeOffset.UtcNow);
        endorsements.Write(EndorsementFile.Authority(AuthorityRole.Ask, ProductLine.Turin), authority.Ask.Certificate, DateTimeOffset.UtcNow);
        endorsements.Write(EndorsementFile.Revocations(ProductLine.Turin, SigningKey.Vcek), authority.IssueCrl(), DateTimeOffset.UtcNow);
        WebApplication control = ControlApplication.Create(ControlConfiguration.Load([file]), logging => logging.SetMinimumLevel(LogLevel.Warning));
        await control.StartAsync();
        return control;
    }

    /// <summary>Instances with an open challenge each and reports made beforehand; a part to warm up, a part at a pace, the rest as fast as it goes.</summary>
    private static async Task<(double Milliseconds, double Tail)> RunAsync(string folder, WebApplication control, SimulatedAuthority authority, bool withKey)
    {
        Post[] posts = await PostsAsync(control, authority, withKey);
        using var client = new HttpClient { BaseAddress = ControlApplication.AddressOf(control) };
        await Parallel.ForEachAsync(posts.Take(Warm), new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (post, _) => await SendAsync(client, post));
        double tail = await PacedAsync(client, posts.AsMemory(Warm, Paced));

        string lines = Path.Join(folder, "posts.txt"), script = Path.Join(folder, "posts.lua");
        await File.WriteAllLinesAsync(lines, posts.Skip(Warm + Paced).Select(post => $"{post.Ticket}\t{post.Body}"));
        await File.WriteAllTextAsync(script, $$"""
            local posts, at = {}, 0
            for line in io.lines("{{lines}}") do
              local ticket, body = line:match("^(%S+)\t(.*)$")
              posts[#posts + 1] = { ticket, body }
            end
            function request()
              at = at + 1
              if at > #posts then wrk.thread:stop(); at = #posts end
              return wrk.format("POST", "/v1/evidence", { ["Content-Type"] = "application/json", ["Authorization"] = "Bearer " .. posts[at][1] }, posts[at][2])
            end
            """);
        HistoryWriter history = control.Services.GetRequiredService<HistoryWriter>();
        long before = history.Committed!.Sequence;
        TimeSpan cpu = Environment.CpuUsage.TotalTime;
        using Process wrk = Process.Start(new ProcessStartInfo(Wrk, ["-t", "1", "-c", $"{Clients}", "-d", "60s", "-s", script, ControlApplication.AddressOf(control).ToString()])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;
        await wrk.StandardOutput.ReadToEndAsync();
        await wrk.WaitForExitAsync();
        cpu = Environment.CpuUsage.TotalTime - cpu;
        long verdicts = history.Committed!.Sequence - before;
        return verdicts > (Instances - Warm - Paced) / 2
            ? (cpu.TotalMilliseconds / verdicts, tail)
            : throw new InvalidOperationException($"only {verdicts} verdicts of {Instances - Warm - Paced}");
    }

    private static async Task<double> PacedAsync(HttpClient client, ReadOnlyMemory<Post> posts)
    {
        var took = new List<Task<double>>();
        long started = Stopwatch.GetTimestamp();
        for (int i = 0; i < posts.Length; i++)
        {
            TimeSpan due = TimeSpan.FromSeconds((double)i / Rate) - Stopwatch.GetElapsedTime(started);
            if (due > TimeSpan.Zero)
                await Task.Delay(due);
            Post post = posts.Span[i];
            took.Add(Task.Run(async () =>
            {
                long sent = Stopwatch.GetTimestamp();
                await SendAsync(client, post);
                return Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
            }));
        }

        double[] all = await Task.WhenAll(took);
        Array.Sort(all);
        return all[(int)(all.Length * 0.99)];
    }

    private static async Task SendAsync(HttpClient client, Post post)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/evidence") { Content = new StringContent(post.Body, Encoding.UTF8, "application/json") };
        request.Headers.Add("Authorization", "Bearer " + post.Ticket);
        using HttpResponseMessage response = await client.SendAsync(request);
        if (!response.IsSuccessStatusCode)
            throw new InvalidOperationException($"evidence got {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync()}");
    }

    private static async Task<Post[]> PostsAsync(WebApplication control, SimulatedAuthority authority, bool withKey)
    {
        HistoryWriter history = control.Services.GetRequiredService<HistoryWriter>();
        TicketDesk desk = control.Services.GetRequiredService<TicketDesk>();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        byte[]? publicKey = withKey ? key.ExportSubjectPublicKeyInfo() : null;
        DateTimeOffset now = DateTimeOffset.UtcNow;
        var posts = new Post[Instances];
        var writes = new List<Task>();
        for (int chipNumber = 0; chipNumber < Chips; chipNumber++)
        {
            var node = Guid.NewGuid();
            byte[] chipId = RandomNumberGenerator.GetBytes(8);
            using var chip = new SimulatedSecurityProcessor(authority, chipId);
            writes.Add(history.ApplyAsync(new HostChip
            {
                ChipId = Convert.ToHexStringLower(chipId).PadRight(128, '0'),
                Node = node,
                Status = ChipStatus.Approved,
                FirstSeenAt = now,
            }));
            byte[] table = chip.CertificateTable();
            for (int i = chipNumber; i < Instances; i += Chips)
            {
                Guid instance = Guid.NewGuid(), challenge = Guid.NewGuid();
                byte[] nonce = RandomNumberGenerator.GetBytes(ReportData.NonceLength);
                writes.Add(history.ApplyAsync(new InstanceState
                {
                    Instance = instance,
                    Project = "p1",
                    Name = "bench",
                    Model = "amd-sev-snp",
                    Status = "ACTIVE",
                    Node = node,
                    HostName = "compute",
                    FirstSeenAt = now,
                    SeenAt = now,
                    NextRoundAt = now,
                    RoundOpenedAt = now,
                    Challenge = challenge,
                    Nonce = nonce,
                    ChallengeExpiresAt = now.AddHours(1),
                }));
                byte[] report = chip.Report(chip.Fields with { ReportData = ReportData.Of(nonce, instance, publicKey) });
                posts[i] = new Post(desk.For(instance).Ticket,
                    JsonSerializer.Serialize(new Evidence(challenge, instance, report, publicKey, table), AttestationJson.Default.Evidence));
            }
        }

        await Task.WhenAll(writes);
        return posts;
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

    private sealed record Post(string Ticket, string Body);
}
