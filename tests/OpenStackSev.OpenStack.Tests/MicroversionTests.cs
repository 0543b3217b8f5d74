using System.Net;
using OpenStackSev.OpenStack.Tests.Fakes;
using OpenStackSev.OpenStack.Tests.Keystone;

namespace OpenStackSev.OpenStack.Tests;

public sealed class MicroversionTests : IDisposable
{
    private const string Providers = FakeCloud.Placement + "/resource_providers";
    private readonly FakeCloud _cloud = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _cloud.Dispose();

    [Fact]
    public async Task It_is_agreed_once_and_sent_with_every_request()
    {
        _cloud.Answer("GET", Providers, Sample.Of("pl_resource_providers"));
        using OpenStackConnection connection = _cloud.Open();
        for (int i = 0; i < 3; i++)
            await connection.Placement.ListResourceProvidersAsync(ct: Ct);
        Assert.Single(_cloud.Asked(FakeCloud.Placement + "/"));
        Assert.Equal(3, _cloud.Asked(Providers).Count);
        Assert.All(_cloud.Asked(Providers), request => Assert.Equal("placement 1.39", FakeCloud.Header(request, "OpenStack-API-Version")));
    }

    [Fact]
    public async Task It_is_the_newest_of_2026_2()
    {
        using OpenStackConnection connection = _cloud.Open();
        Assert.Equal(new Microversion(1, 39), await connection.MicroversionAsync(ServiceType.Placement, Ct));
        Assert.Equal(new Microversion(2, 104), await connection.MicroversionAsync(ServiceType.Compute, Ct));
        Assert.Null(await connection.MicroversionAsync(ServiceType.Image, Ct));
    }

    /// <remarks>Nova's and Placement's version documents of Zed (26.x, 8.x).</remarks>
    [Fact]
    public async Task It_is_the_older_one_of_Zed()
    {
        _cloud.Answer("GET", FakeCloud.Placement + "/", 200, Placement("1.0", "1.39"));
        _cloud.Answer("GET", FakeCloud.Compute + "/", 200, Nova("2.1", "2.93"));
        _cloud.Answer("GET", FakeCloud.Compute + "/os-services", Sample.Of("nova_services"));
        using OpenStackConnection connection = _cloud.Open();
        await connection.Nova.ListServicesAsync(ct: Ct);
        Assert.Equal("compute 2.93", FakeCloud.Header(_cloud.Asked(FakeCloud.Compute + "/os-services")[0], "OpenStack-API-Version"));
        Assert.Equal(new Microversion(1, 39), await connection.MicroversionAsync(ServiceType.Placement, Ct));
    }

    [Theory]
    [InlineData("2.1", "2.120", "2.104")]
    [InlineData("2.1", "2.53", "2.53")]
    [InlineData("2.104", "2.110", "2.104")]
    public async Task It_is_the_highest_that_both_speak(string minimum, string maximum, string expected)
    {
        _cloud.Answer("GET", FakeCloud.Compute + "/", 200, Nova(minimum, maximum));
        using OpenStackConnection connection = _cloud.Open();
        Assert.Equal(expected, (await connection.MicroversionAsync(ServiceType.Compute, Ct)).ToString());
    }

    [Theory]
    [InlineData("2.1", "2.52")]
    [InlineData("2.105", "2.110")]
    public async Task Without_one_in_common_both_ranges_are_said(string minimum, string maximum)
    {
        _cloud.Answer("GET", FakeCloud.Compute + "/", 200, Nova(minimum, maximum), new Dictionary<string, string> { ["x-compute-request-id"] = "req-v" });
        using OpenStackConnection connection = _cloud.Open();
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Nova.ListServicesAsync(ct: Ct));
        Assert.Equal(("compute", OpenStackCodes.IncompatibleMicroversion, "req-v", false), (e.Service, e.Code, e.RequestId, e.IsTransient));
        Assert.Equal($"it speaks {minimum} to {maximum}, this program 2.53 to 2.104", e.Detail);
        Assert.Empty(_cloud.Asked(FakeCloud.Compute + "/os-services"));
    }

    [Theory]
    [InlineData("/" + FakeCloud.Project)]
    [InlineData("/" + FakeCloud.Project + "/")]
    [InlineData("/")]
    [InlineData("")]
    public async Task Novas_endpoint_may_end_in_the_project(string suffix)
    {
        _cloud.Catalog = catalog => CatalogTests.Endpoint(catalog, "compute")["url"] = _cloud.Url + FakeCloud.Compute + suffix;
        string services = FakeCloud.Compute + suffix.TrimEnd('/') + "/os-services";
        _cloud.Answer("GET", services, Sample.Of("nova_services"));
        using OpenStackConnection connection = _cloud.Open();
        Assert.NotEmpty((await connection.Nova.ListServicesAsync(ct: Ct)).Services);
        Assert.Single(_cloud.Asked(FakeCloud.Compute + "/"));
        Assert.Single(_cloud.Asked(services));
    }

    [Fact]
    public async Task An_override_for_Nova_may_lack_the_version()
    {
        _cloud.Answer("GET", FakeCloud.Compute + "/os-services", Sample.Of("nova_services"));
        var settings = _cloud.Settings with { EndpointOverrides = new Dictionary<string, Uri> { ["compute"] = new(_cloud.Url + "/compute") } };
        using OpenStackConnection connection = _cloud.Open(settings: settings);
        Assert.NotEmpty((await connection.Nova.ListServicesAsync(ct: Ct)).Services);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("not JSON")]
    [InlineData("{\"versions\":[{\"min_version\":\"\",\"version\":\"\"}]}")]
    [InlineData("{\"versions\":[{\"min_version\":\"1.0\",\"max_version\":\"latest\"}]}")]
    [InlineData("{\"versions\":[{\"min_version\":\"1.0\",\"max_version\":\"\\ud800\"}]}")]
    public async Task A_document_without_microversions_is_an_error(string body)
    {
        _cloud.Answer("GET", FakeCloud.Placement + "/", 200, body);
        using OpenStackConnection connection = _cloud.Open();
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.Equal((OpenStackCodes.IncompatibleMicroversion, "its version document names no microversions"), (e.Code, e.Detail));
        Assert.Equal($"GET {_cloud.Url}{FakeCloud.Placement}/", e.Request);
    }

    [Fact]
    public async Task A_document_may_come_with_300_and_list_older_versions_too()
    {
        _cloud.Answer("GET", FakeCloud.Placement + "/", 300, """
            {"versions":[{"id":"v0","min_version":"","version":""},{"id":"v1.0","min_version":"1.0","max_version":"1.38"}]}
            """);
        using OpenStackConnection connection = _cloud.Open();
        Assert.Equal(new Microversion(1, 38), await connection.MicroversionAsync(ServiceType.Placement, Ct));
    }

    [Fact]
    public async Task A_failure_to_agree_is_not_kept()
    {
        _cloud.Answer("GET", FakeCloud.Placement + "/", _ => FakeCloud.Respond(503), _ => FakeCloud.Respond(200, Placement("1.0", "1.39")));
        using OpenStackConnection connection = _cloud.Open();
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.MicroversionAsync(ServiceType.Placement, Ct));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (e.Status, e.IsTransient));
        Assert.NotNull(await connection.MicroversionAsync(ServiceType.Placement, Ct));
    }

    [Fact]
    public async Task A_service_that_became_older_is_asked_again_after_its_406()
    {
        const string providers = FakeCloud.Placement + "/resource_providers";
        _cloud.Answer("GET", FakeCloud.Placement + "/",
            _ => FakeCloud.Respond(200, Placement("1.0", "1.39")), _ => FakeCloud.Respond(200, Placement("1.0", "1.37")));
        _cloud.Answer("GET", providers, request => FakeCloud.Header(request, "OpenStack-API-Version") == "placement 1.37"
            ? FakeCloud.Respond(200, Sample.Of("pl_resource_providers").Body)
            : FakeCloud.Respond(406, """{"errors":[{"detail":"Unacceptable version header: 1.39"}]}"""));
        using OpenStackConnection connection = _cloud.Open();
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.Equal(HttpStatusCode.NotAcceptable, e.Status);
        Assert.NotEmpty((await connection.Placement.ListResourceProvidersAsync(ct: Ct)).ResourceProviders);
    }

    [Theory]
    [InlineData("1.9", "1.10", -1)]
    [InlineData("2.0", "1.99", 1)]
    [InlineData("1.39", "1.39", 0)]
    public void Microversions_compare_as_numbers(string left, string right, int expected)
    {
        Assert.True(Microversion.TryParse(left, out Microversion a) & Microversion.TryParse(right, out Microversion b));
        Assert.Equal(expected, a.CompareTo(b));
        bool[] operators = [a < b, a > b, a <= b, a >= b];
        Assert.Equal([expected < 0, expected > 0, expected <= 0, expected >= 0], operators);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1.x")]
    [InlineData("-1.2")]
    [InlineData("1.2.3")]
    [InlineData("1.99999999999")]
    public void What_is_no_microversion_is_not_read_as_one(string? text) => Assert.False(Microversion.TryParse(text, out _));

    private static string Placement(string minimum, string maximum) =>
        $$"""{"versions":[{"id":"v1.0","max_version":"{{maximum}}","min_version":"{{minimum}}","status":"CURRENT","links":[{"rel":"self","href":""}]}]}""";

    private static string Nova(string minimum, string maximum) => Sample.Of("nova_versions").Body
        .Replace("\"2.104\"", $"\"{maximum}\"", StringComparison.Ordinal).Replace("\"2.1\"", $"\"{minimum}\"", StringComparison.Ordinal);
}
