using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using OpenStackSev.Api;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Tests.Fakes;
using RabbitMQ.Client;

namespace OpenStackSev.Benchmarks;

/// <summary>How long it takes from a notification in a real broker to an open round: the program as it ships, a fake Nova, an exchange of the measurement's own.</summary>
/// <remarks>OSEV_BROKER names a broker as transport_url does; else that of a stack of devstack/local.</remarks>
internal static class NotificationCost
{
    private const int PerSecond = 100, Count = 3_000, Hosts = 500;
    private const double MostSeconds = 1;
    private const string Key = "versioned_notifications.info";

    private static readonly string s_name = $"osev_benchmark_{Environment.ProcessId}";

    public static async Task<IReadOnlyList<Result>> MeasureAsync()
    {
        string broker = await BrokerAsync();
        string program = await NativeProgram.ControlAsync();
        string folder = Directory.CreateTempSubdirectory("osev-notifications").FullName;
        var nova = new FakeNova();
        Guid[] instances = [.. Enumerable.Range(0, Count).Select(i => nova.Add(
            new FakeServer(Guid.NewGuid(), $"project-{i % 100}", $"vm {i}") { Host = $"compute{i % Hosts}", CreatedAt = DateTimeOffset.UtcNow.AddDays(-30) }).Id)];
        try
        {
            await using FakeKeystone keystone = await FakeKeystone.StartAsync(TimeProvider.System, nova.Map);
            await using IConnection connection = await ConnectAsync(broker);
            await using IChannel channel = await connection.CreateChannelAsync();
            await channel.ExchangeDeclareAsync(s_name, ExchangeType.Topic);
            string file = await FleetCost.ConfigureAsync(folder, keystone, program, $"""
                jitter = 86400
                [notifications]
                transport_url = {broker}
                exchange = {s_name}
                queue = {s_name}
                requests_per_second = 1000
                """);
            using Process process = Process.Start(new ProcessStartInfo(program, ["--config-file", file]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
            try
            {
                using var client = new HttpClient { BaseAddress = await FleetCost.ListeningAsync(process) };
                client.DefaultRequestHeaders.Add("X-Auth-Token", keystone.Issue("operator", "admin", ["admin"]).Secret);
                return [await MeasureAsync(process, client, channel, instances, nova, Path.Join(folder, "events.json"))];
            }
            finally
            {
                process.Kill();
                await process.WaitForExitAsync();
                await channel.QueueDeleteAsync(s_name);
                await channel.ExchangeDeleteAsync(s_name);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<Result> MeasureAsync(Process process, HttpClient client, IChannel channel, Guid[] instances, FakeNova nova, string events)
    {
        await UntilAsync(client, status => status is { Instances.Encrypted: Count, Notifications.State: "connected" });
        process.Refresh();
        TimeSpan cpu = process.TotalProcessorTime;
        nova.Requests.Clear();
        var sent = new Dictionary<Guid, DateTimeOffset>(Count);
        using var pace = new PeriodicTimer(TimeSpan.FromSeconds(1.0 / PerSecond));
        foreach (Guid instance in instances)
        {
            await pace.WaitForNextTickAsync();
            DateTimeOffset now = sent[instance] = DateTimeOffset.UtcNow;
            await channel.BasicPublishAsync(s_name, Key, Body(instance, now));
        }

        SweepStatus end = await UntilAsync(client, status => status.Notifications!.Handled >= Count);
        process.Refresh();
        cpu = process.TotalProcessorTime - cpu;
        double[] seconds = [.. Opened(events).Where(one => sent.ContainsKey(one.Instance)).Select(one => (one.At - sent[one.Instance]).TotalSeconds).Order()];
        double p99 = seconds[(int)(seconds.Length * 0.99)];
        return new($"from a notification to an open round, {PerSecond} a second for {Count / PerSecond} s, p99", $"{p99 * 1000:0} ms", $"below {MostSeconds:0} s", seconds.Length == Count && p99 < MostSeconds,
            $"{seconds.Length} of {Count} rounds; p50 {seconds[seconds.Length / 2] * 1000:0} ms, longest {seconds[^1] * 1000:0} ms; CPU of the control plane {cpu.TotalSeconds / Count * 1000:0.0} ms each; "
            + $"{nova.Requests.Count} requests to Nova, given back {end.Notifications!.Returned}");
    }

    private static byte[] Body(Guid instance, DateTimeOffset at)
    {
        string time = at.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss.ffffff", CultureInfo.InvariantCulture), padding = new string('x', 3000);
        string message = JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["event_type"] = "instance.power_on.end",
            ["timestamp"] = time,
            ["payload"] = new Dictionary<string, object> { ["nova_object.version"] = "1.8", ["nova_object.data"] = new { uuid = instance, padding } },
        });
        return Encoding.UTF8.GetBytes($$"""{"oslo.version":"2.0","oslo.message":{{JsonSerializer.Serialize(message)}}}""");
    }

    /// <summary>Rows of history as they were committed.</summary>
    private static IEnumerable<(Guid Instance, DateTimeOffset At)> Opened(string events)
    {
        foreach (string line in File.ReadLines(events).Where(line => line.Contains("\"instance.restarted\"", StringComparison.Ordinal)))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            yield return (document.RootElement.GetProperty("openstack_sev").GetProperty("subject").GetGuid(), document.RootElement.GetProperty("@timestamp").GetDateTimeOffset());
        }
    }

    private static async Task<SweepStatus> UntilAsync(HttpClient client, Func<SweepStatus, bool> reached)
    {
        var limit = Stopwatch.StartNew();
        SweepStatus? status = null;
        while (limit.Elapsed < TimeSpan.FromMinutes(5))
        {
            status = (await client.GetFromJsonAsync("/v1/sweep", AttestationJson.Default.SweepStatus))!;
            if (reached(status))
                return status;
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }

        throw new InvalidOperationException($"it never came to that: {status}");
    }

    private static Task<IConnection> ConnectAsync(string broker) => new ConnectionFactory { Uri = new Uri("amqp" + broker["rabbit".Length..].TrimEnd('/')) }.CreateConnectionAsync();

    private static async Task<string> BrokerAsync()
    {
        if (Environment.GetEnvironmentVariable("OSEV_BROKER") is { Length: > 0 } named)
            return named;
        foreach (string host in new[] { "127.0.0.1", "198.18.34.2" })
        {
            using var socket = new TcpClient();
            try
            {
                await socket.ConnectAsync(host, 5672).WaitAsync(TimeSpan.FromSeconds(1));
                return $"rabbit://osev:osev@{host}:5672/";
            }
            catch (Exception e) when (e is SocketException or TimeoutException)
            {
                // not this one
            }
        }

        throw new InvalidOperationException("no broker: devstack/local/up.sh starts one, or OSEV_BROKER=rabbit://user:password@host:port/ names one");
    }
}
