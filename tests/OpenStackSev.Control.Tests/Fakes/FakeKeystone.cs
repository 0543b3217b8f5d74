using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace OpenStackSev.Control.Tests.Fakes;

/// <summary>A token that the fake Keystone issued.</summary>
internal sealed record FakeToken(string Secret, string User, string? Project, IReadOnlyList<string> Roles, DateTimeOffset ExpiresAt)
{
    public bool IsRevoked { get; set; }
}

/// <summary>Keystone's tokens as a service sees them: its own by password, others' by asking; expired, revoked and unknown ones are not found.</summary>
/// <remarks>Only a user with role service or admin may ask about tokens of others. Source: Identity API v3, "Validate and show information for token".</remarks>
internal sealed class FakeKeystone : IAsyncDisposable
{
    public const string Username = "openstack-sev";
    public const string Password = "hunter2-service-password";

    /// <summary>Keystone's [token] allow_expired_window, 48 hours.</summary>
    private static readonly TimeSpan s_expiredWindow = TimeSpan.FromHours(48);

    private readonly ConcurrentDictionary<string, FakeToken> tokens = new(StringComparer.Ordinal);
    private readonly WebApplication app;
    private readonly TimeProvider time;
    private int validations;
    private int issued;
    private int novaRequests;

    private FakeKeystone(WebApplication app, TimeProvider time) => (this.app, this.time) = (app, time);

    public string Url => app.Urls.First();

    /// <summary>Questions about tokens of others so far.</summary>
    public int Validations => Volatile.Read(ref validations);

    /// <summary>Requests to Nova so far, those that wait included.</summary>
    public int NovaRequests => Volatile.Read(ref novaRequests);

    /// <summary>Hangs up instead of answering.</summary>
    public bool IsAway { get; set; }

    /// <summary>Answers questions about tokens only when this is completed.</summary>
    public Task Gate { get; set; } = Task.CompletedTask;

    /// <summary>Nova answers only when this is completed.</summary>
    public Task NovaGate { get; set; } = Task.CompletedTask;

    /// <summary>The service's own password is not taken any more, nor its tokens.</summary>
    public bool RefusesService { get; set; }

    /// <summary>Projects beside its own in which the service's user has a role, by id.</summary>
    public ConcurrentDictionary<string, string> RolesOfService { get; } = new(StringComparer.Ordinal);

    /// <summary>The catalogue has Heat, at a path of the token's project.</summary>
    public bool HasHeat { get; set; }

    /// <summary>Ids that came with requests, for following one through the services.</summary>
    public ConcurrentQueue<string> RequestIds { get; } = new();

    public static async Task<FakeKeystone> StartAsync(TimeProvider time, Action<WebApplication>? services = null)
    {
        WebApplicationBuilder builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        builder.Services.AddRoutingCore();
        WebApplication cloud = builder.Build();
        var keystone = new FakeKeystone(cloud, time);
        cloud.Use(keystone.BeforeAsync);
        cloud.UseRouting();
        cloud.MapPost("/v3/auth/tokens", keystone.IssueAsync);
        cloud.MapGet("/v3/auth/tokens", keystone.ValidateAsync);
        services?.Invoke(cloud);
        await cloud.StartAsync();
        return keystone;
    }

    /// <summary>A token as a user would have got it.</summary>
    public FakeToken Issue(string user, string? project, params IReadOnlyList<string> roles) => Issue(user, project, TimeSpan.FromHours(1), roles);

    public FakeToken Issue(string user, string? project, TimeSpan lifetime, IReadOnlyList<string> roles)
    {
        string secret = $"gAAAAAB-hunter2-{user}-{Interlocked.Increment(ref issued)}";
        return tokens[secret] = new FakeToken(secret, user, project, roles, time.GetUtcNow() + lifetime);
    }

    /// <summary>Every token of a user is revoked, as after a change of the password.</summary>
    public void RevokeOf(string user)
    {
        foreach (FakeToken token in tokens.Values.Where(token => token.User == user))
            token.IsRevoked = true;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync();
        await app.DisposeAsync();
    }

    private async Task BeforeAsync(HttpContext context, RequestDelegate next)
    {
        if (IsAway)
        {
            context.Abort();
            return;
        }

        if (context.Request.Path.StartsWithSegments("/compute", StringComparison.Ordinal))
        {
            Interlocked.Increment(ref novaRequests);
            await NovaGate.WaitAsync(context.RequestAborted);
        }

        if (context.Request.Headers.TryGetValue("X-Openstack-Request-Id", out var id))
            RequestIds.Enqueue(id.ToString());
        context.Response.Headers["x-openstack-request-id"] = "req-" + Guid.NewGuid();
        await next(context);
    }

    private async Task IssueAsync(HttpContext context)
    {
        JsonNode? body = await JsonNode.ParseAsync(context.Request.Body);
        JsonNode? user = body?["auth"]?["identity"]?["password"]?["user"];
        if (RefusesService || user?["name"]?.GetValue<string>() != Username || user["password"]?.GetValue<string>() != Password)
        {
            await RefuseAsync(context, 401, "The request you have made requires authentication.");
            return;
        }

        // Any other than its own is asked for by its id.
        string? role = "service";
        if ((string?)body?["auth"]?["scope"]?["project"]?["id"] is { } project && !RolesOfService.TryGetValue(project, out role))
        {
            await RefuseAsync(context, 401, "The request you have made requires authentication.");
            return;
        }

        FakeToken token = Issue(Username, (string?)body?["auth"]?["scope"]?["project"]?["id"] ?? "service", role);
        context.Response.StatusCode = 201;
        context.Response.Headers["X-Subject-Token"] = token.Secret;
        await WriteAsync(context, Describe(token, withCatalog: true));
    }

    private async Task ValidateAsync(HttpContext context)
    {
        Interlocked.Increment(ref validations);
        await Gate;
        if (RefusesService || Good(context.Request.Headers["X-Auth-Token"].ToString(), allowExpired: false) is not { } own)
        {
            await RefuseAsync(context, 401, "The request you have made requires authentication.");
            return;
        }

        if (!own.Roles.Contains("service") && !own.Roles.Contains("admin"))
        {
            await RefuseAsync(context, 403, "You are not authorized to perform the requested action: identity:validate_token.");
            return;
        }

        bool allowExpired = context.Request.Query["allow_expired"] == "1";
        if (Good(context.Request.Headers["X-Subject-Token"].ToString(), allowExpired) is not { } subject)
        {
            await RefuseAsync(context, 404, "Could not find token.");
            return;
        }

        context.Response.Headers["X-Subject-Token"] = subject.Secret;
        await WriteAsync(context, Describe(subject, withCatalog: !context.Request.Query.ContainsKey("nocatalog")));
    }

    /// <summary>What a token stands for; null for one that does not count.</summary>
    public FakeToken? Of(string secret) => Good(secret, allowExpired: false);

    private FakeToken? Good(string secret, bool allowExpired) =>
        tokens.TryGetValue(secret, out FakeToken? token) && !token.IsRevoked
        && (token.ExpiresAt > time.GetUtcNow() || (allowExpired && token.ExpiresAt + s_expiredWindow > time.GetUtcNow()))
            ? token
            : null;

    private JsonObject Describe(FakeToken token, bool withCatalog)
    {
        var domain = new JsonObject { ["id"] = "default", ["name"] = "Default" };
        var body = new JsonObject
        {
            ["methods"] = new JsonArray("password"),
            ["user"] = new JsonObject { ["id"] = "id-of-" + token.User, ["name"] = token.User, ["domain"] = domain.DeepClone(), ["password_expires_at"] = null },
            ["audit_ids"] = new JsonArray("q4wtrQzLTFW0Zgy3DDug2Q"),
            ["issued_at"] = Text(time.GetUtcNow()),
            ["expires_at"] = Text(token.ExpiresAt),
        };
        if (token.Project is { } project)
        {
            body["project"] = new JsonObject { ["id"] = project, ["name"] = "name-of-" + project, ["domain"] = domain };
            body["roles"] = new JsonArray([.. token.Roles.Select(role => new JsonObject { ["id"] = "id-of-" + role, ["name"] = role })]);
        }

        if (withCatalog)
        {
            (string, string)[] services = [("compute", "/compute/v2.1"), ("placement", "/placement"), ("image", "/image")];
            body["catalog"] = new JsonArray([.. (HasHeat ? [.. services, ("orchestration", "/heat/v1/" + token.Project)] : services)
                .Select(service => new JsonObject
                {
                    ["type"] = service.Item1,
                    ["name"] = service.Item1,
                    ["endpoints"] = new JsonArray([.. new[] { "public", "internal", "admin" }.Select(face => new JsonObject
                    {
                        ["interface"] = face, ["region_id"] = "RegionOne", ["region"] = "RegionOne", ["url"] = Url + service.Item2,
                    })]),
                })]);
        }

        return new JsonObject { ["token"] = body };
    }

    private static string Text(DateTimeOffset moment) => moment.ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);

    private static Task RefuseAsync(HttpContext context, int status, string message)
    {
        context.Response.StatusCode = status;
        return WriteAsync(context, new JsonObject
        {
            ["error"] = new JsonObject { ["code"] = status, ["message"] = message, ["title"] = "refused" },
        });
    }

    private static Task WriteAsync(HttpContext context, JsonObject body)
    {
        context.Response.ContentType = "application/json";
        return context.Response.WriteAsync(body.ToJsonString());
    }
}
