using System.Net;
using OpenStackSev.OpenStack.Tests.Fakes;

namespace OpenStackSev.OpenStack.Tests.Keystone;

public sealed class TokenTests : IDisposable
{
    private const string Providers = FakeCloud.Placement + "/resource_providers";
    private static readonly Sample s_providers = Sample.Of("pl_resource_providers");
    private readonly FakeCloud _cloud = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _cloud.Dispose();

    [Fact]
    public async Task Nothing_is_sent_before_the_first_call()
    {
        using OpenStackConnection connection = _cloud.Open();
        Assert.Equal(0, connection.RequestCount);
        _cloud.Answer("GET", Providers, s_providers);
        await connection.Placement.ListResourceProvidersAsync(ct: Ct);
        Assert.Equal(["/identity/v3/auth/tokens", FakeCloud.Placement + "/", Providers], _cloud.Asked().Select(request => request.Path));
        Assert.Equal(_cloud.LastToken, FakeCloud.Header(_cloud.Asked(Providers)[0], "X-Auth-Token"));
    }

    [Fact]
    public async Task One_token_serves_all_calls()
    {
        _cloud.Answer("GET", Providers, s_providers);
        _cloud.Answer("GET", FakeCloud.Compute + "/os-services", Sample.Of("nova_services"));
        using OpenStackConnection connection = _cloud.Open();
        await connection.Placement.ListResourceProvidersAsync(ct: Ct);
        await connection.Placement.ListResourceProvidersAsync(ct: Ct);
        await connection.Nova.ListServicesAsync(ct: Ct);
        Assert.Equal(1, _cloud.TokenRequests);
    }

    [Fact]
    public async Task However_many_wait_there_is_one_request_for_a_token()
    {
        _cloud.Answer("GET", Providers, s_providers);
        using OpenStackConnection connection = _cloud.Open();
        await Task.WhenAll(Enumerable.Range(0, 40).Select(_ => Task.Run(() => connection.Placement.ListResourceProvidersAsync(ct: Ct), Ct)));
        Assert.Equal(1, _cloud.TokenRequests);
        Assert.Single(_cloud.Asked(FakeCloud.Placement + "/"));
        Assert.Equal(42, connection.RequestCount);
    }

    [Fact]
    public async Task A_token_is_renewed_before_it_expires()
    {
        _cloud.Answer("GET", Providers, s_providers);
        using OpenStackConnection connection = _cloud.Open();
        await connection.Placement.ListResourceProvidersAsync(ct: Ct);
        _cloud.Time.Advance(TimeSpan.FromMinutes(57));
        await connection.Placement.ListResourceProvidersAsync(ct: Ct);
        Assert.Equal(1, _cloud.TokenRequests);
        _cloud.Time.Advance(TimeSpan.FromMinutes(2));
        await connection.Placement.ListResourceProvidersAsync(ct: Ct);
        Assert.Equal(2, _cloud.TokenRequests);
        Assert.Equal(_cloud.LastToken, FakeCloud.Header(_cloud.Asked(Providers)[^1], "X-Auth-Token"));
        await connection.Placement.ListResourceProvidersAsync(ct: Ct);
        Assert.Equal(2, _cloud.TokenRequests);
    }

    [Fact]
    public async Task A_token_of_a_short_life_serves_more_than_one_call()
    {
        _cloud.TokenLifetime = TimeSpan.FromSeconds(100);
        _cloud.Answer("GET", Providers, s_providers);
        using OpenStackConnection connection = _cloud.Open();
        await connection.Placement.ListResourceProvidersAsync(ct: Ct);
        _cloud.Time.Advance(TimeSpan.FromSeconds(89));
        await connection.Placement.ListResourceProvidersAsync(ct: Ct);
        Assert.Equal(1, _cloud.TokenRequests);
        _cloud.Time.Advance(TimeSpan.FromSeconds(2));
        await connection.Placement.ListResourceProvidersAsync(ct: Ct);
        Assert.Equal(2, _cloud.TokenRequests);
    }

    [Fact]
    public async Task A_clock_that_is_ahead_of_Keystone_does_not_mean_a_token_for_every_call()
    {
        _cloud.Answer("GET", Providers, s_providers);
        var ahead = new ElapsingTime(FakeCloud.Start + TimeSpan.FromHours(3));
        using OpenStackConnection connection = _cloud.Open(_cloud.Options with { Time = ahead });
        await connection.Placement.ListResourceProvidersAsync(ct: Ct);
        await connection.Placement.ListResourceProvidersAsync(ct: Ct);
        Assert.Equal(1, _cloud.TokenRequests);
    }

    [Fact]
    public async Task A_refused_token_is_renewed_once_and_the_request_repeated()
    {
        _cloud.Answer("GET", Providers, _ => FakeCloud.Respond(401), _ => FakeCloud.Respond(200, s_providers.Body));
        using OpenStackConnection connection = _cloud.Open();
        Assert.NotEmpty((await connection.Placement.ListResourceProvidersAsync(ct: Ct)).ResourceProviders);
        Assert.Equal(2, _cloud.TokenRequests);
        Assert.Equal([FakeCloud.TokenPrefix + "1", FakeCloud.TokenPrefix + "2"], _cloud.Asked(Providers).Select(request => FakeCloud.Header(request, "X-Auth-Token")));
    }

    [Fact]
    public async Task A_second_refusal_is_an_error()
    {
        _cloud.Answer("GET", Providers, 401, """{"error":{"message":"no"}}""", new Dictionary<string, string> { ["x-openstack-request-id"] = "req-2" });
        using OpenStackConnection connection = _cloud.Open(_cloud.Options with { Retries = 3 });
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.Equal(("placement", HttpStatusCode.Unauthorized, "no", "req-2", false), (e.Service, e.Status, e.Detail, e.RequestId, e.IsTransient));
        Assert.Equal((2, 2), (_cloud.TokenRequests, _cloud.Asked(Providers).Count));
    }

    [Fact]
    public async Task Many_refusals_of_one_token_are_one_renewal()
    {
        using var all = new CountdownEvent(10);
        _cloud.Answer("GET", Providers, request =>
        {
            if (FakeCloud.Header(request, "X-Auth-Token") != FakeCloud.TokenPrefix + "1")
                return FakeCloud.Respond(200, s_providers.Body);
            all.Signal();
            return all.Wait(TimeSpan.FromSeconds(30)) ? FakeCloud.Respond(401) : FakeCloud.Respond(500);
        });
        using OpenStackConnection connection = _cloud.Open();
        await connection.MicroversionAsync(ServiceType.Placement, Ct);
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => connection.Placement.ListResourceProvidersAsync(ct: Ct)));
        Assert.Equal(2, _cloud.TokenRequests);
    }

    [Fact]
    public async Task A_failed_renewal_says_so()
    {
        _cloud.Answer("GET", Providers, 401);
        _cloud.Answer("POST", "/identity/v3/auth/tokens", _ => _cloud.IssueToken(), _ => FakeCloud.Respond(403, """{"error":{"message":"disabled"}}"""));
        using OpenStackConnection connection = _cloud.Open();
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.Equal(("identity", HttpStatusCode.Forbidden, "disabled"), (e.Service, e.Status, e.Detail));
    }

    [Fact]
    public async Task A_failure_is_not_kept()
    {
        _cloud.Answer("POST", "/identity/v3/auth/tokens", _ => FakeCloud.Respond(503), _ => _cloud.IssueToken());
        using OpenStackConnection connection = _cloud.Open();
        await Assert.ThrowsAsync<OpenStackApiException>(() => connection.TokenAsync(Ct));
        Assert.Equal("admin", (await connection.TokenAsync(Ct)).User.Name);
    }

    [Theory]
    [InlineData(201, "{}", true)]
    [InlineData(201, "", true)]
    [InlineData(200, "<html>portal</html>", true)]
    [InlineData(201, null, false)]
    public async Task An_answer_without_a_token_is_malformed(int status, string? body, bool header)
    {
        body ??= Sample.Of("keystone_token").Body;
        var headers = new Dictionary<string, string> { ["x-openstack-request-id"] = "req-t" };
        if (header)
            headers["X-Subject-Token"] = "t";
        _cloud.Answer("POST", "/identity/v3/auth/tokens", status, body, headers);
        using OpenStackConnection connection = _cloud.Open();
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.TokenAsync(Ct));
        Assert.Equal(("identity", OpenStackCodes.MalformedAnswer, "req-t"), (e.Service, e.Code, e.RequestId));
        Assert.Equal(status, (int?)e.Status);
    }

    [Fact]
    public async Task A_token_without_a_catalogue_lacks_every_service()
    {
        _cloud.Catalog = catalog => catalog.Parent!.AsObject().Remove("catalog");
        using OpenStackConnection connection = _cloud.Open();
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.Equal("the catalogue has no service of type 'placement'; it has nothing at all", e.Detail);
    }
}
