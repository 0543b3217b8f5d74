using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace OpenStackSev.Control.Tests.Fakes;

/// <summary>What was done to a server.</summary>
/// <param name="User">Null where Nova did it by itself.</param>
/// <param name="Until">When its last step ended; null while none has.</param>
internal sealed record FakeAction(Guid Server, string Name, string? User, DateTimeOffset At, DateTimeOffset? Until = null);

/// <summary>Actions and tags: each in the states that allow it, with the trail that Nova keeps of who did what.</summary>
/// <remarks>Source: Compute API reference, "Servers - run an action", "Server tags", "Servers actions (os-instance-actions)".</remarks>
internal sealed partial class FakeNova
{
    private const int MostTags = 50;

    /// <summary>User of the control plane's own requests.</summary>
    public const string ServiceUser = "id-of-" + FakeKeystone.Username;

    private static readonly Dictionary<string, (string Name, string[] From, string To)> s_changes = new(StringComparer.Ordinal)
    {
        ["os-stop"] = ("stop", ["ACTIVE", "ERROR"], "SHUTOFF"),
        ["os-start"] = ("start", ["SHUTOFF"], "ACTIVE"),
        ["shelve"] = ("shelve", ["ACTIVE", "SHUTOFF", "PAUSED", "SUSPENDED"], "SHELVED_OFFLOADED"),
        ["unshelve"] = ("unshelve", ["SHELVED", "SHELVED_OFFLOADED"], "ACTIVE"),
    };

    /// <summary>All that was done, in its order.</summary>
    public ConcurrentQueue<FakeAction> Actions { get; } = new();

    /// <summary>Runs once Nova has done something, before it answers; told what.</summary>
    public Action<FakeAction> AfterAction { get; set; } = _ => { };

    public FakeServer Server(Guid id)
    {
        lock (gate)
            return servers[places[id]];
    }

    /// <summary>As somebody else does it, not through us.</summary>
    public void Act(Guid id, string action, string user, string? reason = null) => Do(id, action, reason, user);

    /// <summary>What was done by us to one server, in its order.</summary>
    public IReadOnlyList<string> Ours(Guid id) => [.. Actions.Where(action => action.Server == id && action.User == ServiceUser).Select(action => action.Name)];

    private void MapActions(WebApplication app)
    {
        app.MapPost("/compute/v2.1/servers/{id:guid}/action", async (HttpContext context, Guid id) =>
        {
            JsonObject body = (await JsonNode.ParseAsync(context.Request.Body))!.AsObject();
            (string name, JsonNode? value) = (body.Single().Key, body.Single().Value);
            return Answered(Do(id, name, (string?)value?["locked_reason"], ServiceUser), 202);
        });
        app.MapPut("/compute/v2.1/servers/{id:guid}/tags/{tag}", (Guid id, string tag) => Answered(Tag(id, tag), 201));
        app.MapDelete("/compute/v2.1/servers/{id:guid}/tags/{tag}", (Guid id, string tag) => Answered(Untag(id, tag), 204));
        app.MapGet("/compute/v2.1/servers/{id:guid}/os-instance-actions", (Guid id) => Text(new JsonObject
        {
            ["instanceActions"] = new JsonArray([.. Actions.Where(action => action.Server == id && !action.Name.Contains("tag", StringComparison.Ordinal)).Reverse().Select(action => new JsonObject
            {
                ["action"] = action.Name,
                ["user_id"] = action.User,
                ["start_time"] = Stamp(action.At),
                ["updated_at"] = Stamp(action.Until ?? action.At),
            })]),
        }.ToJsonString()));
    }

    private static string Stamp(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff", CultureInfo.InvariantCulture);

    private (int Status, string Message)? Do(Guid id, string action, string? reason, string user)
    {
        string done;
        lock (gate)
        {
            if (!places.TryGetValue(id, out int place) || servers[place].IsDeleted)
                return (404, $"Instance {id} could not be found.");
            FakeServer server = servers[place];
            if (action is "lock" or "unlock")
            {
                done = action;
                servers[place] = server with { IsLocked = action == "lock", LockedReason = action == "lock" ? reason : null };
            }
            else if (!s_changes[action].From.Contains(server.Status, StringComparer.Ordinal))
            {
                return (409, $"Cannot '{s_changes[action].Name}' instance {id} while it is in vm_state {server.Status}");
            }
            else
            {
                done = s_changes[action].Name;
                servers[place] = server with { Status = s_changes[action].To, UpdatedAt = Time.GetUtcNow() };
            }
        }

        return Did(id, done, user);
    }

    private (int, string)? Tag(Guid id, string tag)
    {
        lock (gate)
        {
            if (!places.TryGetValue(id, out int place) || servers[place].IsDeleted)
                return (404, $"Instance {id} could not be found.");
            FakeServer server = servers[place];
            if (server.Tags.Contains(tag, StringComparer.Ordinal))
                return null;
            if (server.Tags.Count >= MostTags)
                return (400, $"The number of tags exceeded the per-server limit {MostTags}");
            servers[place] = server with { Tags = [.. server.Tags, tag] };
        }

        return Did(id, "tag", ServiceUser);
    }

    private (int, string)? Untag(Guid id, string tag)
    {
        lock (gate)
        {
            if (!places.TryGetValue(id, out int place) || !servers[place].Tags.Contains(tag, StringComparer.Ordinal))
                return (404, $"Server {id} has no tag '{tag}'");
            servers[place] = servers[place] with { Tags = [.. servers[place].Tags.Where(one => one != tag)] };
        }

        return Did(id, "untag", ServiceUser);
    }

    private (int, string)? Did(Guid id, string name, string user)
    {
        var done = new FakeAction(id, name, user, Time.GetUtcNow());
        Actions.Enqueue(done);
        AfterAction(done);
        return null;
    }

    private static IResult Answered((int Status, string Message)? refused, int status) => refused is { } no ? Refuse(no.Status, no.Message) : Results.StatusCode(status);

    private static void WriteActed(StringBuilder text, FakeServer server) => text
        .Append($$""","OS-EXT-STS:task_state":null,"locked":{{(server.IsLocked ? "true" : "false")}},"locked_reason":{{Json(server.LockedReason)}},"tags":""")
        .Append(JsonSerializer.Serialize(server.Tags));
}
