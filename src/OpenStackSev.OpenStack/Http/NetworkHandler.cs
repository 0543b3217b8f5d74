using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace OpenStackSev.OpenStack.Http;

/// <summary>Every request that leaves: counted, timed out, logged without secrets, its answer bounded.</summary>
internal sealed partial class NetworkHandler(HttpMessageInvoker network, OpenStackConnectionOptions options, ILogger log) : HttpMessageHandler
{
    private long count;

    public long Count => Interlocked.Read(ref count);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref count);
        if (options.GlobalRequestId is { } globalId && !request.Headers.Contains(RequestIds.Header))
            request.Headers.Add(RequestIds.Header, globalId);
        // Content-Length instead of chunks: uwsgi, which serves most of OpenStack, reads a chunked body as an empty one.
        if (request.Content is not null)
            await request.Content.LoadIntoBufferAsync(cancellationToken);
        using var limit = new CancellationTokenSource(options.AttemptTimeout, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        long started = Stopwatch.GetTimestamp();
        try
        {
            HttpResponseMessage response = await network.SendAsync(request, either.Token);
            await BufferAsync(response, either.Token);
            LogAnswered(log, request.Method, request.RequestUri!.GetLeftPart(UriPartial.Path), (int)response.StatusCode,
                (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds, RequestIds.Of(response));
            return response;
        }
        catch (OperationCanceledException e) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new HttpRequestException(HttpRequestError.Unknown, $"no answer within {options.AttemptTimeout.TotalSeconds:0.#} s", e);
        }
    }

    /// <summary>Reads the body here, where it is bounded and timed; what comes after only parses bytes.</summary>
    private async Task BufferAsync(HttpResponseMessage response, CancellationToken ct)
    {
        try
        {
            await response.Content.LoadIntoBufferAsync(options.MaximumResponseBytes, ct);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            response.Dispose();
            throw new AnswerTooLargeException(options.MaximumResponseBytes, e);
        }
    }

    [LoggerMessage(3001, LogLevel.Debug, "{Method} {Url} {Status} in {Milliseconds} ms, request {RequestId}")]
    private static partial void LogAnswered(ILogger logger, HttpMethod method, string url, int status, long milliseconds, string? requestId);
}

/// <summary>An answer over the limit. Not transient: it would be as large again.</summary>
internal sealed class AnswerTooLargeException(long limit, Exception inner) : Exception($"the answer is larger than {limit} bytes", inner);

/// <summary>Passes on to a handler that somebody else disposes.</summary>
internal sealed class BorrowedHandler(HttpMessageHandler inner) : HttpMessageHandler
{
    private readonly HttpMessageInvoker invoker = new(inner, disposeHandler: false);

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
        invoker.SendAsync(request, cancellationToken);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            invoker.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>OpenStack's request ids: ours sent onward, the service's kept for its logs.</summary>
internal static class RequestIds
{
    public const string Header = "X-Openstack-Request-Id";
    private const int LongestKept = 64;

    public static string? Of(HttpResponseMessage response) =>
        response.Headers.TryGetValues(Header, out IEnumerable<string>? ids) || response.Headers.TryGetValues("x-compute-request-id", out ids)
            ? Bounded(ids.First())
            : null;

    private static string Bounded(string id) => id.Length <= LongestKept ? id : id[..LongestKept];
}
