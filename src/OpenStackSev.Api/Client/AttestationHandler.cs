using System.Net;
using System.Security.Authentication;
using System.Text.Json;

namespace OpenStackSev.Api.Client;

/// <summary>Address, microversion, time-out and bound of each request; whatever goes wrong becomes the one exception of this boundary.</summary>
internal sealed class AttestationHandler(Func<CancellationToken, ValueTask<Uri>> endpoint, AttestationClientOptions options) : DelegatingHandler
{
    private const string Microversion = "attestation 1.0";
    private const string RequestIdHeader = "X-Openstack-Request-Id";
    private const int LongestDetail = 500;
    private const int LongestWord = 100;

    /// <summary>Enough of an error's body to say what is wrong.</summary>
    private const int LongestError = 64 * 1024;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.RequestUri = new Uri((await endpoint(cancellationToken)).AbsoluteUri.TrimEnd('/') + request.RequestUri!.PathAndQuery);
        request.Headers.TryAddWithoutValidation("OpenStack-API-Version", Microversion);
        // A length instead of chunks: what is bounded on the other side can be refused before it is read.
        if (request.Content is not null)
            await request.Content.LoadIntoBufferAsync(cancellationToken);
        using var limit = new CancellationTokenSource(options.Timeout, options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        HttpResponseMessage? response = null;
        try
        {
            response = await base.SendAsync(request, either.Token);
            response.RequestMessage ??= request;
            if (response.StatusCode == HttpStatusCode.NotModified && request.Headers.Contains("If-None-Match"))
                return response;
            if (response.IsSuccessStatusCode)
            {
                await response.Content.LoadIntoBufferAsync(options.MaximumResponseBytes, either.Token);
                // Refit would make an empty answer null, which none is; only what was deleted leaves nothing to say.
                bool isDone = request.Method == HttpMethod.Delete && response.StatusCode == HttpStatusCode.NoContent;
                return isDone || response.Content.Headers.ContentLength > 0 ? response : throw Malformed(response, "it is empty");
            }

            AttestationApiException refused = await OfAsync(request, response, either.Token);
            response.Dispose();
            throw refused;
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TimeoutException or OperationCanceledException)
        {
            response?.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw e is HttpRequestException { HttpRequestError: HttpRequestError.ConfigurationLimitExceeded }
                ? new AttestationApiException(Describe(request), response?.StatusCode, ClientCodes.AnswerTooLarge, response is null ? null : RequestIdOf(response, request),
                    $"the answer is larger than {options.MaximumResponseBytes} bytes", e)
                : new AttestationApiException(Describe(request), null, null, null, Unreachable(request, e), e);
        }
    }

    public static AttestationApiException Malformed(HttpResponseMessage response, string why)
    {
        HttpRequestMessage? request = response.RequestMessage;
        // A reader's message names the place in the answer, and so may hold words of it.
        return new AttestationApiException(request is null ? "unknown request" : Describe(request), response.StatusCode, ClientCodes.MalformedAnswer,
            RequestIdOf(response, request), "the answer is not what this request gets: " + Bounded(WithoutSecrets(why, request)));
    }

    private async Task<AttestationApiException> OfAsync(HttpRequestMessage request, HttpResponseMessage response, CancellationToken ct)
    {
        byte[] body = new byte[LongestError];
        await using Stream stream = await response.Content.ReadAsStreamAsync(ct);
        int length = await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, ct);
        ErrorItem? item = ItemOf(body.AsSpan(0, length));
        string detail = item?.Detail is { Length: > 0 } said ? said
            : response.Headers.Location is not null ? "it redirects elsewhere, which is not followed: the credentials would go along"
            : response.ReasonPhrase ?? "no explanation";
        string? code = item is null ? null : Bounded(WithoutSecrets(item.Code, request), LongestWord);
        string? requestId = RequestIdOf(response, request) ?? (item?.RequestId is { } id ? Bounded(WithoutSecrets(id, request), LongestWord) : null);
        return new AttestationApiException(Describe(request), response.StatusCode, code, requestId, Bounded(WithoutSecrets(detail, request)),
            retryAfter: RetryAfterOf(response));
    }

    /// <summary>Null for what is not ours, such as the page of a proxy.</summary>
    private static ErrorItem? ItemOf(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, GuestJson.Default.ErrorBody)?.Errors.FirstOrDefault(item => item is not null);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private TimeSpan? RetryAfterOf(HttpResponseMessage response) => response.Headers.RetryAfter switch
    {
        { Delta: { } seconds } => seconds,
        { Date: { } date } when date - options.Time.GetUtcNow() is { Ticks: >= 0 } left => left,
        _ => null,
    };

    /// <summary>A proxy may repeat the request that it complains about.</summary>
    private static string WithoutSecrets(string text, HttpRequestMessage? request)
    {
        if (request?.Headers.Authorization?.Parameter is { Length: > 3 } ticket)
            text = text.Replace(ticket, "***", StringComparison.Ordinal);
        if (request?.Headers.TryGetValues("X-Auth-Token", out IEnumerable<string>? tokens) == true)
        {
            foreach (string token in tokens.Where(token => token.Length > 3))
                text = text.Replace(token, "***", StringComparison.Ordinal);
        }

        return text;
    }

    private string Unreachable(HttpRequestMessage request, Exception e) => e switch
    {
        OperationCanceledException => $"no answer within {options.Timeout.TotalSeconds:0.#} s",
        HttpRequestException { InnerException: AuthenticationException inner } => $"TLS failed: {Bounded(inner.Message)}",
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => $"the name {request.RequestUri?.Host} does not resolve",
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } => $"cannot connect to {request.RequestUri?.Authority}: {Bounded(e.Message)}",
        _ => Bounded(e.Message),
    };

    private static string? RequestIdOf(HttpResponseMessage response, HttpRequestMessage? request) =>
        response.Headers.TryGetValues(RequestIdHeader, out IEnumerable<string>? ids) ? Bounded(WithoutSecrets(ids.First(), request), LongestWord) : null;

    private static string Describe(HttpRequestMessage request) =>
        $"{request.Method} {request.RequestUri!.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped)}";

    private static string Bounded(string text, int longest = LongestDetail)
    {
        string line = text.ReplaceLineEndings(" ").Trim();
        return line.Length <= longest ? line : line[..longest] + "…";
    }
}
