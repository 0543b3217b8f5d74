using System.Diagnostics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OpenStackSev.Agent.Tests.Fakes;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Hosts;
using OpenStackSev.Control;
using OpenStackSev.Control.Commands;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Hosts;
using OpenStackSev.Control.Persistence.CurrentState;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Trust;
using OpenStackSev.OpenStack;
using OpenStackSev.OpenStack.Placement;

namespace OpenStackSev.Benchmarks;

/// <summary>What it takes to look at many hosts, to make the scheduler's snapshot, and to tell Placement when all of them turn at once.</summary>
internal static class TrustCost
{
    private const int Many = 10_000, Flipping = 1_000, Runs = 3, RequestsPerSecond = 40;

    public static async Task<IReadOnlyList<Result>> MeasureAsync()
    {
        string folder = Directory.CreateTempSubdirectory("osev-trust").FullName;
        var placement = new FakePlacement();
        using OpenStackConnection connection = FakeCloud.Connect(placement);
        try
        {
            await using WebApplication app = await StartAsync(folder, connection.Placement);
            IServiceProvider services = app.Services;
            await FillAsync(services, placement);
            TrustRound round = services.GetRequiredService<TrustRound>();
            TimeSpan first = await CpuAsync(() => round.RunAsync(CancellationToken.None));
            TimeSpan settled = await BestAsync(() => round.RunAsync(CancellationToken.None));
            TimeSpan plain = await BestAsync(() => services.GetRequiredService<HostStates>().ListAsync(Many));
            ServedSnapshot? snapshot = null;
            TimeSpan signed = await CpuAsync(async () => snapshot = await services.GetRequiredService<SnapshotDesk>().GetAsync(CancellationToken.None));
            (TimeSpan time, int requests, double rate) = await FlipAsync(services, placement);
            await app.StopAsync();
            return
            [
                new($"{Many:N0} hosts judged for the first time, CPU time", Seconds(first), "none", true, $"reading their reports: {Seconds(plain)}"),
                new($"a look at {Many:N0} hosts of which nothing is new, CPU time, best of {Runs}", Seconds(settled), "none", true, $"reading their reports: {Seconds(plain)}"),
                new($"snapshot of {Many:N0} hosts, read, written and signed, CPU time", Seconds(signed), "none", true, $"{snapshot!.Jws.Length / 1e6:0.0} MB"),
                new($"{Flipping:N0} hosts lose their trust at once: requests to Placement a second, over all of it", $"{rate:0}", $"at most {RequestsPerSecond} and one burst", requests <= (time.TotalSeconds + 1) * RequestsPerSecond,
                    $"{requests} requests"),
                new("the same, until the last of them has lost its trait", Seconds(time), "none", true, $"by the clock; {RequestsPerSecond} requests a second are the default"),
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<WebApplication> StartAsync(string folder, IPlacementApi placement)
    {
        string file = Path.Join(folder, "control.conf");
        await File.WriteAllTextAsync(file, $"""
            [DEFAULT]
            state_dir = {folder}/state
            [api]
            bind_port = 0
            [metrics]
            bind_port = 0
            [endorsements]
            use_kds = false
            [sweep]
            enabled = false
            [enforcement]
            enabled = false
            [trust]
            enabled = false
            placement_requests_per_second = {RequestsPerSecond}
            [reattestation]
            guest_url = https://attestation.example.org:9520
            [keystone_authtoken]
            auth_url = http://127.0.0.1:9/v3
            username = nobody
            password = nothing
            """);
        using var error = new StringWriter();
        if (await ControlCommands.RunAsync(["manage", "db", "sync", "--config-file", file], TextWriter.Null, error) != 0)
            throw new InvalidOperationException(error.ToString());
        WebApplication app = ControlApplication.Create(
            ControlConfiguration.Load([file]), _ => { }, services => services.Replace(ServiceDescriptor.Singleton<Func<IPlacementApi>>(_ => () => placement)));
        await app.StartAsync();
        return app;
    }

    /// <summary>Hosts of which a part has a provider in Placement, and a policy that takes their word.</summary>
    private static async Task FillAsync(IServiceProvider services, FakePlacement placement)
    {
        HistoryWriter history = services.GetRequiredService<HistoryWriter>();
        byte[] document = PolicyDocument.Write(AppraisalPolicy.Default with { Hosts = new() { EarnedBy = HostEvidenceKind.Platform } });
        DateTimeOffset now = DateTimeOffset.UtcNow;
        await history.ApplyAsync(new PolicyVersion
        {
            Number = 1,
            Name = "default",
            Digest = "sha256:" + new string('0', 64),
            Document = document,
            StoredAt = now,
            StoredBy = "benchmark",
            ActivatedAt = now,
            ActivatedBy = "benchmark",
            IsActive = true,
        });
        await Parallel.ForEachAsync(Enumerable.Range(0, Many), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, ct) =>
        {
            string chip = i.ToString("x16").PadRight(128, '1');
            Guid node = Node(i);
            await history.ApplyAsync(new HostState { Node = node, Name = $"compute{i}", FirstSeenAt = now, LastSeenAt = now, FactsChangedAt = now, Facts = new StoredReport(Report(i, chip), []).Bytes() }, ct);
            await history.ApplyAsync(new HostChip { ChipId = chip, Node = node, Status = ChipStatus.Approved, FirstSeenAt = now, ApprovedBy = "first use", ApprovedAt = now }, ct);
        });
        for (int i = 0; i < Flipping; i++)
            placement.Add($"compute{i}", Node(i));
    }

    /// <summary>All are written as trusted, and then all of them are set aside: as many providers are to be written.</summary>
    private static async Task<(TimeSpan Time, int Requests, double Rate)> FlipAsync(IServiceProvider services, FakePlacement placement)
    {
        for (int i = 0; i < Flipping; i++)
        {
            FakePlacement.Provider provider = placement.Find($"compute{i}")!;
            provider.Traits.Add("CUSTOM_SEV_TRUSTED");
            provider.Traits.Add("CUSTOM_SEV_TCB_SB_3023");
        }

        HistoryWriter history = services.GetRequiredService<HistoryWriter>();
        await Parallel.ForEachAsync(Enumerable.Range(0, Flipping), new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (i, ct) =>
            await history.ApplyAsync(new HostQuarantineState { Node = Node(i), Since = DateTimeOffset.UtcNow, Reason = "recall", By = "benchmark" }, ct));
        TraitPublisher publisher = services.GetRequiredService<TraitPublisher>();
        placement.Requests.Clear();
        long start = Stopwatch.GetTimestamp();
        await services.GetRequiredService<TrustRound>().RunAsync(CancellationToken.None);
        while (Enumerable.Range(0, Flipping).Any(i => placement.Find($"compute{i}")!.Traits.Contains("CUSTOM_SEV_TRUSTED")))
            await publisher.PublishAsync(CancellationToken.None);
        TimeSpan time = Stopwatch.GetElapsedTime(start);
        int requests = placement.Requests.Count(request => request.Contains("/placement/", StringComparison.Ordinal));
        return (time, requests, requests / time.TotalSeconds);
    }

    private static Guid Node(int number) => new($"6e1f0f5a-3a52-4d5e-8f0a-{number:x12}");

    private static HostReport Report(int number, string chip) => new()
    {
        Name = $"compute{number}",
        AgentVersion = "0.1.0",
        Facts = new HostFacts
        {
            Processor = "AMD EPYC 9755 128-Core Processor",
            Product = "turin",
            Kernel = "6.18.6-amd64",
            Smt = true,
            Iommu = true,
            Sev = true,
            SevEs = true,
            SevSnp = true,
            Firmware = new HostFirmware { Api = "1.58", Build = 58, CurrentTcb = "4800000004010101", ReportedTcb = "4800000004010101", AliasChecked = true },
        },
        Chips = [chip],
        Capacity = [new HostCapacity("amd-sev-snp", 99, 0)],
        Findings = [],
    };

    private static async Task<TimeSpan> BestAsync(Func<Task> work)
    {
        TimeSpan best = TimeSpan.MaxValue;
        for (int run = 0; run < Runs; run++)
        {
            TimeSpan cpu = await CpuAsync(work);
            best = cpu < best ? cpu : best;
        }

        return best;
    }

    private static async Task<TimeSpan> CpuAsync(Func<Task> work)
    {
        TimeSpan before = Environment.CpuUsage.TotalTime;
        await work();
        return Environment.CpuUsage.TotalTime - before;
    }

    private static string Seconds(TimeSpan time) => $"{time.TotalSeconds:0.00} s";
}
