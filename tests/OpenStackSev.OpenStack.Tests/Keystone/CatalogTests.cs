using System.Text.Json.Nodes;
using OpenStackSev.OpenStack.Keystone;
using OpenStackSev.OpenStack.Tests.Fakes;

namespace OpenStackSev.OpenStack.Tests.Keystone;

public sealed class CatalogTests
{
    private static readonly CloudSettings s_cloud = new() { Name = "c", AuthType = CloudAuthType.Token, AuthUrl = new Uri("http://k/v3"), Token = "t" };

    private static readonly TokenBody s_token = new()
    {
        ExpiresAt = DateTimeOffset.MaxValue,
        User = new TokenUser("u", "u"),
        Catalog =
        [
            new CatalogService("compute",
            [
                new CatalogEndpoint("admin", "http://a/v2.1", "one", "one"),
                new CatalogEndpoint("public", "http://p1/v2.1", "one", "one"),
                new CatalogEndpoint("public", "http://p2/v2.1", "two", "two"),
                new CatalogEndpoint("internal", "http://i2/v2.1", Region: "two"),
            ]),
            new CatalogService("glance", [new CatalogEndpoint("public", "https://images/", "one")]),
            new CatalogService("placement", [new CatalogEndpoint("public", "placement.example", "one"), new CatalogEndpoint("internal", null, "one")]),
        ],
    };

    [Theory]
    [InlineData(null, "public", "http://p1/v2.1")]
    [InlineData("one", "admin", "http://a/v2.1")]
    [InlineData("two", "public", "http://p2/v2.1")]
    [InlineData("two", "internal", "http://i2/v2.1")]
    [InlineData(null, "internal", "http://i2/v2.1")]
    public void An_endpoint_is_found_by_region_and_interface(string? region, string @interface, string expected) =>
        Assert.Equal(new Uri(expected), ServiceCatalog.Find(s_token, ServiceType.Compute, s_cloud with { RegionName = region, Interface = @interface }));

    [Fact]
    public void An_endpoint_is_found_by_an_older_type() =>
        Assert.Equal(new Uri("https://images/"), ServiceCatalog.Find(s_token, ServiceType.Image, s_cloud));

    [Theory]
    [InlineData("compute", "three", "public", "service 'compute' has no endpoint in region 'three'; it has one, two")]
    [InlineData("compute", "one", "internal", "service 'compute' has no internal endpoint in region 'one'; it has admin, public")]
    [InlineData("image", null, "internal", "service 'image' has no internal endpoint; it has public")]
    [InlineData("placement", null, "public", "the public endpoint of service 'placement' is no HTTP URL")]
    [InlineData("placement", null, "internal", "the internal endpoint of service 'placement' is no HTTP URL")]
    [InlineData("network", null, "public", "the catalogue has no service of type 'network'; it has compute, glance, placement")]
    public void What_is_missing_is_said_with_what_there_is(string type, string? region, string @interface, string expected)
    {
        ServiceType service = type switch
        {
            "compute" => ServiceType.Compute,
            "image" => ServiceType.Image,
            "placement" => ServiceType.Placement,
            _ => new ServiceType(type, [], null, null),
        };
        var e = Assert.Throws<OpenStackApiException>(() => ServiceCatalog.Find(s_token, service, s_cloud with { RegionName = region, Interface = @interface }));
        Assert.Equal(expected, e.Detail);
        Assert.Equal((type, null, OpenStackCodes.EndpointNotFound, false), (e.Service, e.Status, e.Code, e.IsTransient));
        Assert.Equal($"{type} endpoint_not_found: {expected} (catalogue of http://k/v3)", e.Message);
    }

    [Fact]
    public async Task An_override_goes_before_the_catalogue()
    {
        using var cloud = new FakeCloud { Catalog = catalog => catalog.Clear() };
        cloud.Answer("GET", "/elsewhere/", Sample.Of("placement_root"));
        cloud.Answer("GET", "/elsewhere/resource_providers", Sample.Of("pl_resource_providers"));
        var settings = cloud.Settings with { EndpointOverrides = new Dictionary<string, Uri> { ["placement"] = new(cloud.Url + "/elsewhere/") } };
        using OpenStackConnection connection = cloud.Open(settings: settings);
        Assert.NotEmpty((await connection.Placement.ListResourceProvidersAsync(ct: TestContext.Current.CancellationToken)).ResourceProviders);
    }

    [Fact]
    public void Empty_entries_are_passed_over()
    {
        CatalogService[] catalog = [null!, .. s_token.Catalog.Select(service => service with { Endpoints = [null!, .. service.Endpoints] })];
        TokenBody token = s_token with { Catalog = catalog };
        Assert.Equal(ServiceCatalog.Find(s_token, ServiceType.Image, s_cloud), ServiceCatalog.Find(token, ServiceType.Image, s_cloud));
        var metering = new ServiceType("metering", [], null, null);
        Assert.Throws<OpenStackApiException>(() => ServiceCatalog.Find(token, metering, s_cloud));
        Assert.Throws<OpenStackApiException>(() => ServiceCatalog.Find(token, ServiceType.Image, s_cloud with { RegionName = "nowhere" }));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("/v2")]
    [InlineData("/v2/")]
    public async Task Glance_may_be_registered_with_its_version(string suffix)
    {
        using var cloud = new FakeCloud();
        cloud.Catalog = catalog => Endpoint(catalog, "image")["url"] = cloud.Url + FakeCloud.Image + suffix;
        cloud.Answer("GET", FakeCloud.Image + "/v2/images", Sample.Of("glance_images"));
        using OpenStackConnection connection = cloud.Open();
        Assert.NotEmpty((await connection.Glance.ListImagesAsync(ct: TestContext.Current.CancellationToken)).Images);
        Assert.Null(FakeCloud.Header(cloud.Asked(FakeCloud.Image + "/v2/images")[0], "OpenStack-API-Version"));
    }

    internal static JsonNode Endpoint(JsonArray catalog, string type) =>
        catalog.Single(service => service!["type"]!.GetValue<string>() == type)!["endpoints"]!.AsArray()
            .Single(endpoint => endpoint!["interface"]!.GetValue<string>() == "public")!;
}
