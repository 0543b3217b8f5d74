using System.Text.Json;
using System.Text.Json.Nodes;
using OpenStackSev.OpenStack.Nova;
using OpenStackSev.OpenStack.Tests.Fakes;

namespace OpenStackSev.OpenStack.Tests.Nova;

public sealed class PageTests : IDisposable
{
    private const string Servers = FakeCloud.Compute + "/servers/detail";
    private const string Flavors = FakeCloud.Compute + "/flavors/detail";
    private readonly FakeCloud _cloud = new();
    private readonly OpenStackConnection _connection;

    public PageTests() => _connection = _cloud.Open();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _connection.Dispose();
        _cloud.Dispose();
    }

    [Fact]
    public async Task All_servers_come_page_by_page()
    {
        AnswerInPages(Servers, "servers", Sample.Of("servers_detail_all_tenants").Json["servers"]!.AsArray(), pageSize: 5);
        List<Server> servers = await _connection.Nova.AllServersAsync(allTenants: true, host: "cn1", pageSize: 5, ct: Ct).ToListAsync(Ct);
        Assert.Equal(18, servers.Select(server => server.Id).Distinct().Count());
        Assert.Equal(4, _cloud.Asked(Servers).Count);
        Assert.Equal("?all_tenants=True&host=cn1&limit=5", Query(0));
        Assert.Equal($"?all_tenants=True&host=cn1&limit=5&marker={servers[4].Id}", Query(1));
    }

    [Fact]
    public async Task Changes_since_a_time_come_page_by_page_in_Novas_own_time()
    {
        AnswerInPages(Servers, "servers", Sample.Of("servers_detail_all_tenants").Json["servers"]!.AsArray(), pageSize: 10);
        var since = new DateTimeOffset(2026, 11, 25, 13, 0, 0, 500, TimeSpan.FromHours(1));
        Assert.Equal(18, await _connection.Nova.AllServersAsync(allTenants: true, pageSize: 10, changesSince: since, ct: Ct).CountAsync(Ct));
        Assert.Equal(2, _cloud.Asked(Servers).Count);
        Assert.Equal("?all_tenants=True&changes-since=2026-11-25T12%3A00%3A00Z&limit=10", Query(0));
        Assert.StartsWith("?all_tenants=True&changes-since=2026-11-25T12%3A00%3A00Z&limit=10&marker=", Query(1), StringComparison.Ordinal);
    }

    [Fact]
    public async Task All_flavors_come_page_by_page()
    {
        JsonNode flavor = Sample.Of("flavors_detail").Json["flavors"]![0]!;
        var many = new JsonArray([.. Enumerable.Range(0, 7).Select(i =>
        {
            JsonNode one = flavor.DeepClone();
            one["id"] = "flavor " + i;
            return one;
        })]);
        AnswerInPages(Flavors, "flavors", many, pageSize: 3);
        List<Flavor> flavors = await _connection.Nova.AllFlavorsAsync(ct: Ct).ToListAsync(Ct);
        Assert.Equal(["flavor 0", "flavor 1", "flavor 2", "flavor 3", "flavor 4", "flavor 5", "flavor 6"], flavors.Select(one => one.Id));
        Assert.Equal("?is_public=None&marker=flavor%202", new Uri(_cloud.Asked(Flavors)[1].AbsoluteUrl).Query);
    }

    [Fact]
    public async Task Flavors_also_come_as_Nova_wrote_them()
    {
        var many = new JsonArray([.. Enumerable.Range(0, 4).Select(i => new JsonObject { ["id"] = "f" + i, ["extra_specs"] = new JsonObject { ["n"] = i } })]);
        AnswerInPages(Flavors, "flavors", many, pageSize: 2);
        List<JsonElement> flavors = await _connection.Nova.AllFlavorBodiesAsync(ct: Ct).ToListAsync(Ct);
        Assert.Equal([0, 1, 2, 3], flavors.Select(one => one.GetProperty("extra_specs").GetProperty("n").GetInt32()));
        Assert.Equal("?is_public=None&marker=f1", new Uri(_cloud.Asked(Flavors)[1].AbsoluteUrl).Query);
    }

    [Theory, InlineData("{}"), InlineData("[]"), InlineData("""{"id":7}"""), InlineData("""{"id":""}""")]
    public async Task A_flavor_without_an_id_is_no_answer_of_Novas(string flavor)
    {
        _cloud.Answer("GET", Flavors, 200, $$"""{"flavors":[{{flavor}}]}""");
        var e = await Assert.ThrowsAsync<OpenStackApiException>(async () => await _connection.Nova.AllFlavorBodiesAsync(ct: Ct).ToListAsync(Ct));
        Assert.Equal(OpenStackCodes.MalformedAnswer, e.Code);
    }

    [Fact]
    public async Task A_list_that_fits_is_one_request()
    {
        _cloud.Answer("GET", Servers, Sample.Of("servers_detail_all_tenants"));
        Assert.Equal(18, await _connection.Nova.AllServersAsync(allTenants: true, ct: Ct).CountAsync(Ct));
        Assert.Single(_cloud.Asked(Servers));
    }

    [Fact]
    public async Task An_empty_page_is_the_end_whatever_it_links_to()
    {
        _cloud.Answer("GET", Servers, 200, """{"servers":[],"servers_links":[{"rel":"next","href":"http://x/"}]}""");
        Assert.Empty(await _connection.Nova.AllServersAsync(allTenants: false, ct: Ct).ToListAsync(Ct));
        Assert.Equal("", new Uri(_cloud.Asked(Servers)[0].AbsoluteUrl).Query);
    }

    [Fact]
    public async Task The_next_page_is_asked_of_the_same_host_whatever_the_link_says()
    {
        using var other = new FakeCloud();
        AnswerInPages(Servers, "servers", Sample.Of("servers_detail_all_tenants").Json["servers"]!.AsArray(), pageSize: 10, host: other.Url);
        Assert.Equal(18, await _connection.Nova.AllServersAsync(allTenants: true, ct: Ct).CountAsync(Ct));
        Assert.Equal(2, _cloud.Asked(Servers).Count);
        Assert.Empty(other.Asked());
    }

    [Fact]
    public async Task A_service_that_repeats_itself_is_not_listened_to_for_ever()
    {
        string id = Guid.NewGuid().ToString();
        _cloud.Answer("GET", Servers, 200, $$"""{"servers":[{"id":"{{id}}"}],"servers_links":[{"rel":"next","href":"http://x/"}]}""");
        var seen = new List<Server>();
        var e = await Assert.ThrowsAsync<OpenStackApiException>(async () =>
        {
            await foreach (Server server in _connection.Nova.AllServersAsync(allTenants: true, ct: Ct))
                seen.Add(server);
        });
        Assert.Equal(("compute", OpenStackCodes.EndlessList, false), (e.Service, e.Code, e.IsTransient));
        Assert.Equal($"compute endless_list: the page that ends in {id} came twice (GET /servers/detail)", e.Message);
        Assert.Single(seen);
        Assert.Equal(2, _cloud.Asked(Servers).Count);
    }

    [Fact]
    public async Task A_failure_on_a_later_page_is_not_an_end()
    {
        string page = $$"""{"servers":[{"id":"{{Guid.NewGuid()}}"}],"servers_links":[{"rel":"next","href":"http://x/"}]}""";
        _cloud.Answer("GET", Servers, _ => FakeCloud.Respond(200, page), _ => FakeCloud.Respond(500));
        await Assert.ThrowsAsync<OpenStackApiException>(async () => await _connection.Nova.AllServersAsync(allTenants: true, ct: Ct).ToListAsync(Ct));
    }

    [Fact]
    public async Task Between_pages_one_can_stop()
    {
        using var stop = new CancellationTokenSource();
        AnswerInPages(Servers, "servers", Sample.Of("servers_detail_all_tenants").Json["servers"]!.AsArray(), pageSize: 5);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (Server _ in _connection.Nova.AllServersAsync(allTenants: true, ct: stop.Token))
                await stop.CancelAsync();
        });
        Assert.Single(_cloud.Asked(Servers));
    }

    private string Query(int request) => new Uri(_cloud.Asked(Servers)[request].AbsoluteUrl).Query;

    /// <summary>As Nova does it: a page starts after the marker, and a full one links to the next.</summary>
    private void AnswerInPages(string path, string key, JsonArray all, int pageSize, string? host = null) => _cloud.Answer("GET", path, request =>
    {
        string? marker = request.Query?.TryGetValue("marker", out var values) == true ? values[0] : null;
        var page = all.SkipWhile(one => marker is not null && one!["id"]!.GetValue<string>() != marker).Skip(marker is null ? 0 : 1).Take(pageSize).ToList();
        var body = new JsonObject { [key] = new JsonArray([.. page.Select(one => one!.DeepClone())]) };
        if (page.Count == pageSize)
            body[key + "_links"] = new JsonArray(new JsonObject { ["rel"] = "next", ["href"] = $"{host ?? _cloud.Url}{path}?marker={page[^1]!["id"]}" });
        return FakeCloud.Respond(200, body.ToJsonString());
    });
}
