namespace OpenStackSev.OpenStack.Http;

/// <summary>Requests to Keystone itself: at the configured address, each with the credentials that it carries.</summary>
internal sealed class KeystoneHandler(CloudSettings cloud, HttpMessageHandler pipeline) : HttpMessageHandler
{
    private readonly HttpMessageInvoker invoker = new(pipeline);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.RequestUri = new Uri(cloud.AuthUrl.AbsoluteUri.TrimEnd('/') + request.RequestUri!.PathAndQuery);
        HttpResponseMessage response = await Failures.SendAsync("identity", request, invoker.SendAsync, cancellationToken);
        return await Failures.SuccessAsync("identity", cloud, request, response);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            invoker.Dispose();
        base.Dispose(disposing);
    }
}
