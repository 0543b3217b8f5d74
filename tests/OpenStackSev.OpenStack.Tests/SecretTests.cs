using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using OpenStackSev.OpenStack.Keystone;
using OpenStackSev.OpenStack.Nova;
using OpenStackSev.OpenStack.Tests.Fakes;
using WireMock;

namespace OpenStackSev.OpenStack.Tests;

/// <summary>Every secret of these tests has <c>hunter2</c> in it, and none may be seen anywhere.</summary>
public sealed class SecretTests : IDisposable
{
    private const string Tokens = "/identity/v3/auth/tokens";
    private const string Providers = FakeCloud.Placement + "/resource_providers";

    private readonly FakeCloud _cloud = new();
    private readonly Lines _lines = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _cloud.Dispose();

    [Fact]
    public async Task No_secret_is_in_any_log_exception_or_text()
    {
        foreach (CloudSettings settings in Settings())
        {
            foreach (Action scenario in Scenarios())
            {
                scenario();
                var options = _cloud.Options with { LoggerFactory = _lines, Retries = 1, GlobalRequestId = "req-1" };
                using OpenStackConnection connection = _cloud.Open(options, settings);
                _lines.Add(settings.ToString(), options.ToString());
                await Try(() => connection.Placement.ListResourceProvidersAsync("name", ct: Ct));
                await Try(() => connection.Nova.AllServersAsync(allTenants: true, ct: Ct).ToListAsync(Ct).AsTask());
                await Try(() => connection.Glance.ListImagesAsync(ct: Ct));
                await Try(() => connection.Keystone.ValidateTokenAsync("hunter2-own", "hunter2-subject", ct: Ct));
                await Try(async () => _lines.Add((await connection.TokenAsync(Ct)).ToString()));
            }
        }

        // That there are lines and failures of every kind is what makes the last assertion worth something.
        Assert.Contains(_lines.All, line => line.Contains("GET " + _cloud.Url + Providers + " 200 in ", StringComparison.Ordinal));
        Assert.Contains(_lines.All, line => line.Contains("/auth/tokens failed after ", StringComparison.Ordinal));
        Assert.Contains(_lines.All, line => line.Contains("identity 401: POST ***", StringComparison.Ordinal));
        Assert.Contains(_lines.All, line => line.Contains("placement 400: GET *** you sent", StringComparison.Ordinal));
        Assert.DoesNotContain(_lines.All, line => line.Contains("hunter2", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain(_lines.All, line => line.Contains("?name=", StringComparison.Ordinal));
    }

    [Fact]
    public void The_bodies_that_hold_a_secret_do_not_show_it()
    {
        var user = new AuthenticationUser("u", null, "hunter2", null);
        object[] bodies =
        [
            new AuthenticationRequest(new Authentication(new AuthenticationIdentity(["password"], Password: new PasswordMethod(user)), null)),
            new AuthenticationRequest(new Authentication(new AuthenticationIdentity(["token"], Token: new TokenMethod("hunter2")), null)),
            new AuthenticationRequest(new Authentication(
                new AuthenticationIdentity([], ApplicationCredential: new ApplicationCredentialMethod(null, "agent", "hunter2", user)), null)),
        ];
        Assert.All(bodies, body => Assert.DoesNotContain("hunter2", body.ToString(), StringComparison.Ordinal));
    }

    private IEnumerable<CloudSettings> Settings()
    {
        yield return _cloud.Settings;
        yield return _cloud.Settings with { AuthType = CloudAuthType.Token, Token = "hunter2-token" };
        yield return _cloud.Settings with
        {
            AuthType = CloudAuthType.ApplicationCredential,
            ApplicationCredentialId = "a1",
            ApplicationCredentialSecret = "hunter2-secret",
        };
        yield return _cloud.Settings with { AuthUrl = RawServer.RefusingUrl() };
        yield return _cloud.Settings with { EndpointOverrides = new Dictionary<string, Uri> { ["placement"] = RawServer.RefusingUrl() } };
    }

    /// <summary>Good answers, errors of all kinds, and services that repeat what they were sent.</summary>
    private IEnumerable<Action> Scenarios()
    {
        yield return () =>
        {
            _cloud.Answer("POST", Tokens, _ => _cloud.IssueToken());
            AnswerAll(200, "");
            _cloud.Answer("GET", Providers, Sample.Of("pl_resource_providers"));
            _cloud.Answer("GET", FakeCloud.Compute + "/servers/detail", Sample.Of("servers_detail_all_tenants"));
        };
        foreach (int status in (int[])[400, 401, 403, 404, 409, 429, 500, 502, 503])
            yield return () => AnswerAll(status, "no");
        yield return () => AnswerAll(200, "<html>who are you</html>");
        yield return () => AnswerAll(request => FakeCloud.Respond(400, Repeated(request)));
        yield return () => AnswerAll(request => FakeCloud.Respond(401, Repeated(request)));
        yield return () => AnswerAll(request => FakeCloud.Respond(200, $"[\"{FakeCloud.Header(request, "X-Auth-Token")}\"]"));
        yield return () => _cloud.Answer("GET", Providers, _ => throw new InvalidOperationException("the fake broke"));
        yield return () => _cloud.Answer("POST", Tokens, request => FakeCloud.Respond(401, Repeated(request)));
    }

    private void AnswerAll(int status, string body) => AnswerAll(_ => FakeCloud.Respond(status, body));

    private void AnswerAll(Func<IRequestMessage, ResponseMessage> answer)
    {
        foreach (string path in (string[])[Providers, FakeCloud.Compute + "/servers/detail", FakeCloud.Image + "/v2/images", Tokens])
            _cloud.Answer("GET", path, answer);
    }

    /// <summary>The secrets first, so that cutting the text is not what hides them.</summary>
    private static string Repeated(IRequestMessage request)
    {
        string? secret = FakeCloud.Header(request, "X-Auth-Token") ?? (request.Body!.Contains("hunter2-password", StringComparison.Ordinal) ? "hunter2-password"
            : request.Body.Contains("hunter2-token", StringComparison.Ordinal) ? "hunter2-token" : "hunter2-secret");
        return $"{request.Method} {secret} you sent {FakeCloud.Header(request, "X-Subject-Token")} {request.Body}";
    }

    private async Task Try(Func<Task> call)
    {
        try
        {
            await call();
        }
        catch (OpenStackApiException e)
        {
            _lines.Add(e.Message, e.ToString(), e.Detail, e.Request);
            for (Exception? inner = e; inner is not null; inner = inner.InnerException)
                _lines.Add(inner.Message, string.Join(' ', inner.Data.Values.Cast<object>()));
        }
    }

    /// <summary>Everything that is logged at any level, formatted, with its values and scopes.</summary>
    private sealed class Lines : ILoggerFactory, ILogger
    {
        private readonly ConcurrentQueue<string> _all = new();

        public IReadOnlyList<string> All => [.. _all];

        public void Add(params IEnumerable<string> lines)
        {
            foreach (string line in lines)
                _all.Enqueue(line);
        }

        public ILogger CreateLogger(string categoryName) => this;

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull
        {
            Add(state.ToString()!);
            return null;
        }

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            Add(formatter(state, exception), exception?.ToString() ?? "");
            if (state is IEnumerable<KeyValuePair<string, object?>> values)
                Add(values.Select(value => $"{value.Key}={value.Value}"));
        }

        public void AddProvider(ILoggerProvider provider)
        {
            // This one is the only provider.
        }

        public void Dispose()
        {
            // Nothing to dispose of.
        }
    }
}
