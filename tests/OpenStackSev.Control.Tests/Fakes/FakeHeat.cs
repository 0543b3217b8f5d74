using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace OpenStackSev.Control.Tests.Fakes;

/// <summary>A resource of a stack, and the signals that it has taken, by their ids.</summary>
internal sealed class FakeResource(string name, string type)
{
    public string Name { get; } = name;
    public string Type { get; set; } = type;
    public string Status { get; set; } = "CREATE_COMPLETE";
    public string PhysicalId { get; set; } = Guid.NewGuid().ToString("N");
    public ConcurrentDictionary<string, JsonNode> Metadata { get; } = new(StringComparer.Ordinal);
}

internal sealed record FakeStack(Guid Id, string Project, string Name)
{
    public string Status { get; set; } = "CREATE_IN_PROGRESS";
    public ConcurrentDictionary<string, FakeResource> Resources { get; } = new(StringComparer.Ordinal);
}

/// <summary>Heat as far as signals go: a token of the stack's own project or 403, stacks by name and id together, signals that are taken after the answer.</summary>
/// <remarks>
/// Written after the code of Heat 19 and 27: api/openstack/v1/{stacks,resources,util}.py, engine/service.py (resource_signal),
/// engine/resources/wait_condition.py; its answers are those that a real one gave.
/// </remarks>
internal sealed class FakeHeat
{
    private const string Handle = "OS::Heat::WaitConditionHandle";

    private readonly List<Action> waiting = [];
    private FakeKeystone? keystone;

    public ConcurrentDictionary<Guid, FakeStack> Stacks { get; } = new();

    /// <summary>Method, path and query of each request so far.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Bodies of the signals that came, in their order, those that were dropped too.</summary>
    public ConcurrentQueue<JsonObject> Signals { get; } = new();

    /// <summary>Turns a request into an error; null lets it pass. Told method, path and query.</summary>
    public Func<string, int?> Fails { get; set; } = _ => null;

    /// <summary>What a request is answered with, instead; null for what Heat says.</summary>
    public Func<string, string?> Says { get; set; } = _ => null;

    /// <summary>Runs before a request is answered.</summary>
    public Func<string, Task> Before { get; set; } = _ => Task.CompletedTask;

    /// <summary>Runs once a signal is taken, before it is answered.</summary>
    public Action AfterSignal { get; set; } = () => { };

    /// <summary>Signals are answered, and taken only when this is false again.</summary>
    public bool IsBusy { get; set; }

    public static FakeHeat Of(WebApplication app)
    {
        var heat = new FakeHeat();
        heat.Map(app);
        return heat;
    }

    /// <summary>Whose tokens count; its catalogue has this Heat from now on.</summary>
    public void Use(FakeKeystone tokens)
    {
        keystone = tokens;
        tokens.HasHeat = true;
    }

    private void Map(WebApplication app)
    {
        app.Use(async (context, next) =>
        {
            if (!context.Request.Path.StartsWithSegments("/heat", StringComparison.Ordinal))
            {
                await next(context);
                return;
            }

            string request = $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}";
            Requests.Enqueue(request);
            await Before(request);
            if (Fails(request) is { } status)
                await Refuse(status, "HTTPException", "as the test wants it").ExecuteAsync(context);
            else if (Says(request) is { } said)
                await Results.Text(said, "application/json").ExecuteAsync(context);
            else if (Refused(context) is { } refused)
                await refused.ExecuteAsync(context);
            else
                await next(context);
        });
        app.MapGet("/heat/v1/{tenant}/stacks", (string tenant, Guid id, bool show_nested, bool show_hidden) => Text(new JsonObject
        {
            ["stacks"] = new JsonArray([.. Stacks.Values.Where(stack => stack.Id == id && stack.Project == tenant && show_nested && show_hidden).Select(stack => new JsonObject
            {
                ["id"] = stack.Id.ToString(), ["stack_name"] = stack.Name, ["stack_status"] = stack.Status, ["parent"] = null, ["links"] = new JsonArray(), ["tags"] = null,
            })]),
        }));
        app.MapGet("/heat/v1/{tenant}/stacks/{name}/{id:guid}/resources", (string tenant, string name, Guid id, HttpContext context) => Found(tenant, name, id) is not { } stack
            ? NoStack(name)
            : Text(new JsonObject
            {
                ["resources"] = new JsonArray([.. stack.Resources.Values
                    .Where(resource => Matches(context, "name", resource.Name) && Matches(context, "physical_resource_id", resource.PhysicalId))
                    .Select(resource => new JsonObject
                    {
                        ["resource_name"] = resource.Name, ["logical_resource_id"] = resource.Name, ["physical_resource_id"] = resource.PhysicalId, ["resource_type"] = resource.Type,
                        ["resource_status"] = resource.Status, ["resource_status_reason"] = "", ["links"] = new JsonArray(), ["required_by"] = new JsonArray(),
                    })]),
            }));
        app.MapGet("/heat/v1/{tenant}/stacks/{name}/{id:guid}/resources/{resource}/metadata", (string tenant, string name, Guid id, string resource) =>
            Found(tenant, name, id) is not { } stack ? NoStack(name)
            : stack.Resources.TryGetValue(resource, out FakeResource? found) ? Text(new JsonObject
            {
                ["metadata"] = new JsonObject(found.Metadata.Select(one => KeyValuePair.Create(one.Key, (JsonNode?)one.Value.DeepClone()))),
            })
            : Refuse(404, "ResourceNotFound", $"The Resource ({resource}) could not be found in Stack {name}."));
        app.MapPost("/heat/v1/{tenant}/stacks/{name}/{id:guid}/resources/{resource}/signal", SignalAsync);
    }

    /// <summary>A stack with a server and its gate.</summary>
    public FakeStack Add(string project, Guid server)
    {
        var stack = new FakeStack(Guid.NewGuid(), project, "stack-of-" + project);
        stack.Resources["gate"] = new FakeResource("gate", Handle);
        stack.Resources["server"] = new FakeResource("server", "OS::Nova::Server") { PhysicalId = server.ToString() };
        stack.Resources["attested"] = new FakeResource("attested", "OS::Heat::WaitCondition") { Status = "CREATE_IN_PROGRESS", PhysicalId = "" };
        return Stacks[stack.Id] = stack;
    }

    /// <summary>What was left to do is done.</summary>
    public void Finish()
    {
        IsBusy = false;
        foreach (Action left in waiting)
            left();
        waiting.Clear();
    }

    /// <summary>An engine that ended before it did what was left.</summary>
    public void Lose()
    {
        IsBusy = false;
        waiting.Clear();
    }

    private async Task<IResult> SignalAsync(HttpContext context, string tenant, string name, Guid id, string resource)
    {
        JsonObject body = (await JsonNode.ParseAsync(context.Request.Body))!.AsObject();
        if (Found(tenant, name, id) is not { } stack)
            return NoStack(name);
        if (!stack.Resources.TryGetValue(resource, out FakeResource? found))
            return Refuse(404, "ResourceNotFound", $"The Resource ({resource}) could not be found in Stack {name}.");
        if (found.Status.StartsWith("DELETE", StringComparison.Ordinal))
            return Refuse(400, "NotSupported", "Signal resource during DELETE is not supported.");
        if (found.Type != Handle)
            return Refuse(400, "ResourceActionNotSupported", "signal is not supported for resource.");
        Signals.Enqueue(body);
        if (IsBusy)
            waiting.Add(() => Take(found, body));
        else
            Take(found, body);
        AfterSignal();
        return Text(null);
    }

    /// <summary>What does not have the form of a signal is dropped, and nobody is told.</summary>
    private static void Take(FakeResource handle, JsonObject body)
    {
        if (!body.Select(member => member.Key).Order(StringComparer.Ordinal).SequenceEqual(["data", "id", "reason", "status"]) || (string?)body["status"] is not ("SUCCESS" or "FAILURE"))
            return;
        JsonObject entry = body.DeepClone().AsObject();
        entry.Remove("id");
        handle.Metadata[(string)body["id"]!] = entry;
    }

    /// <summary>A token of the project in the path, with a role that may look.</summary>
    private IResult? Refused(HttpContext context)
    {
        if (keystone!.Of(context.Request.Headers["X-Auth-Token"].ToString()) is not { } token)
            return Results.Text("Authentication required", statusCode: 401);
        string tenant = context.Request.Path.Value!.Split('/')[3];
        return token.Project == tenant && token.Roles.Contains("reader") ? null : Refuse(403, "HTTPForbidden", "Access was denied to this resource.");
    }

    private FakeStack? Found(string tenant, string name, Guid id) => Stacks.TryGetValue(id, out FakeStack? stack) && stack.Project == tenant && stack.Name == name ? stack : null;

    private static bool Matches(HttpContext context, string filter, string value) => !context.Request.Query.TryGetValue(filter, out var wanted) || wanted.Contains(value);

    private static IResult NoStack(string name) => Refuse(404, "EntityNotFound", $"The Stack ({name}) could not be found.");

    private static IResult Text(JsonNode? body) => Results.Text(body?.ToJsonString() ?? "null", "application/json");

    private static IResult Refuse(int status, string type, string message) => Results.Text(new JsonObject
    {
        ["code"] = status,
        ["title"] = "refused",
        ["explanation"] = "refused",
        ["error"] = new JsonObject { ["type"] = type, ["traceback"] = null, ["message"] = message },
    }.ToJsonString(), "application/json", statusCode: status);
}
