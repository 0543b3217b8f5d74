using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using OpenStackSev.Api;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Control.Persistence.Sqlite;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Benchmarks;

/// <summary>The control plane under wrk over loopback, and what it takes to start and to wait.</summary>
internal static partial class ControlCost
{
    private const string Wrk = "/usr/bin/wrk";
    private const int Clients = 64;
    private const int Nodes = 1000;
    private const int Rounds = 3;
    private const int LeastHeartbeats = 500;
    private const double LeastValidationShare = 0.4;
    private const double MostIdleMegabytes = 150;

    private static readonly TimeSpan s_mostTail = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_mostStart = TimeSpan.FromSeconds(1.5);

    public static async Task<IReadOnlyList<Result>> MeasureAsync()
    {
        if (!File.Exists(Wrk))
            throw new InvalidOperationException($"{Wrk} is missing; install Debian's package wrk");
        string folder = Directory.CreateTempSubdirectory("osev-bench").FullName;
        try
        {
            await using FakeKeystone keystone = await FakeKeystone.StartAsync(TimeProvider.System);
            string file = await ConfigureAsync(folder, keystone);
            return [.. await UnderLoadAsync(folder, file, keystone), .. await StartAsync(file)];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Agents of a lab: a service user's token instead of certificates, which wrk cannot show.</summary>
    private static async Task<string> ConfigureAsync(string folder, FakeKeystone keystone)
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
            token_cache_time = 300
            [hosts]
            allow_service_user = true
            """);
        await SqliteDatabase.SyncAsync(Path.Join(folder, "state", "control.sqlite"));
        return file;
    }

    private static async Task<IReadOnlyList<Result>> UnderLoadAsync(string folder, string file, FakeKeystone keystone)
    {
        using ControlServers servers = await ControlServers.StartAsync(file);
        string token = keystone.Issue("agents", "service", ["service", "reader"]).Secret;
        await EnrolAsync(servers.Control, token);

        string heartbeats = Path.Join(folder, "heartbeats.lua"), validation = Path.Join(folder, "validation.lua");
        string report = JsonSerializer.Serialize(Report(), AttestationJson.Default.HostReport);
        await File.WriteAllTextAsync(heartbeats, Script("PUT", report, token, $"\"/v1/hosts/\" .. string.format(\"{Prefix}%012x\", math.random(0, {Nodes - 1}))"));
        await File.WriteAllTextAsync(validation, Script("POST", ValidationBody, token, "\"/v1/validations\""));
        (Load bareBeats, Load beats) = await InTurnAsync(servers, heartbeats);
        (Load bareValidations, Load validations) = await InTurnAsync(servers, validation);

        double share = validations.Rate / bareValidations.Rate;
        return
        [
            new($"heartbeats a second with a durable commit, {Clients} clients", $"{beats.Rate:N0}", $"at least {LeastHeartbeats}", beats.Rate >= LeastHeartbeats,
                $"a bare endpoint that reads the same body: {bareBeats.Rate:N0}; ratio {beats.Rate / bareBeats.Rate:0.00}"),
            new("the same, 99th percentile", $"{beats.Tail.TotalMilliseconds:0.0} ms", $"at most {s_mostTail.TotalMilliseconds:0} ms", beats.Tail <= s_mostTail,
                $"bare: {bareBeats.Tail.TotalMilliseconds:0.0} ms"),
            new($"POST /v1/validations, share of a bare endpoint's rate, {Clients} clients", $"{share:0.00}", $"at least {LeastValidationShare}", share >= LeastValidationShare,
                $"{validations.Rate:N0} a second; bare: {bareValidations.Rate:N0}"),
            new("the same, CPU time of the server a request", $"{validations.Cpu.TotalMicroseconds:0.0} µs", "none", true, $"bare: {bareValidations.Cpu.TotalMicroseconds:0.0} µs"),
        ];
    }

    /// <summary>Each node reports once, so that what is measured are repetitions.</summary>
    private static async Task EnrolAsync(Uri address, string token)
    {
        using var client = new HttpClient { BaseAddress = address };
        client.DefaultRequestHeaders.Add("X-Auth-Token", token);
        await Parallel.ForAsync(0, Nodes, new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (number, ct) =>
        {
            using HttpResponseMessage response = await client.PutAsJsonAsync($"/v1/hosts/{Prefix}{number:x12}", Report(), AttestationJson.Default.HostReport, ct);
            if (response.StatusCode != HttpStatusCode.OK)
                throw new InvalidOperationException($"a first report got {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(ct)}");
        });
    }

    private const string Prefix = "6e1f0f5a-3a52-4d5e-8f0a-";

    private static HostReport Report() => new()
    {
        Name = "compute-1",
        AgentVersion = "0.1.0",
        Facts = new HostFacts { Processor = "AMD EPYC 9755", Product = "turin", Kernel = "6.18.6-amd64", SevSnp = true },
        Chips = [],
        Capacity = [new HostCapacity("amd-sev-snp", 99, 0)],
        Findings = [],
        AsidsInUseSev = 0,
        AsidsInUseSevEs = 3,
    };

    private const string ValidationBody =
        """
        {"flavor":{"name":"sev.large","vcpus":4,"ram":8192,"disk":20,"extra_specs":{"hw:mem_encryption":"true","hw:mem_encryption_model":"amd-sev-snp","resources:CUSTOM_SEV_SNP_ASID":"1"}},"image":{"name":"u24","hw_firmware_type":"bios","hw_machine_type":"q35","status":"active","disk_format":"qcow2"},"release":"2026.2"}
        """;

    private static string Script(string method, string body, string token, string path) => $$"""
        local body = [==[{{body.Trim()}}]==]
        local headers = { ["Content-Type"] = "application/json", ["X-Auth-Token"] = "{{token}}", ["OpenStack-API-Version"] = "attestation 1.0" }
        function request() return wrk.format("{{method}}", {{path}}, headers, body) end
        """;

    /// <summary>Both in turn, so that what else runs on the machine slows both; then the medians.</summary>
    private static async Task<(Load Bare, Load Control)> InTurnAsync(ControlServers servers, string script)
    {
        // Until what is hot has been compiled for the last time.
        await WrkAsync(servers.Bare, script, seconds: 6);
        await WrkAsync(servers.Control, script, seconds: 12);
        var bare = new List<Load>();
        var control = new List<Load>();
        for (int round = 0; round < Rounds; round++)
        {
            bare.Add(await LoadAsync(servers, servers.Bare, script));
            control.Add(await LoadAsync(servers, servers.Control, script));
        }

        return (Median(bare), Median(control));
    }

    private static Load Median(List<Load> loads) => new(
        loads.Select(load => load.Rate).Order().ElementAt(loads.Count / 2),
        loads.Select(load => load.Tail).Order().ElementAt(loads.Count / 2),
        loads.Select(load => load.Cpu).Order().ElementAt(loads.Count / 2));

    private static async Task<Load> LoadAsync(ControlServers servers, Uri address, string script)
    {
        TimeSpan before = servers.CpuTime;
        string output = await WrkAsync(address, script, seconds: 6);
        TimeSpan cpu = servers.CpuTime - before;
        if (output.Contains("Non-2xx", StringComparison.Ordinal) || output.Contains("Socket errors", StringComparison.Ordinal))
            throw new InvalidOperationException($"requests failed under wrk: {output}");
        double tail = Number(TailLine().Match(output).Groups["tail"].Value);
        tail *= TailLine().Match(output).Groups["unit"].Value switch { "us" => 0.001, "ms" => 1, _ => 1000 };
        return new Load(Number(RateLine().Match(output).Groups["rate"].Value), TimeSpan.FromMilliseconds(tail),
            cpu / Number(CountLine().Match(output).Groups["count"].Value));
    }

    private static async Task<string> WrkAsync(Uri address, string script, int seconds)
    {
        using Process process = Process.Start(new ProcessStartInfo(Wrk, ["-t", "1", "-c", $"{Clients}", "-d", $"{seconds}s", "--latency", "-s", script, address.ToString()])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
        })!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return output;
    }

    /// <summary>The program as it is built, from exec to its first answer, and its memory when nobody asks.</summary>
    private static async Task<IReadOnlyList<Result>> StartAsync(string file)
    {
        string program = await NativeProgram.ControlAsync();
        TimeSpan start = TimeSpan.MaxValue;
        double megabytes = 0;
        for (int run = 0; run < 3; run++)
        {
            (TimeSpan cpu, double resident) = await StartOnceAsync(program, file);
            start = cpu < start ? cpu : start;
            megabytes = Math.Max(megabytes, resident);
        }

        return
        [
            new("openstack-sev-control, exec to its first answer, CPU time, best of 3", $"{start.TotalSeconds:0.00} s", $"at most {s_mostStart.TotalSeconds} s",
                start <= s_mostStart, "see agent"),
            new("the same, resident memory 10 s later, most of 3", $"{megabytes:0} MB", $"at most {MostIdleMegabytes} MB", megabytes <= MostIdleMegabytes, "see agent"),
        ];
    }

    private static async Task<(TimeSpan Cpu, double Megabytes)> StartOnceAsync(string program, string file)
    {
        using Process process = Process.Start(new ProcessStartInfo(program, ["--config-file", file])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        try
        {
            string? line;
            Match listening;
            do
            {
                line = await process.StandardError.ReadLineAsync() ?? throw new InvalidOperationException($"{program} ended before it listened");
                listening = Listening().Match(line);
            }
            while (!listening.Success);
            using var client = new HttpClient();
            (await client.GetAsync(new Uri(listening.Groups["url"].Value + "/healthcheck"))).EnsureSuccessStatusCode();
            process.Refresh();
            TimeSpan cpu = process.TotalProcessorTime;
            await Task.Delay(TimeSpan.FromSeconds(10));
            process.Refresh();
            return (cpu, process.WorkingSet64 / 1e6);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    /// <param name="Cpu">Of the server, a request.</param>
    private sealed record Load(double Rate, TimeSpan Tail, TimeSpan Cpu);

    [GeneratedRegex(@"^Requests/sec:\s+(?<rate>[\d.]+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex RateLine();

    [GeneratedRegex(@"^\s+(?<count>\d+) requests in ", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex CountLine();

    [GeneratedRegex(@"^\s+99%\s+(?<tail>[\d.]+)(?<unit>us|ms|s)", RegexOptions.Multiline | RegexOptions.ExplicitCapture)]
    private static partial Regex TailLine();

    [GeneratedRegex(@"listening on (?<url>http://[^, ]+)", RegexOptions.ExplicitCapture)]
    private static partial Regex Listening();
}
