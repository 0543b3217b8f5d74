using System.Text.Json.Serialization;
using Refit;

namespace OpenStackSev.Api.Client;

/// <summary>What every client of the control plane has in common.</summary>
internal static class Connection
{
    public static HttpClient Open(HttpMessageHandler transport, Func<CancellationToken, ValueTask<Uri>> endpoint, AttestationClientOptions? options)
    {
        var handler = new AttestationHandler(endpoint, options ?? new AttestationClientOptions()) { InnerHandler = transport };
        // The address is replaced in the handler; HttpClient only insists on having one.
        return new HttpClient(handler) { BaseAddress = new Uri("http://service.invalid"), Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <param name="bodies">All that the client sends and gets.</param>
    public static RefitSettings Settings(JsonSerializerContext bodies) => new(new AttestationSerializer(bodies))
    {
        // A failed status never gets here, the handler threw. What remains is a good status with a body that is not the service's.
        DeserializationExceptionFactory = static (response, e) => ValueTask.FromResult<Exception?>(AttestationHandler.Malformed(response, e.Message)),
        TransportExceptionFactory = static (_, e, _) => e,
    };
}
