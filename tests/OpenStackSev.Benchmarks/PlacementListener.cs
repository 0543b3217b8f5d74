using System.Net;
using OpenStackSev.Agent.Tests.Fakes;

namespace OpenStackSev.Benchmarks;

/// <summary>A <see cref="FakePlacement"/> on a loopback port, for a program that has a process of its own.</summary>
internal sealed class PlacementListener : IDisposable
{
    private const int Attempts = 20;
    private readonly HttpListener listener;
    private readonly HttpMessageInvoker placement;

    private PlacementListener(HttpListener listener, string url, FakePlacement placement)
    {
        this.listener = listener;
        this.placement = new HttpMessageInvoker(placement, disposeHandler: false);
        Url = url;
        _ = ServeAsync();
    }

    /// <summary>Without a slash at the end.</summary>
    public string Url { get; }

    public static PlacementListener Start(FakePlacement placement)
    {
        for (int attempt = 1; ; attempt++)
        {
            string url = $"http://127.0.0.1:{Random.Shared.Next(20_000, 32_000)}";
            var candidate = new HttpListener { Prefixes = { url + "/" } };
            try
            {
                candidate.Start();
                return new PlacementListener(candidate, url, placement);
            }
            catch (HttpListenerException) when (attempt < Attempts)
            {
                // The port is taken: another one.
                candidate.Close();
            }
        }
    }

    public void Dispose()
    {
        listener.Close();
        placement.Dispose();
    }

    private async Task ServeAsync()
    {
        while (listener.IsListening)
        {
            HttpListenerContext context;
            try
            {
                context = await listener.GetContextAsync();
            }
            catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            await AnswerAsync(context);
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        using var request = new HttpRequestMessage(new HttpMethod(context.Request.HttpMethod), context.Request.Url);
        foreach (string name in context.Request.Headers.AllKeys.OfType<string>())
            request.Headers.TryAddWithoutValidation(name, context.Request.Headers[name]);
        using var body = new MemoryStream();
        await context.Request.InputStream.CopyToAsync(body);
        if (body.Length > 0)
            request.Content = new ByteArrayContent(body.ToArray());

        using HttpResponseMessage answer = await placement.SendAsync(request, CancellationToken.None);
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach ((string name, IEnumerable<string> values) in answer.Headers)
            context.Response.Headers[name] = string.Join(", ", values);
        context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
        byte[] bytes = await answer.Content.ReadAsByteArrayAsync();
        context.Response.ContentLength64 = bytes.Length;
        await context.Response.OutputStream.WriteAsync(bytes);
        context.Response.Close();
    }
}
