using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace OpenStackSev.Agent.Tests.Fakes;

/// <summary>
/// Placement and the token part of Keystone behind one handler: generations, 409 codes, capacity checks and the 1.39 microversion behave
/// as Placement 8 to 16 do. The acceptance tests run the same agent against the real services.
/// </summary>
internal sealed partial class FakePlacement : HttpMessageHandler
{
    public const string Url = "http://cloud.test/placement";
    private readonly Lock gate = new();
    private readonly Dictionary<Guid, Provider> providers = [];
    private readonly SortedSet<string> classes = new(StringComparer.Ordinal) { "VCPU", "MEMORY_MB", "DISK_GB", "MEM_ENCRYPTION_CONTEXT" };
    private readonly SortedSet<string> traits = new(StringComparer.Ordinal) { "HW_CPU_X86_AMD_SEV", "COMPUTE_NODE", "CUSTOM_OPERATOR_POOL", "CUSTOM_SOMEBODY" };

    /// <summary>Every request, in order, as <c>METHOD path?query</c>.</summary>
    public List<string> Requests { get; } = [];

    /// <summary>Called before a write is served: what somebody else does at that moment.</summary>
    public Action<string>? BeforeWrite { get; set; }

    /// <summary>Called before details of a provider are served.</summary>
    public Action? BeforeDetails { get; set; }

    /// <summary>When set, every Placement request is answered with this status.</summary>
    public HttpStatusCode? Outage { get; set; }

    public Provider Add(string name, Guid? uuid = null, Guid? parent = null)
    {
        lock (gate)
        {
            var provider = new Provider(uuid ?? Guid.NewGuid(), name, parent);
            providers.Add(provider.Uuid, provider);
            return provider;
        }
    }

    public Provider? Find(string name) => providers.Values.SingleOrDefault(provider => provider.Name == name);

    public void Remove(Guid uuid) => providers.Remove(uuid);

    /// <summary>Placement bumps the generation of every provider whose allocations change.</summary>
    public void SetUsed(string provider, string resourceClass, int used)
    {
        Provider found = Find(provider)!;
        found.Used[resourceClass] = used;
        found.Generation++;
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
        lock (gate)
        {
            string target = request.RequestUri!.PathAndQuery;
            Requests.Add($"{request.Method} {Uri.UnescapeDataString(target)}");
            HttpResponseMessage response = target.StartsWith("/v3/auth/tokens", StringComparison.Ordinal)
                ? Token()
                : Serve(request, target["/placement".Length..], body);
            response.RequestMessage = request;
            response.Headers.TryAddWithoutValidation("x-openstack-request-id", "req-" + Guid.NewGuid());
            return response;
        }
    }

    private static HttpResponseMessage Token()
    {
        var catalog = new JsonArray(new JsonObject
        {
            ["type"] = "placement",
            ["name"] = "placement",
            ["endpoints"] = new JsonArray(new JsonObject
            {
                ["interface"] = "public",
                ["region_id"] = "RegionOne",
                ["region"] = "RegionOne",
                ["url"] = Url,
                ["id"] = "e",
            }),
            ["id"] = "s",
        });
        var token = new JsonObject
        {
            ["expires_at"] = "2099-01-01T00:00:00.000000Z",
            ["issued_at"] = "2026-01-01T00:00:00.000000Z",
            ["methods"] = new JsonArray("password"),
            ["user"] = new JsonObject { ["id"] = "u", ["name"] = "agent", ["domain"] = new JsonObject { ["id"] = "default", ["name"] = "Default" } },
            ["project"] = new JsonObject { ["id"] = "p", ["name"] = "service", ["domain"] = new JsonObject { ["id"] = "default", ["name"] = "Default" } },
            ["roles"] = new JsonArray(new JsonObject { ["id"] = "r", ["name"] = "admin" }),
            ["catalog"] = catalog,
        };
        HttpResponseMessage response = Json(HttpStatusCode.Created, new JsonObject { ["token"] = token });
        response.Headers.Add("X-Subject-Token", "token-of-the-fake");
        return response;
    }

    private HttpResponseMessage Serve(HttpRequestMessage request, string target, string body)
    {
        string path = target.Split('?')[0];
        if (path is "" or "/")
        {
            return Json(HttpStatusCode.OK, JsonNode.Parse(
                """{"versions":[{"id":"v1.0","max_version":"1.39","min_version":"1.0","status":"CURRENT","links":[{"rel":"self","href":""}]}]}""")!);
        }

        if (Outage is { } outage)
            return Error(outage, "placement.undefined_code", "the fake is out of order");
        if (!request.Headers.TryGetValues("X-Auth-Token", out _))
            return Error(HttpStatusCode.Unauthorized, "placement.undefined_code", "no token");
        if (!request.Headers.TryGetValues("OpenStack-API-Version", out IEnumerable<string>? versions) || versions.Single() != "placement 1.39")
            return Error(HttpStatusCode.NotAcceptable, "placement.undefined_code", "the fake speaks 1.39");
        if (request.Method != HttpMethod.Get)
            BeforeWrite?.Invoke($"{request.Method} {path}");
        JsonNode? json = body.Length == 0 ? null : JsonNode.Parse(body);
        return Route(request.Method.Method, path, System.Web.HttpUtility.ParseQueryString(new Uri("http://x" + target).Query), json);
    }

    private HttpResponseMessage Route(string method, string path, System.Collections.Specialized.NameValueCollection query, JsonNode? json)
    {
        if (ProviderPath().Match(path) is { Success: true } match)
        {
            if (method == "GET")
                BeforeDetails?.Invoke();
            return providers.TryGetValue(Guid.Parse(match.Groups[1].Value), out Provider? provider)
                ? OfProvider(method, match.Groups[2].Value, provider, json)
                : Error(HttpStatusCode.NotFound, "placement.undefined_code", $"No resource provider with uuid {match.Groups[1].Value} found");
        }

        return (method, path) switch
        {
            ("GET", "/resource_providers") => List(query),
            ("POST", "/resource_providers") => Create(json!),
            ("GET", "/resource_classes") => Json(HttpStatusCode.OK, new JsonObject
            {
                ["resource_classes"] = new JsonArray([.. classes.Select(name => new JsonObject { ["name"] = name, ["links"] = new JsonArray() })]),
            }),
            ("GET", "/traits") => Json(HttpStatusCode.OK, new JsonObject
            {
                ["traits"] = new JsonArray([.. traits
                    .Where(name => query["name"] is not { } names || names["in:".Length..].Split(',').Contains(name)).Select(name => JsonValue.Create(name))]),
            }),
            ("PUT", _) when path.StartsWith("/resource_classes/", StringComparison.Ordinal) => Ensure(classes, path),
            ("PUT", _) when path.StartsWith("/traits/", StringComparison.Ordinal) => Ensure(traits, path),
            _ => Error(HttpStatusCode.NotFound, "placement.undefined_code", "the fake has no " + path),
        };
    }

    private static HttpResponseMessage Ensure(SortedSet<string> names, string path) =>
        new(names.Add(path[(path.LastIndexOf('/') + 1)..]) ? HttpStatusCode.Created : HttpStatusCode.NoContent);

    private HttpResponseMessage List(System.Collections.Specialized.NameValueCollection query)
    {
        IEnumerable<Provider> found = providers.Values;
        if (query["name"] is { } name)
            found = found.Where(provider => provider.Name == name);
        if (query["required"] is { } trait)
        {
            if (!traits.Contains(trait))
                return Error(HttpStatusCode.BadRequest, "placement.undefined_code", $"Invalid query string parameters: Expected 'required' parameter value of known traits: {trait}");
            found = found.Where(provider => provider.Traits.Contains(trait));
        }

        if (query["in_tree"] is { } member)
            found = providers.TryGetValue(Guid.Parse(member), out Provider? one) ? found.Where(provider => RootOf(provider) == RootOf(one)) : [];
        return Json(HttpStatusCode.OK, new JsonObject { ["resource_providers"] = new JsonArray([.. found.Select(Body)]) });
    }

    private HttpResponseMessage Create(JsonNode json)
    {
        string name = (string)json["name"]!;
        Guid uuid = Guid.Parse((string)json["uuid"]!);
        if (providers.ContainsKey(uuid) || Find(name) is not null)
            return Error(HttpStatusCode.Conflict, "placement.duplicate_name", $"Conflicting resource provider name: {name} already exists.");
        Guid? parent = json["parent_provider_uuid"] is { } value ? Guid.Parse((string)value!) : null;
        if (parent is { } known && !providers.ContainsKey(known))
            return Error(HttpStatusCode.BadRequest, "placement.undefined_code", "parent provider not found");
        return Json(HttpStatusCode.OK, Body(Add(name, uuid, parent)));
    }

    private HttpResponseMessage OfProvider(string method, string part, Provider provider, JsonNode? json) => (method, part) switch
    {
        ("GET", "/inventories") => Json(HttpStatusCode.OK, InventoriesOf(provider)),
        ("PUT", "/inventories") => PutInventories(provider, json!),
        ("GET", "/traits") => Json(HttpStatusCode.OK, TraitsOf(provider)),
        ("PUT", "/traits") => PutTraits(provider, json!),
        ("GET", "/usages") => Json(HttpStatusCode.OK, new JsonObject
        {
            ["resource_provider_generation"] = provider.Generation,
            ["usages"] = new JsonObject(provider.Inventories.Keys
                .Select(name => KeyValuePair.Create(name, (JsonNode?)JsonValue.Create(provider.Used.GetValueOrDefault(name))))),
        }),
        ("GET", "") => Json(HttpStatusCode.OK, Body(provider)),
        ("PUT", "") => Update(provider, json!),
        _ => Error(HttpStatusCode.MethodNotAllowed, "placement.undefined_code", method + part),
    };

    private HttpResponseMessage PutInventories(Provider provider, JsonNode json)
    {
        if (Stale(provider, json) is { } conflict)
            return conflict;
        JsonObject wanted = json["inventories"]!.AsObject();
        foreach ((string name, JsonNode? inventory) in wanted)
        {
            if (!classes.Contains(name))
                return Error(HttpStatusCode.BadRequest, "placement.undefined_code", $"Unknown resource class in inventory for resource provider {provider.Uuid}: No such resource class {name}.");
            if ((int)inventory!["total"]! < 1)
                return Error(HttpStatusCode.BadRequest, "placement.undefined_code", "JSON does not validate: 0 is less than the minimum of 1");
        }

        if (provider.Inventories.Keys.FirstOrDefault(name => !wanted.ContainsKey(name) && provider.Used.GetValueOrDefault(name) > 0) is { } used)
            return Error(HttpStatusCode.Conflict, "placement.inventory.inuse", $"Inventory for '{used}' on resource provider '{provider.Uuid}' in use.");
        provider.Inventories.Clear();
        foreach ((string name, JsonNode? inventory) in wanted)
            provider.Inventories[name] = inventory!.DeepClone().AsObject();
        provider.Generation++;
        return Json(HttpStatusCode.OK, InventoriesOf(provider));
    }

    private HttpResponseMessage PutTraits(Provider provider, JsonNode json)
    {
        if (Stale(provider, json) is { } conflict)
            return conflict;
        string[] wanted = [.. json["traits"]!.AsArray().Select(name => (string)name!)];
        if (wanted.Except(traits).Except(provider.Traits).ToArray() is { Length: > 0 } unknown)
            return Error(HttpStatusCode.BadRequest, "placement.undefined_code", $"No such trait {string.Join(", ", unknown)}.");
        provider.Traits.Clear();
        provider.Traits.UnionWith(wanted);
        provider.Generation++;
        return Json(HttpStatusCode.OK, TraitsOf(provider));
    }

    private HttpResponseMessage Update(Provider provider, JsonNode json)
    {
        provider.Name = (string)json["name"]!;
        provider.Parent = json["parent_provider_uuid"] is { } parent ? Guid.Parse((string)parent!) : null;
        provider.Generation++;
        return Json(HttpStatusCode.OK, Body(provider));
    }

    private static HttpResponseMessage? Stale(Provider provider, JsonNode json) =>
        (int)json["resource_provider_generation"]! == provider.Generation
            ? null
            : Error(HttpStatusCode.Conflict, "placement.concurrent_update", "resource provider generation conflict");

    private Guid RootOf(Provider provider) =>
        provider.Parent is { } parent && providers.TryGetValue(parent, out Provider? above) ? RootOf(above) : provider.Uuid;

    private JsonObject Body(Provider provider) => new()
    {
        ["uuid"] = provider.Uuid,
        ["name"] = provider.Name,
        ["generation"] = provider.Generation,
        ["parent_provider_uuid"] = provider.Parent is { } parent ? JsonValue.Create(parent) : null,
        ["root_provider_uuid"] = RootOf(provider),
        ["links"] = new JsonArray(),
    };

    private static JsonObject InventoriesOf(Provider provider) => new()
    {
        ["resource_provider_generation"] = provider.Generation,
        ["inventories"] = new JsonObject(provider.Inventories.Select(entry => KeyValuePair.Create(entry.Key, (JsonNode?)entry.Value.DeepClone()))),
    };

    private static JsonObject TraitsOf(Provider provider) => new()
    {
        ["resource_provider_generation"] = provider.Generation,
        ["traits"] = new JsonArray([.. provider.Traits.Select(name => JsonValue.Create(name))]),
    };

    private static HttpResponseMessage Json(HttpStatusCode status, JsonNode body) =>
        new(status) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };

    private static HttpResponseMessage Error(HttpStatusCode status, string code, string detail) => Json(status, new JsonObject
    {
        ["errors"] = new JsonArray(new JsonObject
        {
            ["status"] = (int)status,
            ["title"] = status.ToString(),
            ["detail"] = detail,
            ["code"] = code,
            ["request_id"] = "req-fake",
        }),
    });

    [GeneratedRegex("^/resource_providers/([0-9a-f-]{36})(/[a-z]+)?$")]
    private static partial Regex ProviderPath();

    internal sealed class Provider(Guid uuid, string name, Guid? parent)
    {
        public Guid Uuid { get; } = uuid;
        public string Name { get; set; } = name;
        public Guid? Parent { get; set; } = parent;
        public int Generation { get; set; }
        public Dictionary<string, JsonObject> Inventories { get; } = new(StringComparer.Ordinal);
        public SortedSet<string> Traits { get; } = new(StringComparer.Ordinal);
        public Dictionary<string, int> Used { get; } = new(StringComparer.Ordinal);

        public Provider With(string resourceClass, int total)
        {
            Inventories[resourceClass] = JsonSerializer.SerializeToNode(new Dictionary<string, object>
            {
                ["total"] = total,
                ["reserved"] = 0,
                ["min_unit"] = 1,
                ["max_unit"] = total,
                ["step_size"] = 1,
                ["allocation_ratio"] = 1.0,
            })!.AsObject();
            return this;
        }

        public Provider With(string trait)
        {
            Traits.Add(trait);
            return this;
        }
    }
}
