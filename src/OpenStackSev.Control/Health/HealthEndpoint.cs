using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Conventions;

namespace OpenStackSev.Control.Health;

/// <summary>One part of the service that can be well or not.</summary>
public interface IHealthSource
{
    /// <summary>One word, e.g. <c>database</c>.</summary>
    string Name { get; }

    /// <summary>Null when it is well, else the reason in a few words. Quick, and never a question to another service.</summary>
    ValueTask<string?> TroubleAsync(CancellationToken ct);
}

/// <summary>What load balancers ask, as oslo.middleware answers it.</summary>
internal static class HealthEndpoint
{
    public static void MapHealth(this IEndpointRouteBuilder endpoints, HealthOptions options) =>
        endpoints.MapMethods("/healthcheck", [HttpMethods.Get, HttpMethods.Head], context => AnswerAsync(context, options)).AllowUnauthenticated();

    private static async Task AnswerAsync(HttpContext context, HealthOptions options)
    {
        if (options.DisableByFilePath is { } file && File.Exists(file))
        {
            await WriteAsync(context, StatusCodes.Status503ServiceUnavailable, "DISABLED BY FILE", []);
            return;
        }

        var parts = new List<(string Name, string? Trouble)>();
        foreach (IHealthSource source in context.RequestServices.GetServices<IHealthSource>())
            parts.Add((source.Name, await source.TroubleAsync(context.RequestAborted)));
        bool isWell = parts.TrueForAll(part => part.Trouble is null);
        await WriteAsync(context, isWell ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable, isWell ? "OK" : "UNAVAILABLE",
            options.Detailed ? parts : []);
    }

    private static Task WriteAsync(HttpContext context, int status, string reason, List<(string Name, string? Trouble)> parts)
    {
        context.Response.StatusCode = status;
        context.Response.Headers.CacheControl = "no-store";
        bool asksForJson = context.Request.Headers.Accept.ToString().Contains("application/json", StringComparison.OrdinalIgnoreCase);
        if (!asksForJson)
        {
            context.Response.ContentType = "text/plain; charset=UTF-8";
            return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(reason);
        }

        context.Response.ContentType = "application/json";
        var body = new System.Text.Json.Nodes.JsonObject { ["status"] = reason };
        if (parts.Count > 0)
        {
            body["parts"] = new System.Text.Json.Nodes.JsonObject(parts.Select(part =>
                KeyValuePair.Create(part.Name, (System.Text.Json.Nodes.JsonNode?)(part.Trouble ?? "OK"))));
        }

        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.WriteAsync(body.ToJsonString());
    }
}
