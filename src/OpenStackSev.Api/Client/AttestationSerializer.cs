using System.Net.Http.Headers;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Refit;

namespace OpenStackSev.Api.Client;

/// <summary>Bodies of one of our contexts: UTF-8 whatever a header says, and never null.</summary>
internal sealed class AttestationSerializer(JsonSerializerContext bodies) : IHttpContentSerializer
{
    public HttpContent ToHttpContent<T>(T item)
    {
        var content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(item, Of<T>()));
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        return content;
    }

    public async Task<T?> FromHttpContentAsync<T>(HttpContent content, CancellationToken cancellationToken = default)
    {
        byte[] body = await content.ReadAsByteArrayAsync(cancellationToken);
        return JsonSerializer.Deserialize(body, Of<T>()) ?? throw new JsonException("it is null");
    }

    public string? GetFieldNameForProperty(PropertyInfo propertyInfo) => null;

    private JsonTypeInfo<T> Of<T>() => (JsonTypeInfo<T>)(bodies.GetTypeInfo(typeof(T))
        ?? throw new InvalidOperationException($"{typeof(T)} is not in {bodies.GetType().Name}"));
}
