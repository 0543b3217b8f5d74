using System.Net;
using OpenStackSev.OpenStack.Keystone;
using Polly.Timeout;

namespace OpenStackSev.OpenStack.Http;

/// <summary>For a client of its own of some service: adds the token, and renews it once after a 401. Every answer is passed on.</summary>
internal sealed class AuthenticatedHandler(TokenSource tokens, HttpMessageHandler pipeline) : HttpMessageHandler
{
    private readonly HttpMessageInvoker invoker = new(pipeline);

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Token token = await tokens.GetAsync(cancellationToken);
        HttpResponseMessage response = await SendAsync(request, token, cancellationToken);
        if (response.StatusCode != HttpStatusCode.Unauthorized)
            return response;
        response.Dispose();
        return await SendAsync(request, await tokens.RenewAsync(token, cancellationToken), cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            invoker.Dispose();
        base.Dispose(disposing);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, Token token, CancellationToken ct)
    {
        request.Headers.Remove("X-Auth-Token");
        request.Headers.Add("X-Auth-Token", token.Secret);
        try
        {
            return await invoker.SendAsync(request, ct);
        }
        // The caller knows neither the pipeline's exceptions nor ours.
        catch (TimeoutRejectedException e)
        {
            throw new TimeoutException($"no answer within {e.Timeout.TotalSeconds:0.#} s", e);
        }
        catch (AnswerTooLargeException e)
        {
            throw new HttpRequestException(HttpRequestError.ConfigurationLimitExceeded, e.Message, e);
        }
    }
}
