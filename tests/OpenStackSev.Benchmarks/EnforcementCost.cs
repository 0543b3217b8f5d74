using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using OpenStackSev.Api;
using OpenStackSev.Api.Enforcement;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Benchmarks;

/// <summary>What it takes when a whole fleet turns bad at once: the program as it is built, a fake Nova with 10,000 instances, rules that would stop them all.</summary>
internal static class EnforcementCost
{
    private const int Count = 10_000, Projects = 100, Hosts = 500, Looks = 10;
    private const double MostMegabytes = 300, MostGrowth = 1.1;

    public static async Task<IReadOnlyList<Result>> MeasureAsync()
    {
        string folder = Directory.CreateTempSubdirectory("osev-enforcement").FullName, program = await NativeProgram.ControlAsync();
        var nova = new FakeNova();
        for (int i = 0; i < Count; i++)
        {
            nova.Add(new FakeServer(Guid.NewGuid(), $"project-{i % Projects}", $"vm {i}")
            {
                Host = $"compute{i % Hosts}",
                // Guests that can never prove themselves, and a rule that is about that: bad as soon as they are seen.
                ExtraSpecs = """{"hw:mem_encryption":"true","hw:mem_encryption_model":"amd-sev"}""",
                CreatedAt = DateTimeOffset.UtcNow.AddDays(-30),
            });
        }

        try
        {
            await File.WriteAllTextAsync(Path.Join(folder, "rules.yaml"), """
                mode: enforce
                rules: [{verdict: none, codes: [instance.model.no_guest_report], after: 0s, measures: [record, event, tag, lock, stop]}]
                projects: {"*": stop}
                """);
            await using FakeKeystone keystone = await FakeKeystone.StartAsync(TimeProvider.System, nova.Map);
            string file = await FleetCost.ConfigureAsync(folder, keystone, program, $"[enforcement]\ninterval = 5\nrules_file = {folder}/rules.yaml");
            using Process process = Process.Start(new ProcessStartInfo(program, ["--config-file", file]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!;
            try
            {
                using var client = new HttpClient { BaseAddress = await FleetCost.ListeningAsync(process) };
                client.DefaultRequestHeaders.Add("X-Auth-Token", keystone.Issue("operator", "admin", ["admin"]).Secret);
                return await MeasureAsync(process, client, nova);
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

    private static async Task<IReadOnlyList<Result>> MeasureAsync(Process process, HttpClient client, FakeNova nova)
    {
        EnforcementStatus status = await UntilAsync(client, now => now.Instances.Any(one => one is { Reason: "enforcement.breaker_open", Count: Count }), DateTimeOffset.MinValue);
        double before = FleetCost.PeakMegabytes(process);
        process.Refresh();
        TimeSpan cpu = process.TotalProcessorTime;
        for (int i = 0; i < Looks; i++)
            status = await UntilAsync(client, _ => true, status.Last!.StartedAt);
        process.Refresh();
        double after = FleetCost.PeakMegabytes(process);
        // Listings of the sweep go on: they are none of this.
        int requests = nova.Requests.Count(request => request.Contains("/servers/", StringComparison.Ordinal) && !request.Contains("/servers/detail", StringComparison.Ordinal));
        return
        [
            new($"{Count:N0} instances turn bad at once, breaker open: requests to Nova about them", Text(requests), "0", requests == 0, $"measures that were done: {nova.Actions.Count}"),
            new("the same, most resident memory of the control plane", $"{before:0} MB", $"at most {MostMegabytes} MB", before <= MostMegabytes, "see fleet"),
            new($"the same, memory after {Looks} more looks to that", $"{after / before:0.00}", $"at most {MostGrowth}", after / before <= MostGrowth, "none"),
            new("the same, CPU of the control plane for one more look at all of them", $"{(process.TotalProcessorTime - cpu).TotalSeconds / Looks:0.00} s", "none", true, "with what the sweep does in 5 seconds"),
        ];
    }

    private static async Task<EnforcementStatus> UntilAsync(HttpClient client, Func<EnforcementStatus, bool> reached, DateTimeOffset after)
    {
        var limit = Stopwatch.StartNew();
        while (limit.Elapsed < TimeSpan.FromMinutes(10))
        {
            EnforcementStatus status = (await client.GetFromJsonAsync("/v1/enforcement", AttestationJson.Default.EnforcementStatus))!;
            if (status.Last is { } last && last.StartedAt > after && reached(status))
                return status;
            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }

        throw new InvalidOperationException("it never came to that in 10 minutes");
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
