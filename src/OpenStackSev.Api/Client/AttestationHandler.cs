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
            if (response.IsSuccessStatusCode)
            {
                await response.Content.LoadIntoBufferAsync(options.MaximumResponseBytes, either.Token);
                return response;
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
                ? new AttestationApiException(Describe(request), response?.StatusCode, ClientCodes.AnswerTooLarge, response is null ? null : RequestIdOf(response),
                    $"the answer is larger than {options.MaximumResponseBytes} bytes", e)
                : new AttestationApiException(Describe(request), null, null, null, Unreachable(request, e), e);
        }
    }

    public static AttestationApiException Malformed(HttpResponseMessage response, Exception e) =>
        new(response.RequestMessage is { } request ? Describe(request) : "unknown request", response.StatusCode, ClientCodes.MalformedAnswer,
            RequestIdOf(response), "the answer is not what this request gets: " + Bounded(e.Message), e);

    private static async Task<AttestationApiException> OfAsync(HttpRequestMessage request, HttpResponseMessage response, CancellationToken ct)
    {
        byte[] body = new byte[LongestError];
        await using Stream stream = await response.Content.ReadAsStreamAsync(ct);
        int length = await stream.ReadAtLeastAsync(body, body.Length, throwOnEndOfStream: false, ct);
        ErrorItem? item = ItemOf(body.AsSpan(0, length));
        string detail = item?.Detail is { Length: > 0 } said ? said
            : response.Headers.Location is not null ? "it redirects elsewhere, which is not followed: the credentials would go along"
            : response.ReasonPhrase ?? "no explanation";
        return new AttestationApiException(Describe(request), response.StatusCode, item is null ? null : Bounded(item.Code, LongestWord),
            RequestIdOf(response) ?? item?.RequestId, Bounded(WithoutToken(detail, request)));
    }

    /// <summary>Null for what is not ours, such as the page of a proxy.</summary>
    private static ErrorItem? ItemOf(ReadOnlySpan<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, AttestationJson.Default.ErrorBody)?.Errors.FirstOrDefault(item => item is not null);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A proxy may repeat the request that it complains about.</summary>
    private static string WithoutToken(string text, HttpRequestMessage request)
    {
        if (request.Headers.TryGetValues("X-Auth-Token", out IEnumerable<string>? tokens))
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

    private static string? RequestIdOf(HttpResponseMessage response) =>
        response.Headers.TryGetValues(RequestIdHeader, out IEnumerable<string>? ids) ? Bounded(ids.First(), LongestWord) : null;

    private static string Describe(HttpRequestMessage request) =>
        $"{request.Method} {request.RequestUri!.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped)}";

    private static string Bounded(string text, int longest = LongestDetail)
    {
        string line = text.ReplaceLineEndings(" ").Trim();
        return line.Length <= longest ? line : line[..longest] + "…";
    }
}
