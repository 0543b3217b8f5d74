using System.Diagnostics;
using OpenStackSev.Control.Identity;

namespace OpenStackSev.Control.Conventions;

/// <summary>Gives each request its id, tells it to the caller, and writes one line about how the request ended.</summary>
public sealed partial class RequestIdMiddleware(RequestDelegate next, ILogger<RequestIdMiddleware> log)
{
    private const int LongestPath = 200;

    public async Task InvokeAsync(HttpContext context)
    {
        RequestIds ids = RequestIds.New(context.Request.Headers[RequestIds.Header]);
        RequestIds.Current = ids;
        context.TraceIdentifier = ids.Local;
        context.Features.Set(ids);
        context.Response.Headers[RequestIds.Header] = ids.Local;
        using IDisposable? scope = log.BeginScope(new RequestScope(ids));
        long started = Stopwatch.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            Caller? caller = context.Features.Get<Caller>();
            LogAnswered(log, context.Request.Method, PathOf(context), context.Response.StatusCode,
                (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds, caller?.Name ?? "-", caller?.ProjectId ?? "-", ids.Local, ids.Global ?? "-");
        }
    }

    /// <summary>Escaped, so that nobody writes lines of his own into the log; without the query.</summary>
    private static string PathOf(HttpContext context)
    {
        string path = context.Request.Path.ToUriComponent();
        return path.Length <= LongestPath ? path : path[..LongestPath] + "…";
    }

    [LoggerMessage(4001, LogLevel.Information,
        "{Method} {Path} {Status} in {Milliseconds} ms for {Caller} of {Project}, request {RequestId}, global {GlobalRequestId}")]
    private static partial void LogAnswered(
        ILogger logger, string method, string path, int status, long milliseconds, string caller, string project, string requestId, string globalRequestId);
}

/// <summary>Puts the ids on every log line of a request.</summary>
internal sealed class RequestScope(RequestIds ids) : List<KeyValuePair<string, object?>>(
    [new("request_id", ids.Local), new("global_request_id", ids.Global)])
{
    public override string ToString() => ids.Local;
}
