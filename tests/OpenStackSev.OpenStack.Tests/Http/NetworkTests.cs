using System.Net;
using OpenStackSev.OpenStack.Tests.Fakes;

namespace OpenStackSev.OpenStack.Tests.Http;

public sealed class NetworkTests : IDisposable
{
    private const string Providers = FakeCloud.Placement + "/resource_providers";
    private readonly FakeCloud _cloud = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _cloud.Dispose();

    [Fact]
    public async Task A_service_that_says_nothing_is_timed_out_and_asked_again()
    {
        await using var silent = new RawServer(answer: null);
        using OpenStackConnection connection = await OpenPlacementAsync(silent.Url(), _cloud.Options with { AttemptTimeout = TimeSpan.FromSeconds(5), Retries = 2 });
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.Equal(("placement", null, null, true), (e.Service, e.Status, e.Code, e.IsTransient));
        Assert.Equal($"placement unreachable: no answer within 5 s (GET {silent.Url()}/)", e.Message);
        Assert.Equal(1 + 3, connection.RequestCount);
    }

    [Fact]
    public async Task Half_an_answer_is_timed_out_too()
    {
        await using var slow = new RawServer("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{");
        _cloud.Time.TimeOut = TimeSpan.FromSeconds(5);
        using OpenStackConnection connection = await OpenPlacementAsync(slow.Url(), _cloud.Options with { AttemptTimeout = TimeSpan.FromSeconds(5) });
        Task asking = connection.Placement.ListResourceProvidersAsync(ct: Ct);
        await slow.Asked;
        Assert.False(asking.IsCompleted);
        _cloud.Time.Advance(TimeSpan.FromSeconds(5));
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => asking);
        Assert.Equal(("no answer within 5 s", true), (e.Detail, e.IsTransient));
    }

    [Fact]
    public async Task All_attempts_together_are_timed_out()
    {
        await using var silent = new RawServer(answer: null);
        using OpenStackConnection connection = await OpenPlacementAsync(silent.Url(), _cloud.Options with { TotalTimeout = TimeSpan.FromSeconds(90), Retries = 2 });
        Task asking = connection.Placement.ListResourceProvidersAsync(ct: Ct);
        await silent.Asked;
        _cloud.Time.Advance(TimeSpan.FromSeconds(90));
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => asking);
        Assert.Equal((null, true, "no answer within 90 s"), (e.Status, e.IsTransient, e.Detail));
        Assert.Equal($"GET {silent.Url()}/", e.Request);
    }

    [Fact]
    public async Task A_creation_that_is_timed_out_is_not_asked_for_again()
    {
        await using var silent = new RawServer(answer: null);
        using OpenStackConnection connection = _cloud.Open(
            _cloud.Options with { AttemptTimeout = TimeSpan.FromSeconds(5), Retries = 2 }, _cloud.Settings with { AuthUrl = silent.Url() });
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.TokenAsync(Ct));
        Assert.Equal("identity", e.Service);
        Assert.Equal(1, connection.RequestCount);
    }

    /// <remarks>The transport gives up connecting with an exception that looks like a cancellation by the caller.</remarks>
    [Fact]
    public async Task A_connection_that_does_not_come_about_is_no_cancellation()
    {
        using var transport = new FakeTransport(_ => throw new TaskCanceledException("A connection could not be established", new TimeoutException()));
        using OpenStackConnection connection = _cloud.Open(_cloud.Options with { Transport = transport, Retries = 2 });
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.TokenAsync(Ct));
        Assert.Equal((null, true), (e.Status, e.IsTransient));
        Assert.Contains($"no connection to {new Uri(_cloud.Url).Authority} in time", e.Detail, StringComparison.Ordinal);
        Assert.Equal(3, connection.RequestCount);
    }

    [Fact]
    public async Task A_refused_connection_is_tried_again_even_for_a_creation()
    {
        Uri url = RawServer.RefusingUrl();
        using OpenStackConnection connection = _cloud.Open(_cloud.Options with { Retries = 2 }, _cloud.Settings with { AuthUrl = url });
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.TokenAsync(Ct));
        Assert.Equal(("identity", null, true), (e.Service, e.Status, e.IsTransient));
        Assert.StartsWith($"identity unreachable: cannot connect to {url.Authority}: ", e.Message, StringComparison.Ordinal);
        Assert.EndsWith($" (POST {url}/auth/tokens)", e.Message, StringComparison.Ordinal);
        Assert.Equal((3, 2), (connection.RequestCount, _cloud.Time.Waits.Count));
    }

    [Fact]
    public async Task A_name_that_does_not_resolve_is_named()
    {
        using OpenStackConnection connection = _cloud.Open(settings: _cloud.Settings with { AuthUrl = new Uri("http://keystone.invalid:5000/v3") });
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.TokenAsync(Ct));
        Assert.Equal((null, true, "the name keystone.invalid does not resolve"), (e.Status, e.IsTransient, e.Detail));
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")]
    public async Task A_broken_connection_is_tried_again_for_reading_only(string answer)
    {
        await using var broken = new RawServer(answer, close: true);
        using OpenStackConnection reading = await OpenPlacementAsync(broken.Url(), _cloud.Options with { Retries = 2 });
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => reading.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.Equal((null, true), (e.Status, e.IsTransient));
        Assert.Equal(1 + 3, reading.RequestCount);

        using OpenStackConnection creating = _cloud.Open(_cloud.Options with { Retries = 2 }, _cloud.Settings with { AuthUrl = broken.Url() });
        await Assert.ThrowsAsync<OpenStackApiException>(() => creating.TokenAsync(Ct));
        Assert.Equal(1, creating.RequestCount);
    }

    [Fact]
    public async Task An_error_whose_text_breaks_off_keeps_its_status()
    {
        await using var broken = new RawServer("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 1000\r\n\r\n{", close: true);
        using OpenStackConnection connection = await OpenPlacementAsync(broken.Url(), _cloud.Options);
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, e.Status);
    }

    [Fact]
    public async Task What_is_not_HTTP_is_told()
    {
        await using var other = new RawServer("220 mail.example ESMTP\r\n", close: true);
        using OpenStackConnection connection = await OpenPlacementAsync(other.Url(), _cloud.Options);
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.Null(e.Status);
    }

    [Fact]
    public async Task The_callers_cancellation_stays_one()
    {
        await using var silent = new RawServer(answer: null);
        using OpenStackConnection connection = await OpenPlacementAsync(silent.Url(), _cloud.Options with { Retries = 2 });
        using var caller = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        Task asking = connection.Placement.ListResourceProvidersAsync(ct: caller.Token);
        await silent.Asked;
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        Assert.Equal(1 + 1, connection.RequestCount);
    }

    [Fact]
    public async Task The_callers_cancellation_ends_a_wait_between_attempts()
    {
        _cloud.Time.TimeOut = TimeSpan.FromSeconds(60);
        using var caller = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        using OpenStackConnection connection = _cloud.Open(_cloud.Options with { Retries = 2 });
        _cloud.Time.Waiting = () => caller.CancelAfter(TimeSpan.Zero);
        _cloud.Answer("GET", Providers, 429, "", new Dictionary<string, string> { ["Retry-After"] = "60" });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connection.Placement.ListResourceProvidersAsync(ct: caller.Token));
        Assert.Single(_cloud.Asked(Providers));
    }

    [Fact]
    public async Task The_callers_cancellation_before_the_call_sends_nothing()
    {
        using OpenStackConnection connection = _cloud.Open();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => connection.Placement.ListResourceProvidersAsync(ct: new CancellationToken(canceled: true)));
        Assert.Equal(0, connection.RequestCount);
    }

    [Theory]
    [InlineData(0, 90, 2, 500, 1, "AttemptTimeout")]
    [InlineData(30, 0, 2, 500, 1, "TotalTimeout")]
    [InlineData(30, 1_000_000, 2, 500, 1, "TotalTimeout")]
    [InlineData(30, 90, -1, 500, 1, "Retries")]
    [InlineData(30, 90, 2, -1, 1, "RetryDelay")]
    [InlineData(30, 90, 2, 500, 0, "MaximumResponseBytes")]
    [InlineData(30, 90, 2, 500, 3_000_000_000, "MaximumResponseBytes")]
    public void Options_out_of_range_are_refused_by_name(int attempt, int total, int retries, int delay, long bytes, string name)
    {
        var options = new OpenStackConnectionOptions
        {
            AttemptTimeout = TimeSpan.FromSeconds(attempt),
            TotalTimeout = TimeSpan.FromSeconds(total),
            Retries = retries,
            RetryDelay = TimeSpan.FromMilliseconds(delay),
            MaximumResponseBytes = bytes,
        };
        Assert.Equal(name, Assert.Throws<ArgumentOutOfRangeException>(() => _cloud.Open(options)).ParamName);
    }

    /// <summary>Placement alone is elsewhere; the token is from the fake, and there already.</summary>
    private async Task<OpenStackConnection> OpenPlacementAsync(Uri url, OpenStackConnectionOptions options)
    {
        _cloud.Time.Elapses = false;
        OpenStackConnection connection = _cloud.Open(options, _cloud.Settings with { EndpointOverrides = new Dictionary<string, Uri> { ["placement"] = url } });
        await connection.TokenAsync(Ct);
        _cloud.Time.Elapses = true;
        return connection;
    }

    private sealed class FakeTransport(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(answer(request));
    }
}
