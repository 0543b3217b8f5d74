using System.Diagnostics;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using OpenStackSev.Control;
using OpenStackSev.Guest.Tests.Fakes;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Benchmarks;

/// <summary>What the attester costs the machine that it proves: the native program, a control plane over TLS, a simulated folder.</summary>
internal static class GuestCost
{
    private const int Rounds = 6;
    private const long MostBytes = 9_000_000, MostPeakBytes = 25_000_000;
    private static readonly TimeSpan s_mostCpu = TimeSpan.FromMilliseconds(60);
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(5);

    public static async Task<IReadOnlyList<Result>> MeasureAsync()
    {
        string program = await NativeProgram.GuestAsync(), folder = Directory.CreateTempSubdirectory("osev-bench").FullName;
        try
        {
            await using var cloud = new LoopbackCloud();
            cloud.Control.NextRoundIn = 1;      // the attester makes that its shortest wait
            using X509Certificate2 certificate = Certificate();
            await using WebApplication control = await StartAsync(cloud.Control, certificate);
            cloud.Documents["vendor_data2.json"] = Vendordata(ControlApplication.AddressOf(control), certificate);
            await using SimulatedTsm tsm = SimulatedTsm.Start(Path.Join(folder, "tsm"), new SimulatedGuest(Given.Authority));
            string[] arguments = ["run", "--metadata", cloud.Metadata.AbsoluteUri, "--tsm", Path.Join(folder, "tsm"), "--runtime-dir", Path.Join(folder, "run")];
            ChildCost once = await ChildCost.OfSeveralAsync(() => new ProcessStartInfo(program, [.. arguments, "--once"]));
            (TimeSpan round, long peak) = await ServeAsync(new ProcessStartInfo(program, [.. arguments, "--nudge-interval", "10"]), cloud.Control);
            long size = new FileInfo(program).Length;
            return
            [
                new("openstack-sev-guest, size of the file", $"{Mega(size)} MB", $"under {Mega(MostBytes)} MB", size < MostBytes, "1 MB = 1,000,000 bytes"),
                new($"a round of the service, CPU time, mean of {Rounds}", CpuTime.Text(round), $"at most {CpuTime.Text(s_mostCpu)}", round <= s_mostCpu,
                    $"run --once, exec to exit, which reads the system's authorities for TLS: {CpuTime.Text(once.Cpu)}"),
                new("the same, peak resident memory", $"{Mega(peak)} MB", $"at most {Mega(MostPeakBytes)} MB", peak <= MostPeakBytes, $"run --once: {Mega(once.PeakBytes)} MB"),
            ];
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The rounds after the first, which starts up.</summary>
    private static async Task<(TimeSpan Round, long PeakBytes)> ServeAsync(ProcessStartInfo start, FakeControlPlane control)
    {
        start.RedirectStandardError = true;
        start.UseShellExecute = false;
        int before = control.Taken.Count;
        using Process process = Process.Start(start)!;
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        try
        {
            await TakenAsync(control, before + 1, process);
            TimeSpan first = process.TotalProcessorTime;
            await TakenAsync(control, before + 1 + Rounds, process);
            process.Refresh();
            TimeSpan cpu = process.TotalProcessorTime - first;
            string peak = File.ReadLines($"/proc/{process.Id}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            return (cpu / Rounds, long.Parse(peak.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1]) * 1024);
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
        }
    }

    private static async Task TakenAsync(FakeControlPlane control, int count, Process attester)
    {
        long started = Stopwatch.GetTimestamp();
        while (control.Taken.Count < count)
        {
            if (attester.HasExited || Stopwatch.GetElapsedTime(started) > s_longest)
                throw new InvalidOperationException($"the attester answered {control.Taken.Count} challenges and not {count}");
            await Task.Delay(50);
        }

        // what it does with the answer is part of the round
        await Task.Delay(500);
        attester.Refresh();
    }

    private static async Task<WebApplication> StartAsync(FakeControlPlane control, X509Certificate2 certificate)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelHttpsConfiguration();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen => listen.UseHttps(certificate)));
        WebApplication app = builder.Build();
        app.Run(async context =>
        {
            string? ticket = context.Request.Headers.Authorization.ToString().Split(' ').LastOrDefault();
            using HttpResponseMessage answer = await control.AnswerAsync(context.Request.Path, ticket, context.Request.Body, context.RequestAborted);
            context.Response.StatusCode = (int)answer.StatusCode;
            await answer.Content.CopyToAsync(context.Response.Body);
        });
        await app.StartAsync();
        return app;
    }

    private static X509Certificate2 Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=bench", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddIpAddress(IPAddress.Loopback);
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }

    private static string Vendordata(Uri control, X509Certificate2 certificate) => $$"""
        { "sev": { "openstack_sev": { "url": "{{control}}", "ticket": "{{Given.Ticket}}", "instance": "{{Given.Instance}}",
          "ca": "{{JsonEncodedText.Encode(certificate.ExportCertificatePem())}}" } } }
        """;

    private static string Mega(long bytes) => (bytes / 1e6).ToString("0.00");
}
