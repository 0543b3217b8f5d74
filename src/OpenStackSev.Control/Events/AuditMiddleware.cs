using OpenStackSev.Control.Conventions;
using OpenStackSev.Control.Identity;

namespace OpenStackSev.Control.Events;

/// <summary>
/// One audit record for each request that would change something, refused ones too. It stands before what may refuse, and writes before the
/// answer goes out: whoever has the answer finds the record.
/// </summary>
public sealed class AuditMiddleware(RequestDelegate next, EventLog events, TimeProvider time)
{
    /// <summary>A name or an agent may be as long as its sender likes; a record may not.</summary>
    private const int LongestText = 200;

    public async Task InvokeAsync(HttpContext context)
    {
        bool written = false;
        Task WriteAsync()
        {
            if (!written && ChangesSomething(context))
                events.Write(Record(context));
            written = true;
            return Task.CompletedTask;
        }

        context.Response.OnStarting(WriteAsync);
        await next(context);
        // Of a request that was given up by its sender no answer starts.
        if (context.RequestAborted.IsCancellationRequested)
            await WriteAsync();
    }

    private static bool ChangesSomething(HttpContext context) =>
        !HttpMethods.IsGet(context.Request.Method) && !HttpMethods.IsHead(context.Request.Method) && !HttpMethods.IsOptions(context.Request.Method)
        && context.GetEndpoint()?.Metadata.GetMetadata<ReadsOnly>() is null
        && (context.Features.Get<NothingChanged>() is null || context.Response.StatusCode >= StatusCodes.Status400BadRequest);

    private AuditRecord Record(HttpContext context)
    {
        Caller? caller = context.Features.Get<Caller>();
        return new AuditRecord
        {
            Id = Guid.NewGuid(),
            Time = time.GetUtcNow(),
            Method = context.Request.Method,
            Path = Short(context.Request.Path.Value) ?? "/",
            Status = context.Response.StatusCode,
            RequestId = context.Features.Get<RequestIds>()?.Onward ?? context.TraceIdentifier,
            Target = context.Request.RouteValues.Values.FirstOrDefault() as string,
            InitiatorId = caller?.Node?.ToString() ?? caller?.UserId,
            InitiatorName = caller?.Node is null ? Short(caller?.Name) : null,
            ProjectId = caller?.ProjectId,
            Address = context.Connection.RemoteIpAddress?.ToString(),
            UserAgent = Short(context.Request.Headers.UserAgent.ToString()),
            IsNode = caller?.Node is not null,
        };
    }

    private static string? Short(string? text) => string.IsNullOrEmpty(text) ? null : text.Length <= LongestText ? text : text[..LongestText];
}

/// <summary>Of an endpoint: it takes a body, and changes nothing, or nothing that the history does not tell.</summary>
public sealed class ReadsOnly;

/// <summary>Of a request that went well: it would have changed something, and left all as it was.</summary>
public sealed class NothingChanged
{
    public static NothingChanged Here { get; } = new();
}
