using System.Globalization;
using System.Text.Json.Nodes;
using OpenStackSev.OpenStack.Tests.Fakes;

namespace OpenStackSev.Cli.Tests.Validation;

/// <summary>A cloud with flavors and images, which gives them out in pages as Nova and Glance do, and the program that asks it.</summary>
internal sealed class FakeCatalogue : IDisposable
{
    public const string FlavorsPath = FakeCloud.Compute + "/flavors/detail";
    public const string ImagesPath = FakeCloud.Image + "/v2/images";
    private readonly JsonArray _flavors = [];
    private readonly JsonArray _images = [];

    public FakeCatalogue()
    {
        Cloud.Answer("GET", FlavorsPath, request => Page(request.Query, _flavors, "flavors", (page, last) =>
            page["flavors_links"] = new JsonArray(new JsonObject { ["rel"] = "next", ["href"] = $"{Cloud.Url}{FlavorsPath}?marker={last}" })));
        Cloud.Answer("GET", ImagesPath, request => Page(request.Query, Chosen(request.Query), "images", (page, last) => page["next"] = "/v2/images?marker=" + last));
        Cloud.Answer("GET", FakeCloud.Placement + "/traits", 200, """{"traits":["HW_CPU_X86_AMD_SEV"]}""");
        Cloud.Answer("GET", FakeCloud.Placement + "/resource_classes", 200, """{"resource_classes":[{"name":"VCPU"},{"name":"MEMORY_MB"},{"name":"DISK_GB"}]}""");
        Cloud.Answer("GET", FakeCloud.Placement + "/resource_providers", 200, """{"resource_providers":[]}""");
        Cloud.Answer("GET", FakeCloud.Compute + "/os-services", 200, """{"services":[]}""");
        Cloud.Answer("GET", FakeCloud.Compute + "/os-hypervisors/detail", 200, """{"hypervisors":[]}""");
    }

    public FakeCloud Cloud { get; } = new();

    /// <summary>Nova's and Glance's own limit of a page.</summary>
    public int PageSize { get; set; } = 1000;

    public void Add(string flavor) => _flavors.Add(JsonNode.Parse(flavor));

    public void AddImage(string image, bool hidden = false)
    {
        JsonNode body = JsonNode.Parse(image)!;
        body["os_hidden"] = hidden;
        _images.Add(body);
        Cloud.Answer("GET", $"{ImagesPath}/{body["id"]}", 200, body.ToJsonString());
    }

    public Task<CommandLine> RunAsync(params string[] args) => OsevProcess.RunAsync(
        new Dictionary<string, string>
        {
            ["OS_AUTH_URL"] = Cloud.Url + "/identity/v3",
            ["OS_USERNAME"] = "operator",
            ["OS_PASSWORD"] = FakeCloud.Password,
            ["OS_PROJECT_NAME"] = "admin",
        },
        "", args);

    public void Dispose() => Cloud.Dispose();

    // As Glance: by name, and hidden images only on demand.
    private JsonArray Chosen(IDictionary<string, WireMock.Types.WireMockList<string>>? query)
    {
        string? name = One(query, "name");
        bool hidden = string.Equals(One(query, "os_hidden"), "true", StringComparison.OrdinalIgnoreCase);
        return new([.. _images.Where(image => (name is null || (string?)image!["name"] == name) && (bool)image!["os_hidden"]! == hidden).Select(image => image!.DeepClone())]);
    }

    private WireMock.ResponseMessage Page(
        IDictionary<string, WireMock.Types.WireMockList<string>>? query, JsonArray all, string member, Action<JsonObject, string> link)
    {
        string? marker = One(query, "marker");
        int size = Math.Min(PageSize, int.Parse(One(query, "limit") ?? "1000", CultureInfo.InvariantCulture));
        JsonNode[] rest = [.. all.SkipWhile(one => marker is not null && (string?)one!["id"] != marker).Skip(marker is null ? 0 : 1)!];
        var page = new JsonObject { [member] = new JsonArray([.. rest.Take(size).Select(one => one.DeepClone())]) };
        if (rest.Length > size)
            link(page, (string)rest[size - 1]["id"]!);
        return FakeCloud.Respond(200, page.ToJsonString());
    }

    private static string? One(IDictionary<string, WireMock.Types.WireMockList<string>>? query, string name) =>
        query?.TryGetValue(name, out WireMock.Types.WireMockList<string>? values) == true ? values[0] : null;
}
