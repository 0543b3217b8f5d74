using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using OpenStackSev.Control.Commands;
using OpenStackSev.Control.Configuration;

namespace OpenStackSev.Control.Tests.Fakes;

/// <summary>The real application on loopback, configured by a file of its own, with a fake Keystone and a clock that stands still.</summary>
internal sealed class RunningControl : IAsyncDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("osev-control-test").FullName;
    private WebApplication? app;
    private HttpClient? client;
    private Action<IServiceCollection>? replacements;

    private RunningControl(FakeTimeProvider time, FakeKeystone keystone) => (Time, Keystone) = (time, keystone);

    public FakeTimeProvider Time { get; }
    public FakeKeystone Keystone { get; }
    public LogLines Log { get; } = new();
    public WebApplication App => app!;
    public string StateFolder => Path.Join(folder, "state");
    public Uri Url => new(App.Urls.First());
    public Uri MetricsUrl => new(App.Urls.Last());

    /// <summary>Without a token; a request adds its own.</summary>
    public HttpClient Http => client!;

    /// <param name="settings">By <c>section.key</c>; <c>{folder}</c> is a folder of this application's own.</param>
    /// <param name="policy">Text of policy.yaml.</param>
    /// <param name="services">Other services of the cloud, by path.</param>
    public static async Task<RunningControl> StartAsync(
        IReadOnlyDictionary<string, string>? settings = null, string? policy = null, Action<WebApplication>? services = null,
        Action<IServiceCollection>? replace = null)
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 11, 25, 12, 0, 0, TimeSpan.Zero));
        var control = new RunningControl(time, await FakeKeystone.StartAsync(time, services));
        await control.StartAsync(settings ?? new Dictionary<string, string>(), policy, replace);
        return control;
    }

    public string At(string name) => Path.Join(folder, name);

    /// <summary>Sends with a token of a user of project <c>p1</c> who has these roles.</summary>
    public Task<HttpResponseMessage> GetAsync(string path, params IReadOnlyList<string> roles)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("X-Auth-Token", Keystone.Issue("somebody", "p1", roles).Secret);
        return Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>Ends the application as a signal would, and starts another one with the same configuration and state.</summary>
    public async Task RestartAsync()
    {
        client!.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
        await RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        client?.Dispose();
        if (app is not null)
        {
            await app.StopAsync();
            await app.DisposeAsync();
        }

        await Keystone.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private async Task StartAsync(IReadOnlyDictionary<string, string> settings, string? policy, Action<IServiceCollection>? replace)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["DEFAULT.state_dir"] = StateFolder,
            ["api.bind_port"] = "0",
            ["metrics.bind_port"] = "0",
            ["endorsements.use_kds"] = "false",
            ["reattestation.guest_url"] = "https://attestation.example.org:9520",
            // A test that is about the sweep, enforcement or trust starts it itself: what it asks of the cloud is no part of the others.
            ["sweep.enabled"] = "false",
            ["enforcement.enabled"] = "false",
            ["trust.enabled"] = "false",
            ["heat.enabled"] = "false",
            ["keystone_authtoken.auth_url"] = Keystone.Url + "/v3",
            ["keystone_authtoken.www_authenticate_uri"] = "https://identity.example.org/v3",
            ["keystone_authtoken.username"] = FakeKeystone.Username,
            ["keystone_authtoken.password"] = FakeKeystone.Password,
        };
        if (policy is not null)
        {
            values["oslo_policy.policy_file"] = At("policy.yaml");
            await File.WriteAllTextAsync(At("policy.yaml"), policy);
        }

        foreach ((string key, string value) in settings)
            values[key] = value.Replace("{folder}", folder, StringComparison.Ordinal);
        await File.WriteAllLinesAsync(At("control.conf"), values.GroupBy(pair => pair.Key.Split('.')[0]).SelectMany(
            section => section.Select(pair => $"{pair.Key.Split('.')[1]} = {pair.Value}").Prepend($"[{section.Key}]")));
        using var error = new StringWriter();
        int code = await ControlCommands.RunAsync(["manage", "db", "sync", "--config-file", At("control.conf")], TextWriter.Null, error);
        Assert.True(code == 0, error.ToString());
        replacements = replace;
        await RunAsync();
    }

    private async Task RunAsync()
    {
        app = ControlApplication.Create(ControlConfiguration.Load([At("control.conf")]), logging =>
        {
            logging.AddProvider(Log);
            logging.SetMinimumLevel(LogLevel.Debug);
        }, services =>
        {
            services.AddSingleton<TimeProvider>(Time);
            replacements?.Invoke(services);
        });
        await app.StartAsync();
        client = new HttpClient { BaseAddress = Url };
    }
}
