using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace OpenStackSev.Control.Tests.Fakes;

/// <summary>A server of the fake Nova.</summary>
internal sealed record FakeServer(Guid Id, string Project, string Name)
{
    public string Status { get; init; } = "ACTIVE";
    public string? Host { get; init; } = "compute1";
    public string Flavor { get; init; } = "snp.small";
    public string ExtraSpecs { get; init; } = """{"hw:mem_encryption":"true","hw:mem_encryption_model":"amd-sev-snp"}""";
    public Guid? Image { get; init; } = FakeNova.PlainImage;
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset UpdatedAt { get; init; }

    /// <summary>Its cell does not answer: Nova tells who it is and whose, and no more.</summary>
    public bool CellIsAway { get; init; }

    public bool IsLocked { get; init; }
    public string? LockedReason { get; init; }
    public IReadOnlyList<string> Tags { get; init; } = [];

    public bool IsDeleted => Status == "DELETED";
}

/// <summary>A nova-compute of the fake Nova, and its node.</summary>
internal sealed record FakeService(Guid Node, string NodeName)
{
    public bool IsDisabled { get; init; }
    public bool IsForcedDown { get; init; }
    public string? Reason { get; init; }

    /// <summary>Of the service; a node is another thing.</summary>
    public Guid Id { get; init; } = Guid.NewGuid();

    /// <summary>Nodes that it runs beside its own, as one service of Ironic's does.</summary>
    public IReadOnlyList<(Guid Node, string Name)> Others { get; init; } = [];

    public string Written(string host) =>
        new JsonObject
        {
            ["id"] = Id.ToString(),
            ["binary"] = "nova-compute",
            ["host"] = host,
            ["status"] = IsDisabled ? "disabled" : "enabled",
            ["state"] = "up",
            ["disabled_reason"] = Reason,
            ["forced_down"] = IsForcedDown,
        }.ToJsonString();

    public IEnumerable<string> Hypervisors(string host) => Others.Prepend((Node, NodeName)).Select(one =>
        new JsonObject { ["id"] = one.Item1.ToString(), ["hypervisor_hostname"] = one.Item2, ["state"] = "up", ["status"] = "enabled", ["service"] = new JsonObject { ["host"] = host } }.ToJsonString());
}

/// <summary>Nova's servers, and Glance's images, as a service of the cloud sees them: pages behind a marker, changes since a time with the deleted ones among them, metadata with its quota.</summary>
/// <remarks>Source: Compute API reference, "List Servers Detailed", "Create or Update Metadata Items"; API guide, "Handling Down Cells".</remarks>
internal sealed partial class FakeNova
{
    public static readonly Guid PlainImage = new("33333333-3333-4333-8333-333333333333");

    private const int MetadataQuota = 128;
    private const int MostOfAPage = 1000;

    private readonly List<FakeServer> servers = [];
    private readonly Dictionary<Guid, int> places = [];
    private readonly Lock gate = new();

    /// <summary>Nova's clock.</summary>
    public TimeProvider Time { get; set; } = TimeProvider.System;

    /// <summary>Highest microversion; below 2.98 servers do not have their images' properties in them.</summary>
    public string Microversion { get; set; } = "2.104";

    /// <summary>Glance's properties of images, by id.</summary>
    public ConcurrentDictionary<Guid, JsonObject> Images { get; } = new() { [PlainImage] = new JsonObject { ["hw_firmware_type"] = "uefi" } };

    public ConcurrentDictionary<Guid, ConcurrentDictionary<string, string>> Metadata { get; } = new();

    /// <summary>Extra specs of flavors, by id.</summary>
    public ConcurrentDictionary<string, JsonObject> Flavors { get; } = new(StringComparer.Ordinal);

    /// <summary>Computes of os-services, by host.</summary>
    public ConcurrentDictionary<string, FakeService> Services { get; } = new(StringComparer.Ordinal);

    /// <summary>Method, path and query of each request so far.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Turns a request into an error; null lets it pass. Told method, path and query.</summary>
    public Func<string, int?> Fails { get; set; } = _ => null;

    /// <summary>Runs once Nova has changed a service, before it answers; told its host.</summary>
    public Action<string> AfterServiceUpdate { get; set; } = _ => { };

    /// <summary>Runs before a listing is answered, with its query.</summary>
    public Action<string> BeforeListing { get; set; } = _ => { };

    public int ListRequests => Requests.Count(request => request.Contains("/servers/detail", StringComparison.Ordinal));

    public void Map(WebApplication app)
    {
        app.Use(async (context, next) =>
        {
            if (!context.Request.Path.StartsWithSegments("/compute", StringComparison.Ordinal) && !context.Request.Path.StartsWithSegments("/image", StringComparison.Ordinal))
            {
                await next(context);
                return;
            }

            string request = $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}";
            Requests.Enqueue(request);
            if (Fails(request) is { } status)
                await Refuse(status, "as the test wants it").ExecuteAsync(context);
            else
                await next(context);
        });
        app.MapGet("/compute/v2.1/", () => Text($$$"""{"version":{"id":"v2.1","status":"CURRENT","version":"{{{Microversion}}}","min_version":"2.1","links":[]}}"""));
        app.MapGet("/compute/v2.1/servers/detail", List);
        app.MapGet("/compute/v2.1/servers/{id:guid}", Show);
        app.MapPost("/compute/v2.1/servers/{id:guid}/metadata", UpdateMetadataAsync);
        MapActions(app);
        app.MapGet("/compute/v2.1/flavors/{id}", (string id) => Flavors.TryGetValue(id, out JsonObject? specs)
            ? Text($$$"""{"flavor":{"id":{{{Json(id)}}},"name":{{{Json("name of " + id)}}},"ram":2048,"vcpus":2,"disk":10,"os-flavor-access:is_public":true,"extra_specs":{{{specs.ToJsonString()}}}}}""")
            : Refuse(404, $"Flavor {id} could not be found."));
        app.MapGet("/compute/v2.1/os-services", (string? host) =>
            Text($$"""{"services":[{{string.Join(',', Services.Where(pair => host is null || pair.Key == host).Select(pair => pair.Value.Written(pair.Key)))}}]}"""));
        app.MapPut("/compute/v2.1/os-services/{id:guid}", UpdateServiceAsync);
        app.MapGet("/compute/v2.1/os-hypervisors/detail", () => Text($$"""{"hypervisors":[{{string.Join(',', Services.SelectMany(pair => pair.Value.Hypervisors(pair.Key)))}}]}"""));
        app.MapGet("/image/v2/images/{id:guid}", (Guid id) => Images.TryGetValue(id, out JsonObject? properties) ? Text(Image(id, properties)) : Refuse(404, "no image"));
    }

    public FakeServer Add(FakeServer server)
    {
        lock (gate)
        {
            places.Add(server.Id, servers.Count);
            FakeServer added = server with { CreatedAt = server.CreatedAt == default ? Time.GetUtcNow() : server.CreatedAt, UpdatedAt = Time.GetUtcNow() };
            servers.Add(added);
            return added;
        }
    }

    public FakeServer Add(string name = "vm", string project = "p1") => Add(new FakeServer(Guid.NewGuid(), project, name));

    public void Change(Guid id, Func<FakeServer, FakeServer> change)
    {
        lock (gate)
            servers[places[id]] = change(servers[places[id]]) with { UpdatedAt = Time.GetUtcNow() };
    }

    public void Delete(Guid id) => Change(id, server => server with { Status = "DELETED", Host = null });

    /// <summary>As a deleted server is archived: not even a list of changes has it.</summary>
    public void Purge(Guid id)
    {
        lock (gate)
        {
            servers.RemoveAt(places[id]);
            places.Clear();
            for (int i = 0; i < servers.Count; i++)
                places.Add(servers[i].Id, i);
        }
    }

    private IResult List(HttpContext context)
    {
        IQueryCollection query = context.Request.Query;
        BeforeListing(context.Request.QueryString.Value ?? "");
        if (!string.Equals(query["all_tenants"].ToString(), "true", StringComparison.OrdinalIgnoreCase))
            return Refuse(400, "the fake is asked for all tenants only");
        DateTimeOffset? since = query.TryGetValue("changes-since", out var text)
            ? DateTimeOffset.Parse(text.ToString(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal) : null;
        int limit = Math.Min(MostOfAPage, query.TryGetValue("limit", out var most) ? int.Parse(most.ToString(), CultureInfo.InvariantCulture) : MostOfAPage);
        lock (gate)
        {
            int from = 0;
            if (query.TryGetValue("marker", out var marker))
            {
                if (!places.TryGetValue(Guid.Parse(marker.ToString()), out int last))
                    return Refuse(400, $"marker [{marker}] not found");
                from = last + 1;
            }

            var page = new List<FakeServer>();
            int next = from;
            for (; next < servers.Count && page.Count < limit; next++)
            {
                FakeServer server = servers[next];
                // Servers of a cell that is away are left out of a list that is filtered or paged.
                if (!server.CellIsAway && (since is { } time ? server.UpdatedAt >= time : !server.IsDeleted))
                    page.Add(server);
            }

            return Text(Page(page, page.Count == limit));
        }
    }

    private IResult Show(Guid id)
    {
        lock (gate)
        {
            if (!places.TryGetValue(id, out int place) || servers[place].IsDeleted)
                return Refuse(404, $"Instance {id} could not be found.");
            var text = new StringBuilder("{\"server\":");
            Write(text, servers[place]);
            return Text(text.Append('}').ToString());
        }
    }

    private async Task<IResult> UpdateMetadataAsync(HttpContext context, Guid id)
    {
        lock (gate)
        {
            if (!places.TryGetValue(id, out int place) || servers[place].IsDeleted)
                return Refuse(404, $"Instance {id} could not be found.");
        }

        JsonObject items = (await JsonNode.ParseAsync(context.Request.Body))!["metadata"]!.AsObject();
        ConcurrentDictionary<string, string> metadata = Metadata.GetOrAdd(id, _ => new());
        if (metadata.Count + items.Count(item => !metadata.ContainsKey(item.Key)) > MetadataQuota)
            return Refuse(403, $"Maximum number of metadata items exceeds {MetadataQuota}");
        foreach ((string key, JsonNode? value) in items)
            metadata[key] = value!.GetValue<string>();
        return Text(new JsonObject { ["metadata"] = new JsonObject(metadata.Select(item => KeyValuePair.Create(item.Key, (JsonNode?)item.Value))) }.ToJsonString());
    }

    /// <summary>Source: Compute API reference, "Update Compute Service" (2.53).</summary>
    private async Task<IResult> UpdateServiceAsync(HttpContext context, Guid id)
    {
        JsonObject body = (await JsonNode.ParseAsync(context.Request.Body))!.AsObject();
        (string? status, string? reason) = ((string?)body["status"], (string?)body["disabled_reason"]);
        if (status is not ("enabled" or "disabled") || body.Any(member => member.Key is not ("status" or "disabled_reason" or "forced_down")))
            return Refuse(400, "Invalid input for field/attribute status.");
        if (body.ContainsKey("disabled_reason") && (status == "enabled" || reason is not { Length: > 0 and <= 255 }))
            return Refuse(400, "Specifying 'disabled_reason' when status is 'enabled' is invalid.");
        string? host = Services.FirstOrDefault(pair => pair.Value.Id == id).Key;
        if (host is null)
            return Refuse(404, $"Service {id} could not be found.");
        FakeService changed = Services[host] = Services[host] with { IsDisabled = status == "disabled", Reason = reason };
        AfterServiceUpdate(host);
        return Text($$"""{"service":{{changed.Written(host)}}}""");
    }

    private string Page(List<FakeServer> page, bool hasNext)
    {
        var text = new StringBuilder("{\"servers\":[");
        for (int i = 0; i < page.Count; i++)
        {
            if (i > 0)
                text.Append(',');
            Write(text, page[i]);
        }

        text.Append(']');
        if (hasNext)
            text.Append($$""","servers_links":[{"rel":"next","href":"http://nova/servers/detail?marker={{page[^1].Id}}"}]""");
        return text.Append('}').ToString();
    }

    private void Write(StringBuilder text, FakeServer server)
    {
        text.Append($$"""{"id":"{{server.Id}}","tenant_id":"{{server.Project}}","created":"{{Written(server.CreatedAt)}}","status":"{{(server.CellIsAway ? "UNKNOWN" : server.Status)}}","links":[]""");
        if (server.CellIsAway)
        {
            text.Append('}');
            return;
        }

        text.Append($$""","name":{{Json(server.Name)}},"updated":"{{Written(server.UpdatedAt)}}","OS-EXT-SRV-ATTR:hypervisor_hostname":{{Json(server.Host)}},"OS-EXT-SRV-ATTR:host":{{Json(server.Host)}}""")
            .Append($$""","flavor":{"original_name":{{Json(server.Flavor)}},"ram":2048,"vcpus":2,"disk":10,"ephemeral":0,"swap":0,"extra_specs":{{server.ExtraSpecs}}}""")
            .Append(""","image":""");
        if (server.Image is not { } image)
            text.Append("\"\"");
        else if (int.Parse(Microversion[2..], CultureInfo.InvariantCulture) >= 98 && Images.TryGetValue(image, out JsonObject? properties))
            text.Append($$"""{"id":"{{image}}","links":[],"properties":{{properties.ToJsonString()}}}""");
        else
            text.Append($$"""{"id":"{{image}}","links":[]}""");
        WriteActed(text, server);
        text.Append(""","metadata":{""");
        if (Metadata.TryGetValue(server.Id, out ConcurrentDictionary<string, string>? metadata))
            text.AppendJoin(',', metadata.Select(item => $"{Json(item.Key)}:{Json(item.Value)}"));
        text.Append("}}");
    }

    private static string Image(Guid id, JsonObject properties)
    {
        var body = new JsonObject { ["id"] = id.ToString(), ["name"] = "image", ["status"] = "active", ["visibility"] = "public" };
        foreach ((string key, JsonNode? value) in properties)
            body[key] = value?.DeepClone();
        return body.ToJsonString();
    }

    private static string Json(string? text) => text is null ? "null" : $"\"{JsonEncodedText.Encode(text)}\"";

    private static string Written(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static IResult Text(string body) => Results.Text(body, "application/json");

    private static IResult Refuse(int status, string message) =>
        Results.Text(new JsonObject { ["computeFault"] = new JsonObject { ["code"] = status, ["message"] = message } }.ToJsonString(), "application/json", statusCode: status);
}
