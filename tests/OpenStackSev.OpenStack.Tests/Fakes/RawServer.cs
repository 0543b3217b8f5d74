using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace OpenStackSev.OpenStack.Tests.Fakes;

/// <summary>A server that does with a connection what no HTTP library would: silence, half an answer, a certificate of its own making.</summary>
internal sealed class RawServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _serving;

    /// <param name="answer">Sent as it is; null for silence. The connection stays open unless <paramref name="close"/> is set.</param>
    /// <param name="certificate">Null for plain HTTP.</param>
    public RawServer(string? answer, bool close = false, X509Certificate2? certificate = null)
    {
        _listener.Start();
        _serving = ServeAsync(answer, close, certificate);
    }

    public Uri Url(string scheme = "http") => new($"{scheme}://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/v3");

    /// <summary>Done when the first request has been read and the answer, if any, written.</summary>
    public Task Asked => _asked.Task;

    /// <summary>Bound and not listening, to the end of the tests: it refuses, and no other server gets its port.</summary>
    private static readonly Lazy<Socket> s_nobody = new(() =>
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return socket;
    });

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving;
        _listener.Dispose();
        _stop.Dispose();
    }

    /// <summary>Where nobody listens.</summary>
    public static Uri RefusingUrl() => new($"http://{s_nobody.Value.LocalEndPoint}/v3");

    private async Task ServeAsync(string? answer, bool close, X509Certificate2? certificate)
    {
        var connections = new List<Task>();
        try
        {
            while (true)
                connections.Add(ConnectionAsync(await _listener.AcceptTcpClientAsync(_stop.Token), answer, close, certificate));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ConnectionAsync(TcpClient client, string? answer, bool close, X509Certificate2? certificate)
    {
        using TcpClient owned = client;
        try
        {
            Stream stream = client.GetStream();
            if (certificate is not null)
            {
                var tls = new SslStream(stream);
                await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate }, _stop.Token);
                stream = tls;
            }

            byte[] buffer = new byte[16 * 1024];
            while (await stream.ReadAsync(buffer, _stop.Token) > 0)
            {
                if (answer is not null)
                {
                    await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), _stop.Token);
                    await stream.FlushAsync(_stop.Token);
                }

                _asked.TrySetResult();
                if (close)
                    return;
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or System.Security.Authentication.AuthenticationException)
        {
            // The client went away, or does not like the certificate: that is what the test is about.
        }
    }
}
