using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.RegularExpressions;
using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Benchmarks;

/// <summary>What it takes to look after a whole cloud: the program as it ships, a fake Nova with so many instances, two full listings and the ones between.</summary>
internal static partial class FleetCost
{
    private const int Few = 10_000, Many = 100_000, Hosts = 500;
    private const double MostMegabytes = 300, MostGrowth = 1.25;

    /// <summary>Servers of one request.</summary>
    private const int Page = 250;

    public static async Task<IReadOnlyList<Result>> MeasureAsync()
    {
        string program = await NativeProgram.ControlAsync();
        Swept few = await SweepAsync(program, Few), many = await SweepAsync(program, Many);
        return
        [
            Memory(Few, few),
            Memory(Many, many),
            new("the same, most memory of 100,000 to that of 10,000", $"{many.Megabytes / few.Megabytes:0.00}", $"at most {MostGrowth}", many.Megabytes / few.Megabytes <= MostGrowth, "none"),
            Requests(Few, few),
            Requests(Many, many),
            new("a full listing of 100,000 known instances, CPU of the control plane", $"{many.ListingCpu.TotalSeconds:0.0} s", "none", true,
                $"of 10,000: {few.ListingCpu.TotalSeconds:0.00} s; the first one, which writes a row and its history for each: {many.FirstCpu.TotalSeconds:0.0} s in {many.First.TotalSeconds:0} s"),
        ];
    }

    private static Result Memory(int count, Swept swept) => new(
        $"control plane with {count:N0} instances on {Hosts} hosts, most resident memory", $"{swept.Megabytes:0} MB", $"at most {MostMegabytes} MB", swept.Megabytes <= MostMegabytes, "see control");

    private static Result Requests(int count, Swept swept) => new(
        $"requests to Nova of one full listing of {count:N0}", $"{swept.Requests}", $"at most {(count / Page) + 2}", swept.Requests <= (count / Page) + 2, $"pages of {Page}: {count / Page}, an empty one at the end, perhaps a list of changes before; rows written: {swept.Rewritten}");

    private static async Task<Swept> SweepAsync(string program, int count)
    {
        string folder = Directory.CreateTempSubdirectory("osev-fleet").FullName;
        var nova = new FakeNova();
        for (int i = 0; i < count; i++)
            nova.Add(new FakeServer(Guid.NewGuid(), $"project-{i % 100}", $"vm {i}") { Host = $"compute{i % Hosts}", CreatedAt = DateTimeOffset.UtcNow.AddDays(-30) });
        try
        {
            await using FakeKeystone keystone = await FakeKeystone.StartAsync(TimeProvider.System, nova.Map);
            string file = await ConfigureAsync(folder, keystone, program);
            using Process process = Process.Start(new ProcessStartInfo(program, ["--config-file", file]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
            try
            {
                using var client = new HttpClient { BaseAddress = await ListeningAsync(process) };
                client.DefaultRequestHeaders.Add("X-Auth-Token", keystone.Issue("operator", "admin", ["admin"]).Secret);
                return await MeasureAsync(process, client, nova, count);
            }
            finally
            {
                process.Kill();
                await process.WaitForExitAsync();
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Swept> MeasureAsync(Process process, HttpClient client, FakeNova nova, int count)
    {
        SweepTick first = await UntilAsync(client, tick => tick.New == count);
        process.Refresh();
        TimeSpan firstCpu = process.TotalProcessorTime;
        // Five minutes around the first listing are listed again as changes; none of that is in the second full one.
        nova.Requests.Clear();
        SweepTick full = await UntilAsync(client, tick => tick.Listing == "full" && tick.StartedAt > first.StartedAt, before: () =>
        {
            process.Refresh();
            firstCpu = process.TotalProcessorTime;
            nova.Requests.Clear();
        });
        int requests = nova.ListRequests;
        process.Refresh();
        return new Swept(PeakMegabytes(process), requests, full.New + full.Changed + full.Moved + full.Gone, first.FinishedAt - first.StartedAt, firstCpu, process.TotalProcessorTime - firstCpu);
    }

    /// <param name="before">Each time that the last look was none of those that are waited for.</param>
    private static async Task<SweepTick> UntilAsync(HttpClient client, Func<SweepTick, bool> reached, Action? before = null)
    {
        var limit = Stopwatch.StartNew();
        DateTimeOffset? seen = null;
        while (limit.Elapsed < TimeSpan.FromMinutes(20))
        {
            SweepStatus status = (await client.GetFromJsonAsync("/v1/sweep", AttestationJson.Default.SweepStatus))!;
            if (status.Last is { IsComplete: true } last && reached(last))
                return last;
            if (status.Last is { } other && other.StartedAt != seen)
            {
                seen = other.StartedAt;
                before?.Invoke();
            }

            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }

        throw new InvalidOperationException($"no such sweep in 20 minutes; the last began at {seen}");
    }

    internal static double PeakMegabytes(Process process)
    {
        string line = File.ReadLines($"/proc/{process.Id}/status").First(text => text.StartsWith("VmHWM:", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], System.Globalization.CultureInfo.InvariantCulture) * 1024 / 1e6;
    }

    internal static async Task<string> ConfigureAsync(string folder, FakeKeystone keystone, string program, string more = "")
    {
        string file = Path.Join(folder, "control.conf");
        await File.WriteAllTextAsync(file, $"""
            [DEFAULT]
            state_dir = {folder}/state
            [api]
            bind_port = 0
            requests_per_second = 0
            public_endpoint = https://attestation.example.org
            [metrics]
            bind_port = 0
            [events]
            file = {folder}/events.json
            [keystone_authtoken]
            auth_url = {keystone.Url}/v3
            username = {FakeKeystone.Username}
            password = {FakeKeystone.Password}
            [sweep]
            interval = 5
            full_listing_interval = 60
            nudges = 0
            {more}
            """);
        using Process sync = Process.Start(new ProcessStartInfo(program, ["manage", "db", "sync", "--config-file", file]) { UseShellExecute = false, RedirectStandardOutput = true })!;
        await sync.StandardOutput.ReadToEndAsync();
        await sync.WaitForExitAsync();
        return sync.ExitCode == 0 ? file : throw new InvalidOperationException("manage db sync failed");
    }

    internal static async Task<Uri> ListeningAsync(Process process)
    {
        while (true)
        {
            string line = await process.StandardError.ReadLineAsync() ?? throw new InvalidOperationException("it ended before it listened");
            if (Listening().Match(line) is { Success: true } match)
            {
                _ = process.StandardError.ReadToEndAsync();
                _ = process.StandardOutput.ReadToEndAsync();
                return new Uri(match.Groups["url"].Value);
            }
        }
    }

    private sealed record Swept(double Megabytes, int Requests, int Rewritten, TimeSpan First, TimeSpan FirstCpu, TimeSpan ListingCpu);

    [GeneratedRegex(@"listening on (?<url>http://[^, ]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Listening();
}
