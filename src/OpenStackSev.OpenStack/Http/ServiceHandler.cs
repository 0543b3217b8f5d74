using System.Net;
using OpenStackSev.OpenStack.Keystone;

namespace OpenStackSev.OpenStack.Http;

/// <summary>Requests to one service: endpoint from the catalogue, token, microversion; a 401 renews the token once.</summary>
/// <param name="tokensOf">The tokens that a request is sent with; null stands for the version document.</param>
internal sealed class ServiceHandler(
    ServiceType service, CloudSettings cloud, Func<HttpRequestMessage?, TokenSource> tokensOf, HttpMessageHandler pipeline) : HttpMessageHandler
{
    private readonly HttpMessageInvoker invoker = new(pipeline);
    private readonly SemaphoreSlim negotiating = new(1, 1);

    /// <summary>Boxed, so that it is read whole without the lock.</summary>
    private object? negotiated;

    /// <summary>The lower one of our maximum and the service's; null for a service without microversions.</summary>
    public async Task<Microversion?> MicroversionAsync(CancellationToken ct)
    {
        if (service.Maximum is null)
            return null;
        if (Volatile.Read(ref negotiated) is Microversion known)
            return known;
        await negotiating.WaitAsync(ct);
        try
        {
            if (negotiated is Microversion meanwhile)
                return meanwhile;
            Microversion chosen = await NegotiateAsync(await EndpointAsync(ct), ct);
            Volatile.Write(ref negotiated, chosen);
            return chosen;
        }
        finally
        {
            negotiating.Release();
        }
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        TokenSource tokens = tokensOf(request);
        Token token = await tokens.GetAsync(cancellationToken);
        string endpoint = Endpoint(token);
        Microversion? version = await MicroversionAsync(cancellationToken);
        request.RequestUri = new Uri(endpoint + request.RequestUri!.PathAndQuery);
        if (service.MaximumResponseBytes is { } maximum)
            request.Options.Set(NetworkHandler.MaximumResponseBytes, maximum);
        if (version is not null && !request.Headers.Contains("OpenStack-API-Version"))
            request.Headers.Add("OpenStack-API-Version", $"{service.Name} {version}");

        HttpResponseMessage response = await SendAsync(request, token, cancellationToken);
        if (response.StatusCode == HttpStatusCode.Unauthorized)
        {
            response.Dispose();
            response = await SendAsync(request, await tokens.RenewAsync(token, cancellationToken), cancellationToken);
        }

        // The service became an older one under a daemon: this round fails, the next one asks again what it speaks.
        if (response.StatusCode == HttpStatusCode.NotAcceptable)
            Volatile.Write(ref negotiated, null);
        return await Failures.SuccessAsync(service.Name, cloud, request, response);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            invoker.Dispose();
            negotiating.Dispose();
        }

        base.Dispose(disposing);
    }

    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, Token token, CancellationToken ct)
    {
        request.Headers.Remove("X-Auth-Token");
        request.Headers.Add("X-Auth-Token", token.Secret);
        return Failures.SendAsync(service.Name, request, invoker.SendAsync, ct);
    }

    private async Task<string> EndpointAsync(CancellationToken ct) => Endpoint(await tokensOf(null).GetAsync(ct));

    private string Endpoint(Token token)
    {
        Uri found = cloud.EndpointOverrides.TryGetValue(service.Name, out Uri? configured)
            ? configured
            : ServiceCatalog.Find(token.Body, service, cloud);
        string url = found.AbsoluteUri.TrimEnd('/');
        // Glance is registered with and without its version, which our paths carry. Our paths for Nova do not, and an override may lack it.
        if (service == ServiceType.Image && url.EndsWith("/v2", StringComparison.Ordinal))
            return url[..^"/v2".Length];
        // An override cannot know whose token it is; the catalogue puts the project in.
        if (service == ServiceType.Orchestration && url.EndsWith("/v1", StringComparison.Ordinal) && token.Body.Project is { } project)
            return $"{url}/{project.Id}";
        return service == ServiceType.Compute && !found.AbsolutePath.Contains("/v2", StringComparison.Ordinal) ? url + "/v2.1" : url;
    }

    private async Task<Microversion> NegotiateAsync(string endpoint, CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, VersionDocument(endpoint));
        request.Headers.Add("Accept", "application/json");
        using HttpResponseMessage response = await Failures.SendAsync(service.Name, request, invoker.SendAsync, ct);
        // 300 Multiple Choices is how some services answer at their root.
        if (!response.IsSuccessStatusCode && response.StatusCode != HttpStatusCode.MultipleChoices)
            throw await Failures.OfAsync(service.Name, cloud, request, response);
        byte[] body = await response.Content.ReadAsByteArrayAsync(ct);
        if (!VersionDocuments.TryRead(body, out Microversion minimum, out Microversion maximum))
            throw Incompatible(request, response, "its version document names no microversions");
        Microversion chosen = maximum < service.Maximum!.Value ? maximum : service.Maximum.Value;
        return chosen >= service.Minimum!.Value && chosen >= minimum
            ? chosen
            : throw Incompatible(request, response, $"it speaks {minimum} to {maximum}, this program {service.Minimum} to {service.Maximum}");
    }

    private OpenStackApiException Incompatible(HttpRequestMessage request, HttpResponseMessage response, string detail) =>
        new(service.Name, Failures.Describe(request), response.StatusCode,
            OpenStackCodes.IncompatibleMicroversion, RequestIds.Of(response), detail);

    /// <summary>Nova's endpoint may end in the project's id; its version document is at <c>/v2.1/</c>.</summary>
    private static string VersionDocument(string endpoint)
    {
        int version = endpoint.IndexOf("/v2.1", StringComparison.Ordinal);
        return (version < 0 ? endpoint : endpoint[..(version + "/v2.1".Length)]) + "/";
    }
}
