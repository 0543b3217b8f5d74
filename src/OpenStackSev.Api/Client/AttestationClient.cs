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
        http = Connection.Open(transport, endpoint, options);
        Api = RestService.ForGenerated<IAttestationApi>(http, Connection.Settings(AttestationJson.Default));
    }

    public AttestationClient(HttpMessageHandler transport, Uri endpoint, AttestationClientOptions? options = null)
        : this(transport, _ => ValueTask.FromResult(endpoint), options)
    {
    }

    public IAttestationApi Api { get; }

    public void Dispose() => http.Dispose();
}
