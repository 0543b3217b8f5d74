using System.Net;
using System.Net.Http.Headers;

namespace OpenStackSev.Guest.Instructions;

/// <summary>Nova's metadata service, without proxies, redirects and credentials.</summary>
internal sealed class MetadataService : IMetadataPlace, IDisposable
{
    public static readonly Uri Usual = new("http://169.254.169.254/openstack/latest/");

    /// <summary>Nova itself waits up to ten seconds for what stands behind vendordata.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(20);

    private readonly HttpClient http;
    private readonly Uri address;
    private readonly TimeProvider time;

    /// <param name="transport">Disposed with this.</param>
    public MetadataService(HttpMessageHandler transport, Uri address, TimeProvider time)
    {
        this.address = address.AbsoluteUri.EndsWith('/') ? address : new Uri(address.AbsoluteUri + "/");
        this.time = time;
        http = new HttpClient(transport) { Timeout = Timeout.InfiniteTimeSpan };
    }

    public static SocketsHttpHandler Transport() => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        ConnectTimeout = TimeSpan.FromSeconds(5),
        MaxResponseHeadersLength = 16,
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(5),
    };

    public async Task<PlacedDocument> FetchAsync(string name, CancellationToken ct)
    {
        (ReadOnlyMemory<byte>? content, _) = await GetAsync(name, validator: null, ct);
        return new PlacedDocument(PlaceOf(name), content);
    }

    public string PlaceOf(string name) => new Uri(address, name).AbsoluteUri;

    /// <param name="validator">ETag of the document that is known; null for none.</param>
    /// <returns>Null content when there is no such document, or it is still the one that is known.</returns>
    /// <exception cref="InstructionsException">The service does not answer, or answers too much.</exception>
    public async Task<(ReadOnlyMemory<byte>? Content, EntityTagHeaderValue? Validator)> GetAsync(string name, EntityTagHeaderValue? validator, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(s_patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(address, name));
        if (validator is not null)
            request.Headers.IfNoneMatch.Add(validator);
        try
        {
            using HttpResponseMessage response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            if (response.StatusCode == HttpStatusCode.OK)
                return (await ReadAsync(response, name, either.Token), response.Headers.ETag);
            // In a bare (null, …) the null would become a document of no bytes.
            ReadOnlyMemory<byte>? nothing = new ReadOnlyMemory<byte>?();
            return response.StatusCode switch
            {
                HttpStatusCode.NotModified => (nothing, validator),
                HttpStatusCode.NotFound => (nothing, null),
                _ => throw Unreachable(name, $"it answers {(int)response.StatusCode}"),
            };
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            ct.ThrowIfCancellationRequested();
            throw Unreachable(name, e is OperationCanceledException ? $"no answer within {s_patience.TotalSeconds} s" : e.Message.ReplaceLineEndings(" ").TrimEnd('.'));
        }
    }

    public void Dispose() => http.Dispose();

    private async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage response, string name, CancellationToken ct)
    {
        await using Stream stream = await response.Content.ReadAsStreamAsync(ct);
        using var content = new MemoryStream();
        byte[] piece = new byte[16 * 1024];
        while (await stream.ReadAsync(piece, ct) is > 0 and int read)
        {
            content.Write(piece, 0, read);
            if (content.Length > InstructionsReading.LargestDocument)
                throw new InstructionsException(InstructionsCodes.Malformed, $"{PlaceOf(name)}: it is larger than {InstructionsReading.LargestDocument} bytes");
        }

        return content.GetBuffer().AsMemory(0, (int)content.Length);
    }

    private InstructionsException Unreachable(string name, string why) => new(InstructionsCodes.Unreachable, $"{PlaceOf(name)}: {why}");
}
