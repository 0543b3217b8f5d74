using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using OpenStackSev.Control.Commands;
using OpenStackSev.Control.Persistence.History;
using OpenStackSev.Control.Tests.Fakes;
using OpenStackSev.Control.Tests.Stories;

namespace OpenStackSev.Control.Tests;

/// <summary>Starting, serving on TLS, being told to stop.</summary>
public sealed class LifecycleTests
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_is_being_answered_when_the_service_is_told_to_stop_is_answered()
    {
        await using RunningControl control = await RunningControl.StartAsync(services: StoryCloud.Map);
        var gate = new TaskCompletionSource();
        control.Keystone.NovaGate = gate.Task;
        Task<HttpResponseMessage> request = PostAsync(control, "/v1/validations", """{"flavor":"plain","image":"debian"}""");
        while (control.Keystone.NovaRequests == 0)
            await Task.Yield();
        Task stopped = control.App.StopAsync(Ct);
        Assert.False(request.IsCompleted);
        gate.SetResult();
        using HttpResponseMessage response = await request;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.NotNull(JsonNode.Parse(await response.Content.ReadAsStringAsync(Ct))!["findings"]);
        await stopped;
    }

    [Fact]
    public async Task An_audit_that_was_accepted_is_run_after_a_restart()
    {
        await using RunningControl control = await RunningControl.StartAsync(
            new Dictionary<string, string> { ["api.requests_per_second"] = "0" }, services: StoryCloud.Map);
        var gate = new TaskCompletionSource();
        control.Keystone.NovaGate = gate.Task;
        using HttpResponseMessage accepted = await PostAsync(control, "/v1/audits", "{}");
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        await control.RestartAsync();
        gate.SetResult();
        string status = "";
        while (status != "done")
        {
            using HttpResponseMessage shown = await control.GetAsync(accepted.Headers.Location!.ToString(), "admin");
            Assert.Equal(HttpStatusCode.OK, shown.StatusCode);
            status = JsonNode.Parse(await shown.Content.ReadAsStringAsync(Ct))!["audit"]!["status"]!.ToString();
            Assert.NotEqual("failed", status);
        }

        await control.RestartAsync();
        using HttpResponseMessage kept = await control.GetAsync(accepted.Headers.Location!.ToString(), "admin");
        Assert.Equal("done", JsonNode.Parse(await kept.Content.ReadAsStringAsync(Ct))!["audit"]!["status"]!.ToString());
    }

    [Fact]
    public async Task Metrics_are_served_on_their_own_address_and_nothing_else_is()
    {
        await using RunningControl control = await RunningControl.StartAsync();
        await control.GetAsync("/v1/nowhere", "reader");
        using var http = new HttpClient { BaseAddress = control.MetricsUrl };
        // A request is counted after its answer has gone out.
        using var hung = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (!(await http.GetStringAsync("/metrics", hung.Token)).Contains("http_server_request_duration", StringComparison.Ordinal))
            await Task.Yield();
        Assert.Equal(HttpStatusCode.NotFound, (await http.GetAsync("/v1/audits", Ct)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await control.GetAsync("/metrics", "admin")).StatusCode);
    }

    [Fact]
    public async Task A_renewed_certificate_is_served_without_a_restart()
    {
        string folder = Directory.CreateTempSubdirectory("osev-tls-test").FullName;
        (string file, string key) = (Path.Join(folder, "control.crt"), Path.Join(folder, "control.key"));
        string first = WriteCertificate(file, key);
        await using RunningControl control = await RunningControl.StartAsync(
            new Dictionary<string, string> { ["api.tls_cert"] = file, ["api.tls_key"] = key });
        Assert.Equal("https", control.Url.Scheme);
        Assert.Equal(first, await ServedAsync(control.Url));
        string second = WriteCertificate(file, key);
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddMinutes(1));
        Assert.NotEqual(first, second);
        Assert.Equal(second, await ServedAsync(control.Url));
        await File.WriteAllTextAsync(key, "half of a renewal", Ct);
        File.SetLastWriteTimeUtc(key, DateTime.UtcNow.AddMinutes(2));
        Assert.Equal(second, await ServedAsync(control.Url));
        // The other half first: a certificate whose key is not there yet.
        WriteCertificate(file, Path.Join(folder, "other.key"));
        File.SetLastWriteTimeUtc(file, DateTime.UtcNow.AddMinutes(3));
        WriteCertificate(Path.Join(folder, "other.crt"), key);
        File.SetLastWriteTimeUtc(key, DateTime.UtcNow.AddMinutes(3));
        Assert.Equal(second, await ServedAsync(control.Url));
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task A_certificate_that_cannot_be_used_stops_the_start_with_its_file()
    {
        (int code, string error) = await RunAsync("[api]\ntls_cert = /nowhere/a.crt\ntls_key = /nowhere/a.key\n");
        Assert.Equal(ExitCodes.Configuration, code);
        Assert.StartsWith("error: [api] tls_cert = /nowhere/a.crt, tls_key = /nowhere/a.key: cannot be used", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_is_not_the_certificates_stops_the_start_with_both_files()
    {
        string folder = Directory.CreateTempSubdirectory("osev-tls-test").FullName;
        WriteCertificate(Path.Join(folder, "a.crt"), Path.Join(folder, "a.key"));
        WriteCertificate(Path.Join(folder, "b.crt"), Path.Join(folder, "b.key"));
        (int code, string error) = await RunAsync($"[api]\ntls_cert = {folder}/a.crt\ntls_key = {folder}/b.key\n");
        Assert.Equal(ExitCodes.Configuration, code);
        Assert.StartsWith($"error: [api] tls_cert = {folder}/a.crt, tls_key = {folder}/b.key: cannot be used", error, StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    /// <summary>A service that ends with an exception is logged as a defect, and stops the program.</summary>
    [Fact]
    public async Task Whatever_runs_in_the_background_ends_quietly_when_it_is_told_to_stop()
    {
        string key = Path.Join(Directory.CreateTempSubdirectory("osev-history-key").FullName, "history.key");
        HistoryKey.Create(key);
        await using RunningControl control = await RunningControl.StartAsync(new Dictionary<string, string>
        {
            ["database.history_key"] = key,
            ["database.history_keep_rows"] = "1000",
            // Nobody listens there.
            ["notifications.transport_url"] = "rabbit://nova:secret@127.0.0.1:1/",
        });
        BackgroundService[] services = [.. control.App.Services.GetServices<IHostedService>().OfType<BackgroundService>()];
        Type[] ours = [.. typeof(ControlApplication).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(BackgroundService)) && !type.IsAbstract)];
        Assert.Equal(ours.Select(type => type.Name).Order(StringComparer.Ordinal), services.Select(service => service.GetType().Name).Order(StringComparer.Ordinal));
        await control.App.StopAsync(Ct);
        Assert.All(services, service => Assert.False(service.ExecuteTask!.IsFaulted, $"{service.ExecuteTask.Exception}"));
        // Once more from the beginning, so that each has certainly begun when it is told.
        foreach (BackgroundService service in services)
        {
            using var stop = new CancellationTokenSource();
            MethodInfo execute = service.GetType().GetMethod("ExecuteAsync", BindingFlags.Instance | BindingFlags.NonPublic)!;
            var running = (Task)execute.Invoke(service, [stop.Token])!;
            await stop.CancelAsync();
            await running;
        }

        Directory.Delete(Path.GetDirectoryName(key)!, recursive: true);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_one_error_and_one_hint()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        (int code, string error) = await RunAsync($"[api]\nbind_port = {((IPEndPoint)taken.LocalEndpoint).Port}\n[metrics]\nenabled = false\n");
        Assert.Equal(ExitCodes.TryLater, code);
        Assert.Matches("(?s)^error: cannot listen: .*\nhint: is another one running\\?", error);
    }

    [Fact]
    public async Task The_upgrade_check_prints_a_table_and_its_worst_result_is_the_exit_code()
    {
        await using FakeKeystone keystone = await FakeKeystone.StartAsync(TimeProvider.System);
        using var output = new StringWriter();
        string folder = Directory.CreateTempSubdirectory("osev-upgrade-test").FullName;
        string good = $"[DEFAULT]\nstate_dir = {folder}\n[keystone_authtoken]\nauth_url = {keystone.Url}\npassword = {FakeKeystone.Password}\n";
        Assert.Equal(2, (await RunAsync(good, TextWriter.Null, "status", "upgrade", "check")).Code);
        Assert.Equal(0, (await RunAsync(good, TextWriter.Null, "manage", "db", "sync")).Code);
        (int code, _) = await RunAsync(good, output, "status", "upgrade", "check");
        // The fake's catalogue does not have this service yet.
        Assert.Equal(1, code);
        Assert.StartsWith("+----", output.ToString(), StringComparison.Ordinal);
        Assert.Matches(@"(?s)Check: Configuration +\|\n\| Result: Success .*Check: Keystone Credentials +\|\n\| Result: Warning", output.ToString());
        Assert.All(output.ToString().TrimEnd().Split('\n'), line => Assert.Equal(78, line.Length));

        (int refused, _) = await RunAsync($"[keystone_authtoken]\nauth_url = {keystone.Url}\npassword = wrong\n", output, "status", "upgrade", "check");
        Assert.Equal(2, refused);
        (int unreadable, _) = await RunAsync("[nonsense]\na = b\n", output, "status", "upgrade", "check");
        Assert.Equal(2, unreadable);
        Assert.DoesNotContain(FakeKeystone.Password, output.ToString(), StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }

    private static async Task<(int Code, string Error)> RunAsync(string text, TextWriter? output = null, params string[] args)
    {
        string folder = Directory.CreateTempSubdirectory("osev-run-test").FullName;
        string file = Path.Join(folder, "control.conf");
        // Never this machine's own state.
        string state = text.Contains("state_dir", StringComparison.Ordinal) ? "" : $"[DEFAULT]\nstate_dir = {folder}/state\n";
        await File.WriteAllTextAsync(file, state + (text.Contains("[keystone_authtoken]", StringComparison.Ordinal) || text.Contains("[nonsense]", StringComparison.Ordinal)
            ? text : "[keystone_authtoken]\nauth_url = http://127.0.0.1:9\npassword = p\n" + text), Ct);
        using var error = new StringWriter();
        int code = await ControlCommands.RunAsync([.. args, "--config-file", file], output ?? TextWriter.Null, error, Ct);
        Directory.Delete(folder, recursive: true);
        return (code, error.ToString());
    }

    private static Task<HttpResponseMessage> PostAsync(RunningControl control, string path, string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("X-Auth-Token", control.Keystone.Issue("alice", "p1", "admin").Secret);
        return control.Http.SendAsync(request, Ct);
    }

    private static string WriteCertificate(string file, string keyFile)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        using X509Certificate2 certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        File.WriteAllText(file, certificate.ExportCertificatePem());
        File.WriteAllText(keyFile, key.ExportPkcs8PrivateKeyPem());
        return certificate.Thumbprint;
    }

    /// <summary>The thumbprint of the certificate on a new connection.</summary>
    private static async Task<string> ServedAsync(Uri url)
    {
        string served = "";
        using var handler = new HttpClientHandler();
#pragma warning disable MA0039 // it is looked at, not believed
        handler.ServerCertificateCustomValidationCallback = (_, certificate, _, _) =>
        {
            served = certificate!.Thumbprint;
            return true;
        };
#pragma warning restore MA0039
        using var http = new HttpClient(handler);
        (await http.GetAsync(url, Ct)).EnsureSuccessStatusCode();
        return served;
    }
}
