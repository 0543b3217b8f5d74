using System.Net;
using System.Net.Sockets;
using System.Text;

namespace OpenStackSev.Acceptance.Heat;

/// <summary>Where Glance's web-download finds an image: on port 80, since Glance fetches from no other unless told.</summary>
public sealed class ImageHost : IAsyncDisposable
{
    private readonly TcpListener listener;
    private readonly CancellationTokenSource stop = new();
    private readonly TaskCompletionSource open = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task serving;

    private ImageHost(IPAddress address)
    {
        listener = new TcpListener(address, 80);
        listener.Start();
        serving = ServeAsync();
    }

    public Uri Url => new($"http://{((IPEndPoint)listener.LocalEndpoint).Address}/image.raw");

    /// <summary>Somebody has come for the image.</summary>
    public bool Asked { get; private set; }

    /// <summary>At this machine's end of the link to the stack of 2026.2, where nobody else listens.</summary>
    public static ImageHost Start() => new(IPAddress.Parse("198.18.34.1"));

    /// <summary>Begins to answer. Not before Heat has set the image's properties: it does so while Glance fetches, and whichever of them writes last decides the image's status.</summary>
    public void Open() => open.TrySetResult();

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await serving;
        listener.Dispose();
        stop.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using TcpClient client = await listener.AcceptTcpClientAsync(stop.Token);
                await AnswerAsync(client.GetStream());
            }
        }
        catch (OperationCanceledException)
        {
            // the test ends
        }
    }

    private async Task AnswerAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        try
        {
            while (await reader.ReadLineAsync(stop.Token) is { Length: > 0 })
            {
                // whatever is asked for
            }

            Asked = true;
            await open.Task.WaitAsync(stop.Token);
            byte[] image = new byte[65536];
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                $"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {image.Length}\r\nConnection: close\r\n\r\n"), stop.Token);
            await stream.WriteAsync(image, stop.Token);
        }
        catch (IOException)
        {
            // Glance looks whether it is there, and asks again
        }
    }
}
