using Refit;

namespace OpenStackSev.Api.Client;

/// <summary>The control plane as a guest sees it: it knows one URL and its ticket.</summary>
/// <remarks>The ticket is in no exception of this client, also when the other side repeats it.</remarks>
public sealed class GuestClient : IDisposable
{
    private readonly HttpClient http;

    /// <param name="transport">Disposed with the client.</param>
    /// <param name="endpoint">URL of the control plane.</param>
    public GuestClient(HttpMessageHandler transport, Uri endpoint, AttestationClientOptions? options = null)
    {
        http = Connection.Open(transport, _ => ValueTask.FromResult(endpoint), options);
        Api = RestService.ForGenerated<IGuestApi>(http, Connection.Settings(GuestJson.Default));
    }

    public IGuestApi Api { get; }

    public void Dispose() => http.Dispose();
}
