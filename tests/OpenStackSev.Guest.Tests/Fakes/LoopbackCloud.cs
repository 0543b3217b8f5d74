using System.Net;
using System.Net.Sockets;

namespace OpenStackSev.Guest.Tests.Fakes;

/// <summary>Metadata service and control plane over real HTTP on 127.0.0.1, below two paths.</summary>
internal sealed class LoopbackCloud : IAsyncDisposable
{
    private readonly HttpListener listener;
    private readonly Task serving;

    public LoopbackCloud()
    {
        listener = Listen(out int port);
        Metadata = new Uri($"http://127.0.0.1:{port}/openstack/latest/");
        Url = new Uri($"http://127.0.0.1:{port}/attestation");
        Documents["vendor_data2.json"] = $$"""
            { "static": {}, "sev": { "openstack_sev": { "url": "{{Url}}", "ticket": "{{Given.Ticket}}", "instance": "{{Given.Instance}}" } } }
            """;
        Documents["meta_data.json"] = $$"""{ "uuid": "{{Given.Instance}}", "meta": {} }""";
        serving = ServeAsync();
    }

    public FakeControlPlane Control { get; } = new();
    public Uri Metadata { get; }
    public Uri Url { get; }

    /// <summary>Of the metadata service, by name.</summary>
    public Dictionary<string, string> Documents { get; } = new(StringComparer.Ordinal);

    /// <summary>Of the metadata service: answers in its place when it does not return null.</summary>
    public Func<string, HttpResponseMessage?>? Instead { get; set; }

    public async ValueTask DisposeAsync()
    {
        listener.Close();
        await serving;
        Control.Dispose();
    }

    private static HttpListener Listen(out int port)
    {
        while (true)
        {
            using (var probe = new TcpListener(IPAddress.Loopback, 0))
            {
                probe.Start();
                port = ((IPEndPoint)probe.LocalEndpoint).Port;
            }

            var started = new HttpListener { Prefixes = { $"http://127.0.0.1:{port}/" } };
            try
            {
                started.Start();
                return started;
            }
            catch (HttpListenerException)
            {
                // Somebody else took the port meanwhile.
            }
        }
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
                _ = AnswerAsync(await listener.GetContextAsync());
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // Closed.
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        string path = context.Request.Url!.AbsolutePath;
        // All of it before it is answered: who asked may be killed meanwhile.
        using var request = new MemoryStream();
        await context.Request.InputStream.CopyToAsync(request);
        request.Position = 0;
        using HttpResponseMessage answer = path.StartsWith("/attestation", StringComparison.Ordinal)
            ? await Control.AnswerAsync(path["/attestation".Length..], context.Request.Headers["Authorization"]?.Replace("Bearer ", "", StringComparison.Ordinal),
                request, CancellationToken.None)
            : Instead?.Invoke(path) ?? (Documents.TryGetValue(path.Split('/')[^1], out string? document) ? FakeControlPlane.Json(document) : new HttpResponseMessage(HttpStatusCode.NotFound));
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach ((string name, IEnumerable<string> values) in answer.Headers)
            context.Response.Headers[name] = string.Join(',', values);
        byte[] body = await answer.Content.ReadAsByteArrayAsync();
        context.Response.ContentLength64 = body.Length;
        await context.Response.OutputStream.WriteAsync(body);
        context.Response.Close();
    }
}
