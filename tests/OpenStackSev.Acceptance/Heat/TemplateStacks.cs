using System.Net;
using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Heat;

/// <summary>Stacks of the templates in heat-templates on the real Heat, as the <c>openstack</c> command makes them, gone after the test.</summary>
/// <param name="owner">Whose they are.</param>
/// <param name="admin">Sees what a tenant does not.</param>
public sealed class TemplateStacks(RealCloud owner, RealCloud admin) : IAsyncDisposable
{
    private const string Prefix = "template-";
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(5);
    private static readonly string s_folder = Path.Join(Programs.Root, "heat-templates");

    /// <summary>Templates that a user creates, below heat-templates.</summary>
    public static IReadOnlyList<string> Templates { get; } =
        [.. Directory.GetFiles(s_folder, "*.yaml", SearchOption.AllDirectories).Select(path => Path.GetRelativePath(s_folder, path)).Where(path => path.Contains('/')).Order(StringComparer.Ordinal)];

    /// <param name="rollback">Takes everything away when it fails.</param>
    public Task CreateAsync(string name, string template, string[] environments, bool rollback, params (string Key, JsonNode? Value)[] parameters)
    {
        JsonObject body = Body(template, environments, rollback, parameters);
        body["stack_name"] = Prefix + name;
        return owner.SendAsync(HttpMethod.Post, "orchestration", "/stacks", body);
    }

    /// <summary>What is not given stays.</summary>
    public async Task UpdateAsync(string name, string template, string[] environments, bool rollback, params (string Key, JsonNode? Value)[] parameters) =>
        await owner.SendAsync(HttpMethod.Patch, "orchestration", await PathAsync(name), Body(template, environments, rollback, parameters));

    /// <summary>Heat's own validation of a template, as far as its services are there.</summary>
    public Task<(HttpStatusCode Status, JsonNode? Body)> ValidateAsync(string template, string environment)
    {
        JsonObject body = Body(template, [environment], rollback: false, []);
        body.Remove("timeout_mins");
        body.Remove("disable_rollback");
        return owner.TrySendAsync(HttpMethod.Post, "orchestration", "/validate?ignore_errors=99001", body);
    }

    public async Task<JsonNode> ShownAsync(string name) => (await owner.GetAsync("orchestration", await PathAsync(name)))!["stack"]!;

    /// <summary>Waits for a status; fails at once where another end is reached.</summary>
    public async Task<JsonNode> UntilAsync(string name, string status)
    {
        JsonNode? shown = null;
        await RealCloud.EventuallyAsync(async () =>
        {
            string now = (string)(shown = await ShownAsync(name))["stack_status"]!;
            Assert.True(now == status || now.EndsWith("_IN_PROGRESS", StringComparison.Ordinal) || (now.EndsWith("_FAILED", StringComparison.Ordinal) && status.StartsWith("ROLLBACK", StringComparison.Ordinal)),
                $"stack {name} is {now} instead of {status}: {shown["stack_status_reason"]}");
            return now == status;
        }, () => $"stack {name} is {shown?["stack_status"]} instead of {status}: {shown?["stack_status_reason"]}", s_longest);
        return shown!;
    }

    /// <summary>Waits until nothing happens to it any more.</summary>
    public async Task<JsonNode> EndAsync(string name)
    {
        JsonNode? shown = null;
        await RealCloud.EventuallyAsync(
            async () => !((string)(shown = await ShownAsync(name))["stack_status"]!).EndsWith("_IN_PROGRESS", StringComparison.Ordinal), () => $"stack {name} is {shown?["stack_status"]}", s_longest);
        return shown!;
    }

    /// <summary>An output, once the stack has it.</summary>
    public async Task<string> OutputAsync(string name, string key)
    {
        JsonNode output = (await ShownAsync(name))["outputs"]!.AsArray().Single(one => (string?)one!["output_key"] == key)!;
        return output["output_value"] is JsonValue value && value.TryGetValue(out string? text) ? text : output["output_value"]!.ToJsonString();
    }

    /// <summary>Waits until so many servers of a stack, and of those nested in it, run that are none of <paramref name="before"/>.</summary>
    public async Task<IReadOnlyList<Server>> ServersAsync(string name, int count, params string[] before)
    {
        Server[] servers = [];
        await RealCloud.EventuallyAsync(async () =>
        {
            List<Server> found = [];
            foreach (JsonNode? resource in await ResourcesAsync(name, "OS::Nova::Server"))
            {
                if ((string?)resource!["physical_resource_id"] is { Length: > 0 } id && !before.Contains(id, StringComparer.Ordinal))
                    found.Add(await admin.ServerAsync(id));
            }
            servers = [.. found];
            return servers.Length == count && servers.All(server => server.Status is "ACTIVE" or "ERROR");
        }, () => $"servers of {name}: {string.Join(", ", servers.Select(server => server.ToString()))}", s_longest);
        Assert.All(servers, server => Assert.True(server.Status == "ACTIVE", server.ToString()));
        return servers;
    }

    /// <summary>Deletes it, and asserts that of stack and servers nothing is left: in Nova, Placement and Heat's own domain.</summary>
    public async Task DeleteAsync(string name, params string[] servers)
    {
        JsonNode shown = await ShownAsync(name);
        string id = (string)shown["id"]!;
        await owner.SendAsync(HttpMethod.Delete, "orchestration", await PathAsync(name));
        await RealCloud.EventuallyAsync(async () => !(await MineAsync()).Any(one => one.Id == id), () => $"stack {name} is not deleted", s_longest);
        foreach (string server in servers)
            await GoneAsync(server);
        Assert.Empty((await admin.GetAsync("identity", "/projects"))!["projects"]!.AsArray()
            .Where(project => ((string)project!["name"]!).Contains(id[..24], StringComparison.Ordinal)).Select(project => (string)project!["name"]!));
    }

    /// <summary>Nova has no server of that id, and Placement no allocation.</summary>
    public async Task GoneAsync(string server)
    {
        await RealCloud.EventuallyAsync(
            async () => (await admin.TrySendAsync(HttpMethod.Get, "compute", "/servers/" + server)).Status == HttpStatusCode.NotFound, () => $"server {server} is there", s_longest);
        Assert.Empty((await admin.GetAsync("placement", "/allocations/" + server))!["allocations"]!.AsObject());
    }

    public async ValueTask DisposeAsync()
    {
        // Again and again: a network goes only after the servers on it, which another stack has.
        await RealCloud.EventuallyAsync(async () =>
        {
            IReadOnlyList<(string Name, string Id, string Status)> mine = await MineAsync();
            foreach ((string name, string id, string _) in mine.Where(one => one.Status != "DELETE_IN_PROGRESS"))
                await owner.TrySendAsync(HttpMethod.Delete, "orchestration", $"/stacks/{name}/{id}");
            return mine.Count == 0;
        }, () => "stacks are not deleted", s_longest);
    }

    private async Task<IReadOnlyList<JsonNode?>> ResourcesAsync(string name, string type) =>
        [.. (await owner.GetAsync("orchestration", await PathAsync(name) + "/resources?nested_depth=4"))!["resources"]!.AsArray().Where(resource => (string?)resource!["resource_type"] == type)];

    private async Task<string> PathAsync(string name)
    {
        (string Name, string Id, string _) mine = (await MineAsync()).Single(one => one.Name == Prefix + name);
        return $"/stacks/{mine.Name}/{mine.Id}";
    }

    private async Task<IReadOnlyList<(string Name, string Id, string Status)>> MineAsync() =>
        [.. (await owner.GetAsync("orchestration", "/stacks"))!["stacks"]!.AsArray().Select(stack => ((string)stack!["stack_name"]!, (string)stack["id"]!, (string)stack["stack_status"]!))
            .Where(stack => stack.Item1.StartsWith(Prefix, StringComparison.Ordinal))];

    private static JsonObject Body(string template, string[] environments, bool rollback, (string Key, JsonNode? Value)[] parameters)
    {
        // Each file by the name by which a template in its folder, or an environment, calls it.
        var files = new JsonObject();
        foreach (string path in Directory.GetFiles(s_folder, "*.yaml", SearchOption.AllDirectories))
        {
            string relative = Path.GetRelativePath(s_folder, path);
            files[relative] = File.ReadAllText(path);
            if (Path.GetDirectoryName(relative) == Path.GetDirectoryName(template))
                files[Path.GetFileName(relative)] = File.ReadAllText(path);
        }
        return new JsonObject
        {
            ["template"] = File.ReadAllText(Path.Join(s_folder, template)),
            ["files"] = files,
            ["environment_files"] = new JsonArray([.. environments.Select(name => (JsonNode?)JsonValue.Create(name))]),
            ["parameters"] = new JsonObject(parameters.Select(parameter => KeyValuePair.Create(parameter.Key, parameter.Value?.DeepClone()))),
            ["disable_rollback"] = !rollback,
            ["timeout_mins"] = 10,
        };
    }
}
