using System.Globalization;
using System.Net;
using OpenStackSev.OpenStack.Placement;
using OpenStackSev.OpenStack.Tests.Fakes;

namespace OpenStackSev.OpenStack.Tests.Http;

public sealed class RetryTests : IDisposable
{
    private const string Providers = FakeCloud.Placement + "/resource_providers";
    private static readonly Guid Node = Guid.Parse("056c095b-6532-59c6-8e97-730926c6df3f");
    private static readonly string Traits = $"{Providers}/{Node}/traits";
    private readonly FakeCloud _cloud = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _cloud.Dispose();

    [Theory]
    [InlineData(502)]
    [InlineData(503)]
    [InlineData(504)]
    [InlineData(429)]
    public async Task Reading_is_repeated_after_a_passing_failure(int status)
    {
        _cloud.Answer("GET", Providers, Failing(status), Failing(status), Good("pl_resource_providers"));
        using OpenStackConnection connection = Open(retries: 2);
        Assert.NotEmpty((await connection.Placement.ListResourceProvidersAsync(ct: Ct)).ResourceProviders);
        Assert.Equal(3, _cloud.Asked(Providers).Count);
        // A token, a version document and three attempts.
        Assert.Equal(5, connection.RequestCount);
    }

    [Theory]
    [InlineData(502)]
    [InlineData(503)]
    public async Task A_replacement_is_repeated_with_its_whole_body(int status)
    {
        _cloud.Answer("PUT", Traits, Failing(status), Good("pl_put_traits"));
        using OpenStackConnection connection = Open(retries: 2);
        await connection.Placement.ReplaceTraitsAsync(Node, new ProviderTraits(1, ["CUSTOM_SEV_SNP"]), Ct);
        Assert.All(_cloud.Asked(Traits), request => Assert.Equal("""{"resource_provider_generation":1,"traits":["CUSTOM_SEV_SNP"]}""", request.Body));
        Assert.Equal(2, _cloud.Asked(Traits).Count);
    }

    [Fact]
    public async Task The_last_failure_is_the_one_that_is_told()
    {
        _cloud.Answer("GET", Providers, 503, "nobody is here", new Dictionary<string, string> { ["x-openstack-request-id"] = "req-1" });
        using OpenStackConnection connection = Open(retries: 2);
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "nobody is here", "req-1", true), (e.Status, e.Detail, e.RequestId, e.IsTransient));
        Assert.Equal(3, _cloud.Asked(Providers).Count);
        Assert.Equal(2, _cloud.Time.Waits.Count);
        Assert.All(_cloud.Time.Waits, wait => Assert.InRange(wait, TimeSpan.FromMilliseconds(1), TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task Waits_are_not_the_same_for_everybody()
    {
        _cloud.Answer("GET", Providers, 503);
        using OpenStackConnection connection = Open(retries: 1);
        for (int i = 0; i < 5; i++)
            await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.True(_cloud.Time.Waits.Distinct().Count() > 1);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(409)]
    [InlineData(500)]
    public async Task A_decided_answer_is_not_asked_for_again(int status)
    {
        _cloud.Answer("PUT", Traits, status);
        using OpenStackConnection connection = Open(retries: 2);
        var e = await Assert.ThrowsAsync<OpenStackApiException>(
            () => connection.Placement.ReplaceTraitsAsync(Node, new ProviderTraits(1, []), Ct));
        Assert.Equal(status, (int?)e.Status);
        Assert.Single(_cloud.Asked(Traits));
        Assert.Empty(_cloud.Time.Waits);
    }

    [Theory]
    [InlineData(502, 1)]
    [InlineData(504, 1)]
    [InlineData(503, 2)]
    [InlineData(429, 2)]
    public async Task A_creation_is_repeated_only_when_nothing_can_have_come_of_it(int status, int attempts)
    {
        _cloud.Answer("POST", Providers, Failing(status), Good("pl_create_nested_rp"));
        using OpenStackConnection connection = Open(retries: 2);
        Task creation = connection.Placement.CreateResourceProviderAsync(new NewResourceProvider("cn1_cc_snp", Guid.NewGuid(), Node), Ct);
        if (attempts == 1)
            await Assert.ThrowsAsync<OpenStackApiException>(() => creation);
        else
            await creation;
        Assert.Equal(attempts, _cloud.Asked(Providers, "POST").Count);
    }

    [Fact]
    public async Task Retry_After_is_obeyed()
    {
        _cloud.Answer("GET", Providers, Failing(429, ("Retry-After", "17")), Good("pl_resource_providers"));
        using OpenStackConnection connection = Open(retries: 1);
        await connection.Placement.ListResourceProvidersAsync(ct: Ct);
        Assert.Equal([TimeSpan.FromSeconds(17)], _cloud.Time.Waits);
    }

    [Fact]
    public async Task Retry_After_may_be_a_date()
    {
        string date = (FakeCloud.Start + TimeSpan.FromSeconds(23)).ToString("R", CultureInfo.InvariantCulture);
        _cloud.Answer("GET", Providers, Failing(503, ("Retry-After", date)), Good("pl_resource_providers"));
        using OpenStackConnection connection = Open(retries: 1);
        await connection.Placement.ListResourceProvidersAsync(ct: Ct);
        Assert.Equal([TimeSpan.FromSeconds(23)], _cloud.Time.Waits);
    }

    [Theory]
    [InlineData("3600", 1)]
    [InlineData("50", 2)]
    public async Task A_service_that_asks_for_more_time_than_there_is_keeps_its_answer(string seconds, int attempts)
    {
        _cloud.Answer("GET", Providers, Failing(429, ("Retry-After", seconds)));
        using OpenStackConnection connection = _cloud.Open(_cloud.Options with { Retries = 5, TotalTimeout = TimeSpan.FromSeconds(90) });
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.Equal(HttpStatusCode.TooManyRequests, e.Status);
        Assert.Equal(attempts, _cloud.Asked(Providers).Count);
    }

    [Fact]
    public async Task Zero_retries_is_one_attempt()
    {
        _cloud.Answer("GET", Providers, 503);
        using OpenStackConnection connection = Open(retries: 0);
        await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.Single(_cloud.Asked(Providers));
    }

    [Fact]
    public async Task Keystone_is_asked_again_too()
    {
        _cloud.Answer("POST", "/identity/v3/auth/tokens", Failing(503), _ => _cloud.IssueToken());
        using OpenStackConnection connection = Open(retries: 1);
        await connection.TokenAsync(Ct);
        Assert.Equal(2, connection.RequestCount);
    }

    private OpenStackConnection Open(int retries) => _cloud.Open(_cloud.Options with { Retries = retries });

    private static Func<WireMock.IRequestMessage, WireMock.ResponseMessage> Failing(int status, params (string Name, string Value)[] headers) =>
        _ => FakeCloud.Respond(status, "", headers.ToDictionary(header => header.Name, header => header.Value));

    private static Func<WireMock.IRequestMessage, WireMock.ResponseMessage> Good(string sample)
    {
        var answer = Sample.Of(sample);
        return _ => FakeCloud.Respond(answer.Status, answer.Body, answer.Headers);
    }
}
