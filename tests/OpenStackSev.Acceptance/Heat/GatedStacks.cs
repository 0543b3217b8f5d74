using System.Net;
using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Heat;

/// <summary>Stacks of a tenant on the real Heat, gone after the test.</summary>
/// <remarks>The tenant is user and project <c>demo</c>; the control plane's user gets role reader there, as an operator's bootstrap gives it.</remarks>
public sealed class GatedStacks : IAsyncDisposable
{
    private const string Prefix = "gated-";
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(4);
    private readonly RealCloud admin;

    private GatedStacks(RealCloud admin, RealCloud tenant) => (this.admin, Tenant) = (admin, tenant);

    public RealCloud Tenant { get; }

    /// <summary>Id of project <c>demo</c>.</summary>
    public string Project { get; private set; } = "";

    /// <summary>Whether up.sh was run with <c>--with-heat</c>; else a skip with the reason, or a failure where CI=true.</summary>
    public static async Task<GatedStacks> StartAsync(Stack stack, bool withRole = true)
    {
        RealCloud cloud = stack.Cloud;
        OpenStack.CloudSettings demo = OpenStack.CloudSettings.Load("osev-demo", OpenStack.CloudEnvironment.OfProcess().With("OS_CLIENT_CONFIG_FILE", Stack.CloudsFile));
        RealCloud tenant = await RealCloud.ConnectAsync(demo.AuthUrl.AbsoluteUri, demo.Username!, demo.Password!, demo.ProjectName!, Stack.Release.ComputeVersion);
        var stacks = new GatedStacks(cloud, tenant);
        if (!tenant.Has("orchestration"))
        {
            string reason = $"no Heat: devstack/local/up.sh --release {Stack.Release.Name} --computes 4 --with-heat brings one up";
            if (Environment.GetEnvironmentVariable("CI") == "true")
                Assert.Fail(reason);
            Assert.Skip(reason);
        }

        stacks.Project = (string)(await cloud.GetAsync("identity", "/projects?name=demo"))!["projects"]![0]!["id"]!;
        await stacks.RoleAsync(withRole);
        await stacks.DeleteAllAsync();
        return stacks;
    }

    /// <summary>Gives the control plane's user its role in the tenant's project, or takes it.</summary>
    public async Task RoleAsync(bool isGiven)
    {
        string role = (string)(await admin.GetAsync("identity", "/roles?name=reader"))!["roles"]![0]!["id"]!;
        string user = (string)(await admin.GetAsync("identity", "/users?name=admin"))!["users"]![0]!["id"]!;
        (HttpStatusCode status, JsonNode? body) = await admin.TrySendAsync(isGiven ? HttpMethod.Put : HttpMethod.Delete, "identity", $"/projects/{Project}/users/{user}/roles/{role}");
        Assert.True(status is HttpStatusCode.NoContent or HttpStatusCode.NotFound, $"{status} {body}");
    }

    /// <returns>The stack's id.</returns>
    public async Task<string> CreateAsync(string name, string template, params (string Key, string Value)[] parameters)
    {
        JsonNode made = (await Tenant.SendAsync(HttpMethod.Post, "orchestration", "/stacks", new JsonObject
        {
            ["stack_name"] = Prefix + name,
            ["template"] = template,
            ["parameters"] = new JsonObject(parameters.Select(parameter => KeyValuePair.Create(parameter.Key, (JsonNode?)parameter.Value))),
            ["timeout_mins"] = 10,
        }))!;
        return (string)made["stack"]!["id"]!;
    }

    public async Task<JsonNode> ShownAsync(string name, string id) => (await Tenant.GetAsync("orchestration", $"/stacks/{Prefix}{name}/{id}"))!["stack"]!;

    public async Task<JsonNode> UntilAsync(string name, string id, string status)
    {
        JsonNode? shown = null;
        await RealCloud.EventuallyAsync(async () => (string)(shown = await ShownAsync(name, id))["stack_status"]! == status,
            () => $"stack {name} is {shown?["stack_status"]}: {shown?["stack_status_reason"]}", s_longest);
        return shown!;
    }

    /// <summary>The server of a stack, once it is there and runs.</summary>
    public async Task<Server> ServerAsync(string name, string id, string resource = "server")
    {
        Server? server = null;
        await RealCloud.EventuallyAsync(async () =>
        {
            JsonNode shown = (await Tenant.GetAsync("orchestration", $"/stacks/{Prefix}{name}/{id}/resources/{resource}"))!["resource"]!;
            if ((string?)shown["physical_resource_id"] is not { Length: > 0 } uuid)
                return false;
            return (server = await admin.ServerAsync(uuid)).Status is "ACTIVE" or "ERROR";
        }, () => $"the server of {name} is {server?.Status}", s_longest);
        Assert.True(server!.Status == "ACTIVE", server.ToString());
        return server;
    }

    /// <summary>Signals that a handle has, by their ids.</summary>
    public async Task<JsonObject> SignalsAsync(string name, string id, string handle = "gate") =>
        (await Tenant.GetAsync("orchestration", $"/stacks/{Prefix}{name}/{id}/resources/{handle}/metadata"))!["metadata"]!.AsObject();

    public async Task DeleteAsync(string name, string id)
    {
        await Tenant.TrySendAsync(HttpMethod.Delete, "orchestration", $"/stacks/{Prefix}{name}/{id}");
        await RealCloud.EventuallyAsync(async () => !(await MineAsync()).Any(one => one.Id == id), () => $"stack {name} is not deleted");
    }

    public async ValueTask DisposeAsync()
    {
        await DeleteAllAsync();
        Tenant.Dispose();
    }

    private async Task DeleteAllAsync()
    {
        foreach ((string name, string id) in await MineAsync())
            await Tenant.TrySendAsync(HttpMethod.Delete, "orchestration", $"/stacks/{name}/{id}");
        await RealCloud.EventuallyAsync(async () => (await MineAsync()).Count == 0, () => "stacks are not deleted", s_longest);
    }

    private async Task<IReadOnlyList<(string Name, string Id)>> MineAsync() =>
        [.. (await Tenant.GetAsync("orchestration", "/stacks"))!["stacks"]!.AsArray().Select(stack => ((string)stack!["stack_name"]!, (string)stack["id"]!))
            .Where(stack => stack.Item1.StartsWith(Prefix, StringComparison.Ordinal))];
}
