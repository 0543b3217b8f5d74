using System.Net;
using System.Security.Authentication;
using System.Text.Json;
using Polly.Timeout;
using Refit;

namespace OpenStackSev.OpenStack.Http;

/// <summary>Turns whatever went wrong with a request into the one exception of this boundary.</summary>
internal static class Failures
{
    private const int LongestDetail = 500;
    private const int LongestCode = 100;

    /// <summary>Replacing a shorter one would garble the text and tell what it is.</summary>
    private const int ShortestSecret = 4;


    /// <summary>Refit's own exceptions never leave: ours know the service, its code and its request id.</summary>
    public static RefitSettings Settings()
    {
        var settings = new RefitSettings(new BodySerializer());
        // A failed status never gets here, the handlers threw. What remains is a good status with a body that is not the service's.
        settings.DeserializationExceptionFactory = static (response, e) =>
            ValueTask.FromResult<Exception?>(Malformed(response.RequestMessage, response, e.Message, e));
        settings.TransportExceptionFactory = static (request, e, ct) => e;
        return settings;
    }

    /// <summary>Sends, and throws on anything but success.</summary>
    public static async Task<HttpResponseMessage> SendAsync(
        string service, HttpRequestMessage request,
        Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> send, CancellationToken ct)
    {
        request.Options.Set(ServiceKey, service);
        HttpResponseMessage response;
        try
        {
            response = await send(request, ct);
        }
        catch (Exception e) when (e is HttpRequestException or TimeoutRejectedException or IOException)
        {
            throw new OpenStackApiException(service, Describe(request), null, null, null, Unreachable(request, e), e);
        }
        catch (AnswerTooLargeException e)
        {
            throw new OpenStackApiException(service, Describe(request), e.Status, OpenStackCodes.AnswerTooLarge, e.RequestId, e.Message, e);
        }

        response.RequestMessage ??= request;
        return response;
    }

    /// <summary>A successful answer; throws on any other.</summary>
    public static async Task<HttpResponseMessage> SuccessAsync(
        string service, CloudSettings cloud, HttpRequestMessage request, HttpResponseMessage response)
    {
        // The client takes a missing body for a null one. 201 and 204 may lack it where nobody reads it.
        bool needsBody = response.StatusCode == HttpStatusCode.OK || request.Method == HttpMethod.Get;
        if (response.IsSuccessStatusCode && (!needsBody || response.Content.Headers.ContentLength > 0))
            return response;
        using (response)
        {
            throw response.IsSuccessStatusCode
                ? Malformed(request, response, "it is empty", null)
                : await OfAsync(service, cloud, request, response);
        }
    }

    /// <summary>The exception for an answer with an error status. Reads the body, which is in memory already.</summary>
    public static async Task<OpenStackApiException> OfAsync(
        string service, CloudSettings cloud, HttpRequestMessage request, HttpResponseMessage response)
    {
        byte[] body = await response.Content.ReadAsByteArrayAsync(CancellationToken.None);
        (string? code, string? detail, string? requestId) = ErrorBody.Read(body);
        // Redirects are not followed: the token would go along.
        string? elsewhere = response.Headers.Location is { } location
            ? $"it redirects to {(Uri.TryCreate(request.RequestUri, location, out Uri? target) ? Address(target) : "what is no URL")}"
            : null;
        string text = elsewhere ?? (string.IsNullOrWhiteSpace(detail) ? response.ReasonPhrase : detail) ?? "";
        return new OpenStackApiException(service, Describe(request), response.StatusCode,
            Shown(code, LongestCode), Shown(RequestIds.Of(response) ?? requestId, RequestIds.LongestKept),
            Shown(text.Length > 0 ? text : "no explanation", LongestDetail)!);

        string? Shown(string? said, int longest) => said is null ? null : Bounded(WithoutSecrets(said, cloud, request), longest);
    }

    /// <summary>A good status with a body that is not the service's.</summary>
    public static OpenStackApiException Malformed(HttpRequestMessage? request, HttpResponseMessage response, string what, Exception? e) =>
        new(ServiceOf(request), Describe(request), response.StatusCode, OpenStackCodes.MalformedAnswer, RequestIds.Of(response),
            $"the answer is not what this request gets: {Bounded(what)}", e);

    /// <summary>Scheme, host and path: a query or a user could hold what nobody else should read.</summary>
    public static string Address(Uri? url) =>
        url is null ? "no URL" : url.GetComponents(UriComponents.SchemeAndServer | UriComponents.Path, UriFormat.UriEscaped);

    public static string Describe(HttpRequestMessage? request) =>
        request is null ? "unknown request" : $"{request.Method} {Address(request.RequestUri)}";

    /// <summary>Some proxies and debug pages repeat the request that they complain about.</summary>
    private static string WithoutSecrets(string text, CloudSettings cloud, HttpRequestMessage request)
    {
        IEnumerable<string?> secrets = [cloud.Password, cloud.Token, cloud.ApplicationCredentialSecret];
        foreach (string header in (string[])["X-Auth-Token", "X-Subject-Token"])
            secrets = secrets.Concat(request.Headers.TryGetValues(header, out IEnumerable<string>? values) ? values : []);
        foreach (string secret in secrets.OfType<string>().Where(secret => secret.Length >= ShortestSecret))
            text = text.Replace(secret, "***", StringComparison.Ordinal);
        return text;
    }

    private static readonly HttpRequestOptionsKey<string> ServiceKey = new("openstack-service");

    private static string ServiceOf(HttpRequestMessage? request) =>
        request is not null && request.Options.TryGetValue(ServiceKey, out string? service) ? service : "openstack";

    private static string Unreachable(HttpRequestMessage request, Exception e) => e switch
    {
        TimeoutRejectedException timeout => $"no answer within {timeout.Timeout.TotalSeconds:0.#} s",
        HttpRequestException { HttpRequestError: HttpRequestError.NameResolutionError } =>
            $"the name {request.RequestUri?.Host} does not resolve",
        HttpRequestException { InnerException: AuthenticationException inner } =>
            $"TLS failed: {Bounded(inner.Message)}; if the cloud has a CA of its own, name it in cacert of clouds.yaml",
        HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError } =>
            $"cannot connect to {request.RequestUri?.Authority}: {Bounded(e.Message)}",
        _ => Bounded(e.Message),
    };

    private static string Bounded(string text, int longest = LongestDetail)
    {
        string line = text.ReplaceLineEndings(" ").Trim();
        return line.Length <= longest ? line : line[..longest] + "…";
    }
}

/// <summary>What the services' error bodies say: Placement's <c>errors</c>, Nova's one-key objects, Keystone's <c>error</c>, Heat's with the exception's <c>type</c> in it, plain text, HTML.</summary>
internal static class ErrorBody
{
    public static (string? Code, string? Detail, string? RequestId) Read(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty)
            return default;
        try
        {
            var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = 16 });
            using JsonDocument document = JsonDocument.ParseValue(ref reader);
            return OfJson(document.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string in it is not UTF-8.
            return (null, OfText(System.Text.Encoding.UTF8.GetString(body)), null);
        }
    }

    private static (string? Code, string? Detail, string? RequestId) OfJson(JsonElement root)
    {
        if (root.ValueKind != JsonValueKind.Object)
            return default;
        if (root.TryGetProperty("errors", out JsonElement errors) && errors.ValueKind == JsonValueKind.Array && errors.GetArrayLength() > 0)
        {
            JsonElement first = errors[0];
            return (Text(first, "code"), Text(first, "detail") ?? Text(first, "title"), Text(first, "request_id"));
        }

        foreach (JsonProperty property in root.EnumerateObject())
        {
            if (Text(property.Value, "message") is { } message)
                return (property.Name == "error" ? Text(property.Value, "type") : property.Name, message, null);
        }

        return (null, Text(root, "message"), null);
    }

    private static string? Text(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>Glance and proxies answer in HTML: the tags say nothing.</summary>
    private static string OfText(string text)
    {
        var plain = new System.Text.StringBuilder(text.Length);
        bool inTag = false;
        foreach (char c in text)
        {
            if (c is '<' or '>')
            {
                inTag = c == '<';
                plain.Append(' ');
            }
            else if (!inTag)
            {
                plain.Append(char.IsControl(c) ? ' ' : c);
            }
        }

        return string.Join(' ', WebUtility.HtmlDecode(plain.ToString()).Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }
}
