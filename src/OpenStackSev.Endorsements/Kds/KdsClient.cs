using System.Net;
using System.Security.Authentication;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Endorsements.Kds;

/// <summary>Asks a key distribution service, once and at once. <see cref="KdsQueue"/> decides when, and what is tried again.</summary>
/// <remarks>
/// An answer is bounded in size and time and has the form of what was asked for; nobody has looked into it yet. Redirections are not followed.
/// </remarks>
public sealed class KdsClient : IDisposable
{
    private const int LongestDetail = 300;

    private static readonly string s_product = $"openstack-sev/{typeof(KdsClient).Assembly.GetName().Version?.ToString(3)}";

    private readonly KdsOptions _options;
    private readonly HttpClient _http;

    /// <param name="handler">The network, for tests; it is not disposed. Null for a network of its own.</param>
    /// <exception cref="ArgumentException">The address is not one of HTTP.</exception>
    public KdsClient(KdsOptions options, HttpMessageHandler? handler = null)
    {
        if (!options.Address.IsAbsoluteUri || (options.Address.Scheme != Uri.UriSchemeHttps && options.Address.Scheme != Uri.UriSchemeHttp)
            || options.Address.UserInfo.Length > 0 || options.Address.Query.Length > 0)
        {
            throw new ArgumentException($"'{options.Address}' is no address of a key distribution service; give one as https://kdsintf.amd.com",
                nameof(options));
        }
        _options = options;
        _http = new HttpClient(handler ?? OwnNetwork(), disposeHandler: handler is null) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Add("User-Agent", s_product);
    }

    public Uri Address => _options.Address;

    internal KdsOptions Options => _options;

    /// <summary>The VCEK of a chip at a TCB, DER.</summary>
    public Task<byte[]> FetchVcekAsync(ProductLine line, ReadOnlyMemory<byte> chipId, TcbVersion reportedTcb, CancellationToken ct = default) =>
        FetchAsync(KdsRequest.Vcek(line, chipId.Span, reportedTcb), ct);

    /// <summary>ASK and ARK, PEM.</summary>
    public Task<byte[]> FetchVcekChainAsync(ProductLine line, CancellationToken ct = default) => FetchAsync(KdsRequest.VcekChain(line), ct);

    /// <summary>ASVK and ARK, PEM.</summary>
    public Task<byte[]> FetchVlekChainAsync(ProductLine line, CancellationToken ct = default) => FetchAsync(KdsRequest.VlekChain(line), ct);

    /// <summary>The CRL published beside the VCEKs, DER.</summary>
    public Task<byte[]> FetchVcekRevocationsAsync(ProductLine line, CancellationToken ct = default) =>
        FetchAsync(KdsRequest.VcekRevocations(line), ct);

    /// <summary>The CRL published beside the VLEKs, DER.</summary>
    public Task<byte[]> FetchVlekRevocationsAsync(ProductLine line, CancellationToken ct = default) =>
        FetchAsync(KdsRequest.VlekRevocations(line), ct);

    /// <exception cref="KdsException">Anything but an answer of the right form.</exception>
    public async Task<byte[]> FetchAsync(KdsRequest request, CancellationToken ct = default)
    {
        using CancellationTokenSource limit = new(_options.AttemptTimeout, _options.Time);
        using CancellationTokenSource either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            using HttpRequestMessage message = new(HttpMethod.Get, _options.Address.AbsoluteUri.TrimEnd('/') + request.Path);
            using HttpResponseMessage response = await _http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, either.Token);
            if (response.StatusCode != HttpStatusCode.OK)
                throw Refusal(request, response);
            byte[] body = await ReadAsync(request, response, either.Token);
            return request.Accepts(body) ? body
                : throw Failure(request, response.StatusCode, KdsCodes.Malformed, $"{Shape(response, body.Length)} is not {Expected(request)}");
        }
        catch (OperationCanceledException e) when (!ct.IsCancellationRequested)
        {
            // Ours, or the transport's, which gives up connecting with an exception that looks like a cancellation.
            throw Failure(request, null, KdsCodes.Unreachable, limit.IsCancellationRequested
                ? $"no answer within {_options.AttemptTimeout.TotalSeconds:0.#} s" : "no connection in time", inner: e);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw Failure(request, null, KdsCodes.Unreachable, Describe(e), inner: e);
        }
    }

    public void Dispose() => _http.Dispose();

    internal KdsException Failure(KdsRequest request, HttpStatusCode? status, string code, string detail, TimeSpan? retryAfter = null, Exception? inner = null) =>
        new(_options.Address, request.Path, status, code, detail, retryAfter, inner);

    private KdsException Refusal(KdsRequest request, HttpResponseMessage response)
    {
        (string code, string detail) = response.StatusCode switch
        {
            HttpStatusCode.NotFound => (KdsCodes.NotFound, request.Document == KdsDocument.Vcek
                ? "it has no VCEK of this chip at this TCB" : "it does not have this"),
            HttpStatusCode.TooManyRequests => (KdsCodes.Throttled, "it was asked too often"),
            HttpStatusCode.RequestTimeout or >= HttpStatusCode.InternalServerError => (KdsCodes.Unavailable, "it is out of order"),
            >= HttpStatusCode.OK and < HttpStatusCode.MultipleChoices => (KdsCodes.Malformed, "an answer without what was asked for"),
            >= HttpStatusCode.MultipleChoices and < HttpStatusCode.BadRequest => (KdsCodes.Refused, "it redirects, which is not followed"),
            _ => (KdsCodes.Refused, "it refuses the request"),
        };
        return Failure(request, response.StatusCode, code, detail, RetryAfter(response));
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        TimeSpan? wait = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - _options.Time.GetUtcNow(),
            _ => null,
        };
        return wait > TimeSpan.Zero ? wait : null;
    }

    private async Task<byte[]> ReadAsync(KdsRequest request, HttpResponseMessage response, CancellationToken ct)
    {
        if (response.Content.Headers.ContentLength > request.MaximumSize)
            throw TooLarge();
        await using Stream stream = await response.Content.ReadAsStreamAsync(ct);
        using MemoryStream body = new();
        byte[] buffer = new byte[16 * 1024];
        while (await stream.ReadAsync(buffer, ct) is var read && read > 0)
        {
            if (body.Length + read > request.MaximumSize)
                throw TooLarge();
            body.Write(buffer, 0, read);
        }
        return body.ToArray();

        KdsException TooLarge() =>
            Failure(request, response.StatusCode, KdsCodes.Malformed, $"the answer is larger than {request.MaximumSize} bytes");
    }

    private static string Shape(HttpResponseMessage response, int size) =>
        response.Content.Headers.ContentType?.MediaType == "text/html" ? $"an HTML page of {size} bytes" : $"a body of {size} bytes";

    private static string Expected(KdsRequest request) => request.Document switch
    {
        KdsDocument.Chain => "two certificates in PEM",
        KdsDocument.Revocations => "a CRL in DER",
        _ => "a certificate in DER",
    };

    private static string Describe(Exception e) => e switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } => "its name does not resolve",
        HttpRequestException { InnerException: AuthenticationException inner } => $"TLS failed: {Bounded(inner.Message)}",
        _ => Bounded(e.Message),
    };

    private static string Bounded(string text)
    {
        string line = text.ReplaceLineEndings(" ").Trim();
        return line.Length <= LongestDetail ? line : line[..LongestDetail] + "…";
    }

    private static SocketsHttpHandler OwnNetwork() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(15),
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxResponseHeadersLength = 32,
    };
}
