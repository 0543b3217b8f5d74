using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;

namespace OpenStackSev.OpenStack.Http;

/// <summary>Every request that leaves: counted, timed out, logged without secrets, its answer bounded.</summary>
internal sealed partial class NetworkHandler(HttpMessageInvoker network, OpenStackConnectionOptions options, ILogger log) : HttpMessageHandler
{
    /// <summary>Enough of an error's body to say what is wrong.</summary>
    private const int LongestError = 64 * 1024;

    private static readonly string Product = $"openstacksev/{typeof(NetworkHandler).Assembly.GetName().Version?.ToString(3)}";

    /// <summary>Of one request's answer, where that is less than of any.</summary>
    public static readonly HttpRequestOptionsKey<long> MaximumResponseBytes = new("openstack-maximum-response-bytes");

    private long count;

    public long Count => Interlocked.Read(ref count);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref count);
        if ((options.GlobalRequestIdOfCall?.Invoke() ?? options.GlobalRequestId) is { } globalId && !request.Headers.Contains(RequestIds.Header))
            request.Headers.Add(RequestIds.Header, globalId);
        if (request.Headers.UserAgent.Count == 0)
            request.Headers.Add("User-Agent", Product);
        // Content-Length instead of chunks: uwsgi, which serves most of OpenStack, reads a chunked body as an empty one.
        if (request.Content is not null)
            await request.Content.LoadIntoBufferAsync(cancellationToken);
        long started = Stopwatch.GetTimestamp();
        try
        {
            HttpResponseMessage response = await AttemptAsync(request, cancellationToken);
            LogAnswered(log, request.Method, Url(request), (int)response.StatusCode, Since(started), RequestIds.Of(response));
            return response;
        }
        catch (Exception e)
        {
            LogFailed(log, request.Method, Url(request), Since(started), e.Message);
            throw;
        }
    }

    private async Task<HttpResponseMessage> AttemptAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(options.AttemptTimeout, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        HttpResponseMessage? response = null;
        try
        {
            response = await network.SendAsync(request, either.Token);
            await BufferAsync(response, MaximumOf(request), either.Token);
            return response;
        }
        catch (Exception e)
        {
            response?.Dispose();
            if (e is OperationCanceledException && !cancellationToken.IsCancellationRequested)
                throw TimedOut(request, limit.IsCancellationRequested, e);
            throw;
        }
    }

    /// <summary>Ours, or the transport's: that one gives up connecting sooner, with an exception that looks like a cancellation.</summary>
    private HttpRequestException TimedOut(HttpRequestMessage request, bool ours, Exception e) => ours
        ? new(HttpRequestError.Unknown, $"no answer within {options.AttemptTimeout.TotalSeconds:0.#} s", e)
        : new(HttpRequestError.ConnectionError, $"no connection to {request.RequestUri?.Authority} in time", e);

    private long MaximumOf(HttpRequestMessage request) =>
        request.Options.TryGetValue(MaximumResponseBytes, out long own) ? Math.Min(own, options.MaximumResponseBytes) : options.MaximumResponseBytes;

    /// <summary>Reads the body here, where it is bounded and timed; what comes after only parses bytes.</summary>
    private static async Task BufferAsync(HttpResponseMessage response, long maximum, CancellationToken ct)
    {
        if (!response.IsSuccessStatusCode)
        {
            await CutAsync(response, ct);
            return;
        }

        try
        {
            await response.Content.LoadIntoBufferAsync(maximum, ct);
        }
        catch (HttpRequestException e) when (e.HttpRequestError == HttpRequestError.ConfigurationLimitExceeded)
        {
            throw new AnswerTooLargeException(response.StatusCode, RequestIds.Of(response), maximum, e);
        }
        catch (Exception e) when (IsUndecodable(e))
        {
            throw new HttpRequestException(HttpRequestError.InvalidResponse, "the answer does not decompress", e);
        }
    }

    /// <summary>An error is an error however long its text is: the beginning is kept, the rest is not read.</summary>
    private static async Task CutAsync(HttpResponseMessage response, CancellationToken ct)
    {
        byte[] beginning = new byte[LongestError];
        await using Stream stream = await response.Content.ReadAsStreamAsync(ct);
        int length = 0;
        try
        {
            length = await stream.ReadAtLeastAsync(beginning, LongestError, throwOnEndOfStream: false, ct);
        }
        catch (Exception e) when (e is IOException || IsUndecodable(e))
        {
            // Broken off: the status is worth more than the text.
        }

        var content = new ByteArrayContent(beginning, 0, length);
        content.Headers.ContentType = response.Content.Headers.ContentType;
        response.Content.Dispose();
        response.Content = content;
    }

    /// <summary>How gzip and deflate (the first) and brotli (the second) say that the bytes are not theirs.</summary>
    private static bool IsUndecodable(Exception e) => e is InvalidDataException or InvalidOperationException;

    private static string Url(HttpRequestMessage request) => Failures.Address(request.RequestUri);

    private static long Since(long started) => (long)Stopwatch.GetElapsedTime(started).TotalMilliseconds;

    [LoggerMessage(3001, LogLevel.Debug, "{Method} {Url} {Status} in {Milliseconds} ms, request {RequestId}")]
    private static partial void LogAnswered(ILogger logger, HttpMethod method, string url, int status, long milliseconds, string? requestId);

    [LoggerMessage(3002, LogLevel.Debug, "{Method} {Url} failed after {Milliseconds} ms: {Reason}")]
    private static partial void LogFailed(ILogger logger, HttpMethod method, string url, long milliseconds, string reason);
}

/// <summary>An answer over the limit. Not transient: it would be as large again.</summary>
internal sealed class AnswerTooLargeException(HttpStatusCode status, string? requestId, long limit, Exception inner)
    : Exception($"the answer is larger than {limit} bytes", inner)
{
    public HttpStatusCode Status { get; } = status;
    public string? RequestId { get; } = requestId;
}

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
    public const int LongestKept = 64;

    public static string? Of(HttpResponseMessage response) => Of(response.Headers);

    public static string? Of(HttpResponseHeaders headers) =>
        headers.TryGetValues(Header, out IEnumerable<string>? ids) || headers.TryGetValues("x-compute-request-id", out ids)
            ? Bounded(ids.First())
            : null;

    private static string Bounded(string id) => id.Length <= LongestKept ? id : id[..LongestKept];
}
