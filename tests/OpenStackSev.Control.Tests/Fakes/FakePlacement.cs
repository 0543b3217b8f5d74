using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using OpenStackSev.Api.Capacity;

namespace OpenStackSev.Control.Tests.Fakes;

/// <summary>A guard provider of the fake Placement, below its node's.</summary>
internal sealed record FakeProvider(Guid Node, string Name, string ResourceClass, int Total, int Reserved = 0, int Used = 0)
{
    public Guid Uuid { get; } = ProviderIdentity.Of(Name);

    public int Free => Total - Reserved - Used;
}

/// <summary>Placement's guard providers, as far as their room is asked for.</summary>
/// <remarks>Source: Placement API reference, "List resource providers" (<c>resources</c>), "Resource provider inventories", "Resource provider usages".</remarks>
internal sealed class FakePlacement
{
    public ConcurrentDictionary<Guid, FakeProvider> Providers { get; } = new();

    /// <summary>Resource classes that exist.</summary>
    public ConcurrentDictionary<string, bool> Classes { get; } = new(StringComparer.Ordinal);

    /// <summary>Path and query of each request so far.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public void Add(string node, Guid uuid, EncryptionModel model, int total, int reserved = 0, int used = 0)
    {
        Classes[model.ResourceClass] = true;
        var provider = new FakeProvider(uuid, model.ProviderName(node), model.ResourceClass, total, reserved, used);
        Providers[provider.Uuid] = provider;
    }

    public void Map(WebApplication app)
    {
        app.MapGet("/placement/", () => Json("""{"versions":[{"id":"v1.0","max_version":"1.39","min_version":"1.0","status":"CURRENT","links":[{"rel":"self","href":""}]}]}"""));
        app.MapGet("/placement/resource_providers", (HttpContext context) =>
        {
            Requests.Enqueue(context.Request.Path + context.Request.QueryString);
            string[] asked = context.Request.Query["resources"].ToString().Split(':');
            if (asked.Length != 2 || !Classes.ContainsKey(asked[0]))
                return Results.Text("""{"errors":[{"status":400,"title":"Bad Request","detail":"Invalid resource class in resources parameter","code":"placement.undefined_code"}]}""", "application/json", statusCode: 400);
            int amount = int.Parse(asked[1], System.Globalization.CultureInfo.InvariantCulture);
            return Json(new JsonObject
            {
                ["resource_providers"] = new JsonArray([.. Providers.Values.Where(one => one.ResourceClass == asked[0] && one.Free >= amount).Select(one => (JsonNode)new JsonObject
                {
                    ["uuid"] = one.Uuid.ToString(),
                    ["name"] = one.Name,
                    ["generation"] = 1,
                    ["parent_provider_uuid"] = one.Node.ToString(),
                    ["root_provider_uuid"] = one.Node.ToString(),
                })]),
            }.ToJsonString());
        });
        app.MapGet("/placement/resource_providers/{id:guid}/inventories", (HttpContext context, Guid id) => Of(context, id, one =>
            $$"""
            {"resource_provider_generation":1,
             "inventories":{"{{one.ResourceClass}}":{"total":{{one.Total}},"reserved":{{one.Reserved}},"min_unit":1,"max_unit":1,"step_size":1,"allocation_ratio":1.0} } }
            """));
        app.MapGet("/placement/resource_providers/{id:guid}/usages", (HttpContext context, Guid id) => Of(context, id, one =>
            new JsonObject { ["resource_provider_generation"] = 1, ["usages"] = new JsonObject { [one.ResourceClass] = one.Used } }.ToJsonString()));
    }

    private IResult Of(HttpContext context, Guid id, Func<FakeProvider, string> body)
    {
        Requests.Enqueue(context.Request.Path);
        return Providers.TryGetValue(id, out FakeProvider? provider) ? Json(body(provider)) : Results.NotFound();
    }

    private static IResult Json(string body) => Results.Text(body, "application/json");
}
