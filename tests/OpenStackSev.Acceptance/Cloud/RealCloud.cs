using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;

namespace OpenStackSev.Acceptance.Cloud;

/// <summary>The real OpenStack, asked by plain HTTP: our own clients are under test, so they are not what the tests look through.</summary>
public sealed class RealCloud : IDisposable
{
    private const string PlacementVersion = "placement 1.39";
    // The first with attachments.
    private const string VolumeVersion = "volume 3.27";
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(200), Longest = TimeSpan.FromSeconds(1);
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly Dictionary<string, string> endpoints = new(StringComparer.Ordinal);
    private readonly string computeVersion;
    private string token = "";

    private RealCloud(string computeVersion) => this.computeVersion = computeVersion;

    public void Dispose() => http.Dispose();

    /// <param name="authUrl">Ends in /v3.</param>
    public static async Task<RealCloud> ConnectAsync(string authUrl, string user, string password, string project, string computeVersion)
    {
        var cloud = new RealCloud("compute " + computeVersion);
        JsonObject Domain() => new() { ["id"] = "default" };
        var body = new JsonObject
        {
            ["auth"] = new JsonObject
            {
                ["identity"] = new JsonObject
                {
                    ["methods"] = new JsonArray("password"),
                    ["password"] = new JsonObject { ["user"] = new JsonObject { ["name"] = user, ["domain"] = Domain(), ["password"] = password } },
                },
                ["scope"] = new JsonObject { ["project"] = new JsonObject { ["name"] = project, ["domain"] = Domain() } },
            },
        };
        using HttpResponseMessage response = await cloud.http.PostAsync(authUrl + "/auth/tokens", Json(body));
        response.EnsureSuccessStatusCode();
        cloud.token = response.Headers.GetValues("X-Subject-Token").Single();
        foreach (JsonNode? service in (await response.Content.ReadFromJsonAsync<JsonNode>())!["token"]!["catalog"]!.AsArray())
        {
            if (service!["endpoints"]!.AsArray().FirstOrDefault(endpoint => (string?)endpoint!["interface"] == "public") is { } endpoint)
                cloud.endpoints[(string)service["type"]!] = ((string)endpoint["url"]!).TrimEnd('/');
        }

        return cloud;
    }

    public async Task<JsonNode?> SendAsync(HttpMethod method, string service, string path, JsonNode? body = null, string? version = null)
    {
        (HttpStatusCode status, JsonNode? answer) = await TrySendAsync(method, service, path, body, version);
        return (int)status < 400 ? answer : throw new HttpRequestException($"{method} {service} {path}: {(int)status} {answer}", null, status);
    }

    /// <param name="version">Compute microversion of an older client; null for the highest.</param>
    public async Task<(HttpStatusCode Status, JsonNode? Body)> TrySendAsync(
        HttpMethod method, string service, string path, JsonNode? body = null, string? version = null)
    {
        using var request = new HttpRequestMessage(method, endpoints[service] + path);
        request.Headers.Add("X-Auth-Token", token);
        string? microversion = service switch
        {
            "placement" => PlacementVersion,
            "compute" => version is null ? computeVersion : "compute " + version,
            "block-storage" => VolumeVersion,
            _ => null,
        };
        if (microversion is not null)
            request.Headers.Add("OpenStack-API-Version", microversion);
        if (body is not null)
            request.Content = Json(body);
        using HttpResponseMessage response = await http.SendAsync(request);
        string text = await response.Content.ReadAsStringAsync();
        return (response.StatusCode, text.Length > 0 && text[0] is '{' or '[' ? JsonNode.Parse(text) : null);
    }

    /// <summary>With a length: uwsgi reads a chunked body as an empty one.</summary>
    private static StringContent Json(JsonNode body) => new(body.ToJsonString(), Encoding.UTF8, "application/json");

    /// <summary>The catalogue has it.</summary>
    public bool Has(string service) => endpoints.ContainsKey(service);

    /// <summary>A service that the catalogue does not have.</summary>
    public void Use(string service, string url) => endpoints[service] = url;

    public Task<JsonNode?> GetAsync(string service, string path) => SendAsync(HttpMethod.Get, service, path);

    /// <summary>The provider of that name with inventories, traits and usages; null when there is none.</summary>
    public async Task<Provider?> ProviderAsync(string name)
    {
        if ((await GetAsync("placement", $"/resource_providers?name={Uri.EscapeDataString(name)}"))!["resource_providers"]!.AsArray() is not [{ } found])
            return null;
        string uuid = (string)found["uuid"]!;
        string path = "/resource_providers/" + uuid;
        JsonNode? inventories, traits, usages;
        try
        {
            inventories = await GetAsync("placement", path + "/inventories");
            traits = await GetAsync("placement", path + "/traits");
            usages = await GetAsync("placement", path + "/usages");
        }
        catch (HttpRequestException e) when (e.StatusCode == HttpStatusCode.NotFound)
        {
            return null; // deleted between two requests
        }

        return new Provider(
            Guid.Parse(uuid), name, (int)found["generation"]!, (string?)found["parent_provider_uuid"] is { } parent ? Guid.Parse(parent) : null,
            inventories!["inventories"]!.AsObject().ToDictionary(
                entry => entry.Key, entry => ((int)entry.Value!["total"]!, (int)entry.Value["reserved"]!), StringComparer.Ordinal),
            [.. traits!["traits"]!.AsArray().Select(trait => (string)trait!).Order(StringComparer.Ordinal)],
            usages!["usages"]!.AsObject().ToDictionary(entry => entry.Key, entry => (int)entry.Value!, StringComparer.Ordinal));
    }

    /// <summary>A provider's total of one class; 0 where there is neither. Two requests, where <see cref="ProviderAsync"/> makes four.</summary>
    public async Task<int> TotalAsync(string provider, string resourceClass)
    {
        if ((await GetAsync("placement", $"/resource_providers?name={Uri.EscapeDataString(provider)}"))!["resource_providers"]!.AsArray() is not [{ } found])
            return 0;
        (HttpStatusCode status, JsonNode? inventory) = await TrySendAsync(HttpMethod.Get, "placement", $"/resource_providers/{found["uuid"]}/inventories/{resourceClass}");
        return status == HttpStatusCode.OK ? (int)inventory!["total"]! : 0;
    }

    /// <summary>Writes a provider's traits anew. nova-compute and others write too: a generation that moved is read again.</summary>
    public async Task ChangeTraitsAsync(string provider, Func<IEnumerable<string>, IEnumerable<string>> change) => await EventuallyAsync(async () =>
    {
        Provider now = (await ProviderAsync(provider))!;
        string[] wanted = [.. change(now.Traits)];
        if (wanted.SequenceEqual(now.Traits))
            return true;
        var body = new JsonObject
        {
            ["resource_provider_generation"] = now.Generation,
            ["traits"] = new JsonArray([.. wanted.Select(trait => (JsonNode?)JsonValue.Create(trait))]),
        };
        return (await TrySendAsync(HttpMethod.Put, "placement", $"/resource_providers/{now.Uuid}/traits", body)).Status == HttpStatusCode.OK;
    }, () => $"traits of {provider} are not written");

    /// <summary>A host's record of nova-compute.</summary>
    public async Task<JsonNode> ComputeServiceAsync(string host) =>
        (await GetAsync("compute", $"/os-services?host={host}&binary=nova-compute"))!["services"]![0]!;

    /// <summary>Changes it as <c>openstack compute service set</c> does.</summary>
    public async Task ChangeServiceAsync(string host, params (string Key, JsonNode Value)[] changes) => await SendAsync(HttpMethod.Put, "compute",
        "/os-services/" + (await ComputeServiceAsync(host))["id"], new JsonObject(changes.Select(change => KeyValuePair.Create(change.Key, (JsonNode?)change.Value))));

    /// <summary>Allocations of a server: provider name → class → amount.</summary>
    public async Task<IReadOnlyDictionary<string, IReadOnlyDictionary<string, int>>> AllocationsAsync(string server)
    {
        JsonObject allocations = (await GetAsync("placement", "/allocations/" + server))!["allocations"]!.AsObject();
        var named = new Dictionary<string, IReadOnlyDictionary<string, int>>(StringComparer.Ordinal);
        foreach ((string uuid, JsonNode? amounts) in allocations)
        {
            string name = (string)(await GetAsync("placement", "/resource_providers/" + uuid))!["name"]!;
            named[name] = amounts!["resources"]!.AsObject().ToDictionary(entry => entry.Key, entry => (int)entry.Value!, StringComparer.Ordinal);
        }

        return named;
    }

    /// <summary>A flavor of that name with these extra specs, made anew.</summary>
    public Task<string> FlavorAsync(string name, params (string Key, string Value)[] extraSpecs) => FlavorAsync(null, name, extraSpecs);

    /// <summary>The same by a client that speaks at most this microversion; up to 2.85 Nova takes any extra spec.</summary>
    public async Task<string> FlavorAsync(string? version, string name, params (string Key, string Value)[] extraSpecs)
    {
        foreach (JsonNode? flavor in (await GetAsync("compute", "/flavors"))!["flavors"]!.AsArray())
        {
            if ((string?)flavor!["name"] == name)
                await SendAsync(HttpMethod.Delete, "compute", "/flavors/" + flavor["id"]);
        }

        JsonNode made = (await SendAsync(HttpMethod.Post, "compute", "/flavors",
            JsonNode.Parse($$$"""{"flavor":{"name":"{{{name}}}","ram":64,"vcpus":1,"disk":1}}""")))!;
        string id = (string)made["flavor"]!["id"]!;
        var specs = new JsonObject(extraSpecs.Select(spec => KeyValuePair.Create(spec.Key, (JsonNode?)JsonValue.Create(spec.Value))));
        await SendAsync(HttpMethod.Post, "compute", $"/flavors/{id}/os-extra_specs", new JsonObject { ["extra_specs"] = specs }, version);
        return id;
    }

    /// <summary>A small image that a SEV guest can boot: UEFI and q35.</summary>
    public async Task<string> ImageAsync(string name, params (string Key, string Value)[] properties)
    {
        foreach (JsonNode? image in (await GetAsync("image", "/v2/images?name=" + name))!["images"]!.AsArray())
            await SendAsync(HttpMethod.Delete, "image", "/v2/images/" + image!["id"]);
        var body = new JsonObject { ["name"] = name, ["disk_format"] = "raw", ["container_format"] = "bare", ["visibility"] = "public" };
        foreach ((string key, string value) in properties)
            body[key] = value;
        string id = (string)(await SendAsync(HttpMethod.Post, "image", "/v2/images", body))!["id"]!;
        using var upload = new HttpRequestMessage(HttpMethod.Put, $"{endpoints["image"]}/v2/images/{id}/file") { Content = new ByteArrayContent(new byte[512]) };
        upload.Headers.Add("X-Auth-Token", token);
        upload.Content.Headers.ContentType = new("application/octet-stream");
        using HttpResponseMessage response = await http.SendAsync(upload);
        response.EnsureSuccessStatusCode();
        return id;
    }

    public async Task RemoveImagePropertyAsync(string image, string property)
    {
        var change = new JsonArray(new JsonObject { ["op"] = "remove", ["path"] = "/" + property });
        using var request = new HttpRequestMessage(HttpMethod.Patch, $"{endpoints["image"]}/v2/images/{image}") { Content = Json(change) };
        request.Headers.Add("X-Auth-Token", token);
        request.Content.Headers.ContentType = new("application/openstack-images-v2.1-json-patch");
        using HttpResponseMessage response = await http.SendAsync(request);
        response.EnsureSuccessStatusCode();
    }

    /// <summary>Asks for a server and waits until it is ACTIVE or ERROR.</summary>
    /// <param name="host">Asks for this host as a requested destination: the scheduler and Placement still judge it.</param>
    public async Task<Server> BootAsync(string name, string flavor, string image, string? host = null, string? zone = null)
    {
        JsonNode body = JsonNode.Parse($$$"""
            {"server":{"name":"{{{name}}}","flavorRef":"{{{flavor}}}","imageRef":"{{{image}}}","networks":"none"}}
            """)!;
        if (host is not null)
            body["server"]!["host"] = host;
        if (zone is not null)
            body["server"]!["availability_zone"] = zone;
        string id = (string)(await SendAsync(HttpMethod.Post, "compute", "/servers", body))!["server"]!["id"]!;
        return await UntilAsync(id, server => server.Status is "ACTIVE" or "ERROR" && (server.Status != "ERROR" || server.Fault is not null));
    }

    public async Task<Server> ServerAsync(string id)
    {
        JsonNode server = (await GetAsync("compute", "/servers/" + id))!["server"]!;
        return new Server(id, (string)server["status"]!, (string?)server["OS-EXT-SRV-ATTR:hypervisor_hostname"], (string?)server["fault"]?["message"]);
    }

    public async Task<Server> UntilAsync(string id, Func<Server, bool> reached)
    {
        Server server = await ServerAsync(id);
        await EventuallyAsync(async () => reached(server = await ServerAsync(id)), () => $"server {id} is {server.Status} on {server.Node}: {server.Fault}");
        return server;
    }

    public async Task DeleteServersAsync(string prefix)
    {
        async Task<string[]> MineAsync() =>
            [.. (await GetAsync("compute", "/servers?all_tenants=1"))!["servers"]!.AsArray()
                .Where(server => ((string)server!["name"]!).StartsWith(prefix, StringComparison.Ordinal)).Select(server => (string)server!["id"]!)];
        foreach (string id in await MineAsync())
            await TrySendAsync(HttpMethod.Delete, "compute", "/servers/" + id);
        await EventuallyAsync(async () => (await MineAsync()).Length == 0, () => $"servers {prefix}* are not deleted");
    }

    /// <summary>
    /// Each test begins on hosts that publish nothing. Providers stay, without inventory and traits: nova-compute asks Placement for allocations
    /// of each child that it once saw, also of one that somebody deleted, and then fails to build servers.
    /// </summary>
    public async Task EmptyGuardProvidersAsync()
    {
        foreach (JsonNode? provider in (await GetAsync("placement", "/resource_providers"))!["resource_providers"]!.AsArray())
        {
            if ((string)provider!["name"]! is not { } name || !name.Contains(":sev", StringComparison.Ordinal))
                continue;
            await EventuallyAsync(
                async () => (await TrySendAsync(HttpMethod.Delete, "placement", $"/resource_providers/{provider["uuid"]}/inventories")).Status is HttpStatusCode.NoContent or HttpStatusCode.NotFound,
                () => $"the inventory of {name} is not deleted");
            if (await ProviderAsync(name) is not null)
                await ChangeTraitsAsync(name, _ => []);
        }
    }

    public async Task ActAsync(string server, string action, JsonNode? argument = null) =>
        await SendAsync(HttpMethod.Post, "compute", $"/servers/{server}/action", new JsonObject { [action] = argument });

    /// <summary>Waits for what another process does; bounded, and says what it last saw. What takes long is looked at less often: each look costs the cloud.</summary>
    public static async Task EventuallyAsync(Func<Task<bool>> reached, Func<string> lastSeen, TimeSpan? longest = null)
    {
        using var limit = new CancellationTokenSource(longest ?? LongestWait);
        using var timer = new PeriodicTimer(Shortest);
        while (!await reached())
        {
            try
            {
                await timer.WaitForNextTickAsync(limit.Token);
                if (timer.Period < Longest)
                    timer.Period *= 1.1;
            }
            catch (OperationCanceledException)
            {
                Assert.Fail($"not within {(longest ?? LongestWait).TotalSeconds} s: {lastSeen()}");
            }
        }
    }
}

/// <summary>A resource provider as Placement has it.</summary>
public sealed record Provider(
    Guid Uuid, string Name, int Generation, Guid? Parent, IReadOnlyDictionary<string, (int Total, int Reserved)> Inventories,
    IReadOnlyList<string> Traits, IReadOnlyDictionary<string, int> Used);

public sealed record Server(string Id, string Status, string? Node, string? Fault);
