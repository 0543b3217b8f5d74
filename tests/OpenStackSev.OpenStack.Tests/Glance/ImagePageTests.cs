using System.Text.Json;
using System.Text.Json.Nodes;
using OpenStackSev.OpenStack.Glance;
using OpenStackSev.OpenStack.Tests.Fakes;

namespace OpenStackSev.OpenStack.Tests.Glance;

public sealed class ImagePageTests : IDisposable
{
    private const string Images = FakeCloud.Image + "/v2/images";
    private readonly FakeCloud _cloud = new();
    private readonly OpenStackConnection _connection;

    public ImagePageTests() => _connection = _cloud.Open();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _connection.Dispose();
        _cloud.Dispose();
    }

    [Fact]
    public async Task All_images_come_page_by_page_as_Glance_wrote_them()
    {
        JsonArray all = Sample.Of("glance_images").Json["images"]!.AsArray();
        _cloud.Answer("GET", Images, request =>
        {
            string? marker = request.Query?.TryGetValue("marker", out var values) == true ? values[0] : null;
            JsonNode[] page = [.. all.SkipWhile(one => marker is not null && (string)one!["id"]! != marker).Skip(marker is null ? 0 : 1).Take(2)!];
            var body = new JsonObject { ["images"] = new JsonArray([.. page.Select(one => one.DeepClone())]) };
            if (page.Length == 2)
                body["next"] = $"/v2/images?limit=2&marker={page[^1]["id"]}";
            return FakeCloud.Respond(200, body.ToJsonString());
        });
        List<JsonElement> images = await _connection.Glance.AllImageBodiesAsync(pageSize: 2, ct: Ct).ToListAsync(Ct);
        Assert.Equal(all.Select(one => (string?)one!["name"]), images.Select(one => one.GetProperty("name").GetString()));
        Assert.Equal("q35", images[0].GetProperty("hw_machine_type").GetString());
        Assert.Equal((all.Count / 2) + 1, _cloud.Asked(Images).Count);
        Assert.Equal($"?visibility=all&limit=2&marker={images[1].GetProperty("id")}", new Uri(_cloud.Asked(Images)[1].AbsoluteUrl).Query);
    }

    [Fact]
    public async Task Hidden_images_and_images_of_a_name_are_asked_for()
    {
        _cloud.Answer("GET", Images, 200, """{"images":[]}""");
        Assert.Empty(await _connection.Glance.AllImageBodiesAsync("a b", hidden: true, ct: Ct).ToListAsync(Ct));
        Assert.Equal("?name=a%20b&visibility=all&os_hidden=True&limit=1000", new Uri(_cloud.Asked(Images)[0].AbsoluteUrl).Query);
    }

    [Fact]
    public async Task One_image_comes_as_Glance_wrote_it()
    {
        JsonNode image = Sample.Of("glance_images").Json["images"]![0]!;
        _cloud.Answer("GET", $"{Images}/{image["id"]}", 200, image.ToJsonString());
        JsonElement body = await _connection.Glance.GetImageBodyAsync(Guid.Parse((string)image["id"]!), Ct);
        Assert.Equal("bios", body.GetProperty("name").GetString());
    }
}
