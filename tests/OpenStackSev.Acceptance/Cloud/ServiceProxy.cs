using System.Net;

namespace OpenStackSev.Acceptance.Cloud;

/// <summary>An OpenStack service as a program under test reaches it, so that a test can take it away: then it answers 503, as a load balancer does.</summary>
public sealed class ServiceProxy : IAsyncDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { Timeout = TimeSpan.FromSeconds(30) };
    private readonly HttpListener listener = new();
    private readonly Func<string, string> rewrite;
    private readonly Uri service;
    private readonly Task serving;
    private int refused;
    private volatile bool isAway;

    /// <param name="service">Without a path.</param>
    /// <param name="rewrite">Of each body that the service answers with.</param>
    public ServiceProxy(Uri service, Func<string, string>? rewrite = null)
    {
        (this.service, this.rewrite) = (service, rewrite ?? (body => body));
        Url = new Uri($"http://127.0.0.1:{Ports.Free()}");
        listener.Prefixes.Add(Url.AbsoluteUri);
        listener.Start();
        serving = ServeAsync();
    }

    public Uri Url { get; }

    /// <summary>Requests that came to nothing since the service was taken away last.</summary>
    public int Refused => Volatile.Read(ref refused);

    public void Leave()
    {
        Volatile.Write(ref refused, 0);
        isAway = true;
    }

    public void Return() => isAway = false;

    public async ValueTask DisposeAsync()
    {
        listener.Stop();
        await serving;
        ((IDisposable)listener).Dispose();
        http.Dispose();
    }

    private async Task ServeAsync()
    {
        var answers = new List<Task>();
        try
        {
            while (true)
            {
                answers.Add(AnswerAsync(await listener.GetContextAsync()));
                answers.RemoveAll(answer => answer.IsCompletedSuccessfully);
            }
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            await Task.WhenAll(answers);
        }
    }

    private async Task AnswerAsync(HttpListenerContext context)
    {
        try
        {
            if (isAway)
            {
                Interlocked.Increment(ref refused);
                context.Response.StatusCode = (int)HttpStatusCode.ServiceUnavailable;
                context.Response.KeepAlive = false;
                context.Response.Close();
                return;
            }

            using HttpRequestMessage request = await RequestAsync(context.Request);
            using HttpResponseMessage answer = await http.SendAsync(request);
            await WriteAsync(answer, context.Response);
        }
        catch (Exception e) when (e is HttpRequestException or HttpListenerException or ObjectDisposedException or IOException)
        {
            context.Response.Abort();
        }
    }

    private async Task<HttpRequestMessage> RequestAsync(HttpListenerRequest asked)
    {
        var request = new HttpRequestMessage(new HttpMethod(asked.HttpMethod), new Uri(service, asked.RawUrl));
        if (asked.HasEntityBody)
        {
            using var body = new MemoryStream();
            await asked.InputStream.CopyToAsync(body);
            request.Content = new ByteArrayContent(body.ToArray());
        }

        foreach (string name in asked.Headers.AllKeys.OfType<string>().Where(name => name is not ("Host" or "Connection" or "Content-Length" or "Transfer-Encoding")))
        {
            if (!request.Headers.TryAddWithoutValidation(name, asked.Headers[name]))
                request.Content?.Headers.TryAddWithoutValidation(name, asked.Headers[name]);
        }

        return request;
    }

    private async Task WriteAsync(HttpResponseMessage answer, HttpListenerResponse response)
    {
        byte[] body = System.Text.Encoding.UTF8.GetBytes(rewrite(await answer.Content.ReadAsStringAsync()));
        response.StatusCode = (int)answer.StatusCode;
        response.KeepAlive = false;
        foreach ((string name, IEnumerable<string> values) in answer.Headers.Concat(answer.Content.Headers))
        {
            if (name is not ("Connection" or "Content-Length" or "Transfer-Encoding" or "Keep-Alive"))
                response.AddHeader(name, string.Join(", ", values));
        }

        response.ContentLength64 = body.Length;
        await response.OutputStream.WriteAsync(body);
        response.Close();
    }
}
