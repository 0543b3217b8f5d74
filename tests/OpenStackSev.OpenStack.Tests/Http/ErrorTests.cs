using System.Net;
using System.Text;
using OpenStackSev.OpenStack.Placement;
using OpenStackSev.OpenStack.Tests.Fakes;

namespace OpenStackSev.OpenStack.Tests.Http;

public sealed class ErrorTests : IDisposable
{
    private const string Providers = FakeCloud.Placement + "/resource_providers";
    private static readonly Guid Node = Guid.Parse("056c095b-6532-59c6-8e97-730926c6df3f");
    private readonly FakeCloud _cloud = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _cloud.Dispose();

    [Fact]
    public async Task A_lost_race_for_a_generation_is_transient()
    {
        string path = $"{Providers}/{Node}/inventories";
        _cloud.Answer("PUT", path, Sample.Of("pl_409_generation_conflict_inventories"));
        using OpenStackConnection connection = _cloud.Open();
        var e = await Assert.ThrowsAsync<OpenStackApiException>(
            () => connection.Placement.ReplaceInventoriesAsync(Node, new ProviderInventories(0, new Dictionary<string, Inventory>()), Ct));
        Assert.Equal(("placement", HttpStatusCode.Conflict, "placement.concurrent_update", true), (e.Service, e.Status, e.Code, e.IsTransient));
        Assert.Equal("req-3c80be44-ccc1-454f-b6ba-dac066bfd7ae", e.RequestId);
        Assert.Equal("There was a conflict when trying to complete your request.   resource provider generation conflict", e.Detail);
        Assert.Equal($"placement 409 placement.concurrent_update: {e.Detail} (PUT {_cloud.Url}{path}, request {e.RequestId})", e.Message);
    }

    [Fact]
    public async Task An_inventory_in_use_is_not_transient()
    {
        OpenStackApiException e = await Answered(409, """
            {"errors":[{"status":409,"title":"Conflict","detail":"Unable to delete inventory","code":"placement.inventory.inuse","request_id":"req-7"}]}
            """);
        Assert.Equal(("placement.inventory.inuse", "req-7", false), (e.Code, e.RequestId, e.IsTransient));
    }

    [Fact]
    public async Task An_undefined_code_is_kept_but_not_shown()
    {
        OpenStackApiException e = await Answered(404, """{"errors":[{"title":"Not Found","detail":"gone","code":"placement.undefined_code"}]}""");
        Assert.Equal("placement.undefined_code", e.Code);
        Assert.StartsWith("placement 404: gone (GET ", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_Nova_says()
    {
        Sample sample = Sample.Of("server_create_400_plain");
        _cloud.Answer("GET", FakeCloud.Compute + "/servers/detail", sample);
        using OpenStackConnection connection = _cloud.Open();
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Nova.ListServersAsync(ct: Ct));
        Assert.Equal(("compute", HttpStatusCode.BadRequest, "badRequest", sample.Headers["x-openstack-request-id"]), (e.Service, e.Status, e.Code, e.RequestId));
        Assert.StartsWith("Memory encryption is requested by hw:mem_encryption", e.Detail, StringComparison.Ordinal);
        Assert.False(e.IsTransient);
    }

    [Fact]
    public async Task What_Keystone_says()
    {
        _cloud.Answer("POST", "/identity/v3/auth/tokens", 401,
            """{"error":{"code":401,"message":"The request you have made requires authentication.","title":"Unauthorized"}}""",
            new Dictionary<string, string> { ["x-openstack-request-id"] = "req-k" });
        using OpenStackConnection connection = _cloud.Open();
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.Equal(("identity", HttpStatusCode.Unauthorized, null, "req-k", false), (e.Service, e.Status, e.Code, e.RequestId, e.IsTransient));
        Assert.Equal("The request you have made requires authentication.", e.Detail);
        Assert.Equal(1, connection.RequestCount);
    }

    [Fact]
    public async Task What_Glance_says_in_HTML()
    {
        _cloud.Answer("GET", $"{FakeCloud.Image}/v2/images/{Node}", 404, """
            <html>
             <head><title>404 Not Found</title></head>
             <body><h1>404 Not Found</h1>No image found with ID &#x27;x&#x27;<br /><br /></body>
            </html>
            """, new Dictionary<string, string> { ["Content-Type"] = "text/html; charset=UTF-8" });
        using OpenStackConnection connection = _cloud.Open();
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Glance.GetImageAsync(Node, Ct));
        Assert.Equal(("image", HttpStatusCode.NotFound, "404 Not Found 404 Not Found No image found with ID 'x'"), (e.Service, e.Status, e.Detail));
    }

    [Theory]
    [InlineData("", "Not Found")]
    [InlineData("   ", "Not Found")]
    [InlineData("just text\nin two lines", "just text in two lines")]
    [InlineData("[]", "Not Found")]
    [InlineData("{}", "Not Found")]
    [InlineData("null", "Not Found")]
    [InlineData("{\"message\":\"plain\"}", "plain")]
    [InlineData("{\"errors\":[]}", "Not Found")]
    [InlineData("{\"errors\":[17]}", "Not Found")]
    [InlineData("{\"errors\":\"no\"}", "Not Found")]
    [InlineData("{\"message\":{\"message\":5}}", "Not Found")]
    [InlineData("{\"message\":", "{\"message\":")]
    [InlineData("{\"message\":\"\\ud800\"}", "{\"message\":\"\\ud800\"}")]
    public async Task Whatever_the_body_is_there_is_a_detail(string body, string detail)
    {
        OpenStackApiException e = await Answered(404, body);
        Assert.Equal((HttpStatusCode.NotFound, detail), (e.Status, e.Detail));
    }

    [Fact]
    public async Task A_body_that_is_not_UTF8_is_an_error_all_the_same()
    {
        OpenStackApiException e = await Answered(400, [.. "{\"message\":\""u8, 0xff, 0xfe, .. "\"}"u8]);
        Assert.Equal(HttpStatusCode.BadRequest, e.Status);
        Assert.Contains("message", e.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deep_nesting_is_an_error_all_the_same()
    {
        OpenStackApiException e = await Answered(400, new string('[', 5000));
        Assert.Equal(HttpStatusCode.BadRequest, e.Status);
    }

    [Fact]
    public async Task A_giant_error_keeps_its_status_and_is_cut()
    {
        _cloud.Answer("GET", Providers, 503, new string('x', 5_000_000));
        using OpenStackConnection connection = _cloud.Open(_cloud.Options with { MaximumResponseBytes = 100_000 });
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (e.Status, e.IsTransient));
        Assert.InRange(e.Message.Length, 500, 1000);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("<html>log in first</html>")]
    [InlineData("{\"resource_providers\":null}")]
    [InlineData("{\"resource_providers\":{}}")]
    [InlineData("{\"resource_providers\":[{\"uuid\":\"no-uuid\"}]}")]
    [InlineData("{\"resource_providers\":[{\"name\":\"no uuid\"}]}")]
    [InlineData("{\"resource_providers\":[],\"resource_")]
    [InlineData("{\"resource_providers\":[{\"name\":\"\\ud800\"}]}")]
    public async Task A_good_status_with_another_body_is_a_malformed_answer(string body)
    {
        OpenStackApiException e = await Answered(200, body);
        Assert.Equal(("placement", HttpStatusCode.OK, OpenStackCodes.MalformedAnswer, "req-9", false),
            (e.Service, e.Status, e.Code, e.RequestId, e.IsTransient));
        Assert.StartsWith($"placement 200 malformed_answer: the answer is not what this request gets: ", e.Message, StringComparison.Ordinal);
        Assert.EndsWith($" (GET {_cloud.Url}{Providers}, request req-9)", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_good_status_with_a_body_that_is_not_UTF8_is_a_malformed_answer()
    {
        OpenStackApiException e = await Answered(200, [.. "{\"resource_providers\":[{\"name\":\""u8, 0xff, .. "\"}]}"u8]);
        Assert.Equal(OpenStackCodes.MalformedAnswer, e.Code);
    }

    [Fact]
    public async Task Another_charset_in_the_header_changes_nothing()
    {
        Sample sample = Sample.Of("pl_resource_providers");
        _cloud.Answer("GET", Providers, 200, sample.Body, new Dictionary<string, string> { ["Content-Type"] = "application/json; charset=klingon" });
        using OpenStackConnection connection = _cloud.Open();
        Assert.NotEmpty((await connection.Placement.ListResourceProvidersAsync(ct: Ct)).ResourceProviders);
    }

    [Fact]
    public async Task An_answer_over_the_limit_is_refused()
    {
        _cloud.Answer("GET", Providers, 200, "{\"resource_providers\":[]" + new string(' ', 200_000) + "}",
            new Dictionary<string, string> { ["x-openstack-request-id"] = "req-8" });
        using OpenStackConnection connection = _cloud.Open(_cloud.Options with { MaximumResponseBytes = 100_000, Retries = 2 });
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.Equal((HttpStatusCode.OK, OpenStackCodes.AnswerTooLarge, "req-8", false), (e.Status, e.Code, e.RequestId, e.IsTransient));
        Assert.Equal("the answer is larger than 100000 bytes", e.Detail);
        Assert.Single(_cloud.Asked(Providers));
    }

    [Fact]
    public async Task A_redirection_is_not_followed_but_told()
    {
        _cloud.Answer("GET", Providers, 301, "", new Dictionary<string, string> { ["Location"] = "https://elsewhere.example/placement?x=1" });
        using OpenStackConnection connection = _cloud.Open();
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.Equal((HttpStatusCode.MovedPermanently, "it redirects to https://elsewhere.example/placement"), (e.Status, e.Detail));
    }

    [Theory]
    [InlineData("//")]
    [InlineData("///")]
    [InlineData("//[")]
    public async Task A_redirection_to_nowhere_is_an_error_all_the_same(string location)
    {
        _cloud.Answer("GET", Providers, 302, "", new Dictionary<string, string> { ["Location"] = location });
        using OpenStackConnection connection = _cloud.Open();
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.Equal((HttpStatusCode.Found, "it redirects to what is no URL"), (e.Status, e.Detail));
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("deflate")]
    [InlineData("br")]
    public async Task An_answer_that_does_not_decompress_is_as_good_as_none(string coding)
    {
        _cloud.Answer("GET", Providers, 200, "not compressed at all", new Dictionary<string, string> { ["Content-Encoding"] = coding });
        using OpenStackConnection connection = _cloud.Open(_cloud.Options with { Retries = 1 });
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.Equal(("placement", null, "the answer does not decompress", true), (e.Service, e.Status, e.Detail, e.IsTransient));
        Assert.Equal(2, _cloud.Asked(Providers).Count);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task An_error_that_does_not_decompress_keeps_its_status(string coding)
    {
        _cloud.Answer("GET", Providers, 403, "not compressed at all", new Dictionary<string, string> { ["Content-Encoding"] = coding });
        using OpenStackConnection connection = _cloud.Open();
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.Equal((HttpStatusCode.Forbidden, false), (e.Status, e.IsTransient));
    }

    [Fact]
    public async Task A_code_and_a_request_id_are_one_line_bounded_and_without_secrets()
    {
        _cloud.Answer("GET", Providers, request =>
        {
            string said = $"a\\nb {FakeCloud.Header(request, "X-Auth-Token")} {new string('x', 5000)}";
            return FakeCloud.Respond(400, $$$"""{"errors":[{"code":"{{{said}}}","detail":"no","request_id":"{{{said}}}"}]}""");
        });
        using OpenStackConnection connection = _cloud.Open();
        var e = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
        Assert.StartsWith("placement 400 a b *** xxx", e.Message, StringComparison.Ordinal);
        Assert.InRange(e.Message.Length, 1, 500);
        Assert.Equal((101, 65), (e.Code!.Length, e.RequestId!.Length));
    }

    [Fact]
    public async Task A_long_request_id_is_cut()
    {
        OpenStackApiException e = await Answered(400, "{}"u8.ToArray(), new string('r', 1000));
        Assert.Equal(64, e.RequestId!.Length);
    }

    [Fact]
    public async Task Our_request_id_goes_to_every_service()
    {
        _cloud.Answer("GET", Providers, Sample.Of("pl_resource_providers"));
        using OpenStackConnection connection = _cloud.Open(_cloud.Options with { GlobalRequestId = "req-11111111-2222-3333-4444-555555555555" });
        await connection.Placement.ListResourceProvidersAsync(ct: Ct);
        Assert.Equal(3, _cloud.Asked().Count);
        Assert.All(_cloud.Asked(), request =>
        {
            Assert.Equal("req-11111111-2222-3333-4444-555555555555", FakeCloud.Header(request, "X-Openstack-Request-Id"));
            Assert.StartsWith("openstacksev/", FakeCloud.Header(request, "User-Agent"), StringComparison.Ordinal);
        });
    }

    private Task<OpenStackApiException> Answered(int status, string body) => Answered(status, Encoding.UTF8.GetBytes(body));

    private async Task<OpenStackApiException> Answered(int status, byte[] body, string requestId = "req-9")
    {
        var headers = body.AsSpan().IndexOf("request_id"u8) >= 0
            ? new Dictionary<string, string>()
            : new Dictionary<string, string> { ["X-Openstack-Request-Id"] = requestId };
        _cloud.Answer("GET", Providers, _ => FakeCloud.Respond(status, body, headers));
        using OpenStackConnection connection = _cloud.Open();
        return await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Placement.ListResourceProvidersAsync(ct: Ct));
    }
}
