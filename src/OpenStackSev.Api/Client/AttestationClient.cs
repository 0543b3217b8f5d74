using Refit;

namespace OpenStackSev.Api.Client;

/// <summary>The control plane over some transport: one with a node's certificate, or one that adds a Keystone token.</summary>
public sealed class AttestationClient : IDisposable
{
    private readonly HttpClient http;

    /// <param name="transport">Disposed with the client.</param>
    /// <param name="endpoint">URL of the control plane; asked for at each request.</param>
    public AttestationClient(HttpMessageHandler transport, Func<CancellationToken, ValueTask<Uri>> endpoint, AttestationClientOptions? options = null)
    {
        var handler = new AttestationHandler(endpoint, options ?? new AttestationClientOptions()) { InnerHandler = transport };
        // The address is replaced in the handler; HttpClient only insists on having one.
        http = new HttpClient(handler) { BaseAddress = new Uri("http://service.invalid"), Timeout = Timeout.InfiniteTimeSpan };
        var settings = new RefitSettings(new AttestationSerializer());
        // A failed status never gets here, the handler threw. What remains is a good status with a body that is not the service's.
        settings.DeserializationExceptionFactory = static (response, e) =>
            ValueTask.FromResult<Exception?>(AttestationHandler.Malformed(response, e));
        settings.TransportExceptionFactory = static (_, e, _) => e;
        Api = RestService.ForGenerated<IAttestationApi>(http, settings);
    }

    public AttestationClient(HttpMessageHandler transport, Uri endpoint, AttestationClientOptions? options = null)
        : this(transport, _ => ValueTask.FromResult(endpoint), options)
    {
    }

    public IAttestationApi Api { get; }

    public void Dispose() => http.Dispose();
}
