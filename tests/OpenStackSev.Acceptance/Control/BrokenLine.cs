using System.Net;
using System.Net.Sockets;

namespace OpenStackSev.Acceptance.Control;

/// <summary>A line to a server that can be cut without either side being told, as by a firewall or a switch that died, or closed.</summary>
internal sealed class BrokenLine : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource stop = new();
    private readonly Task accepting;
    private readonly (string Host, int Port) server;
    private volatile bool isCut;
    private volatile bool isClosed;
    private CancellationTokenSource open = new();

    public BrokenLine(string host, int port)
    {
        server = (host, port);
        listener.Start();
        accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)listener.LocalEndpoint).Port;

    /// <summary>From here on nothing passes, and new connections get no answer.</summary>
    public void Cut() => isCut = true;

    /// <summary>Only connections that are made from here on pass: what was lost in between is lost.</summary>
    public void Mend() => isCut = isClosed = false;

    /// <summary>Ends all connections, and each new one at once: both sides know of it immediately.</summary>
    public async Task CloseAsync()
    {
        isClosed = true;
        using CancellationTokenSource closed = Interlocked.Exchange(ref open, new CancellationTokenSource());
        await closed.CancelAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        listener.Stop();
        await accepting;
        stop.Dispose();
        open.Dispose();
    }

    private async Task AcceptAsync()
    {
        var lines = new List<Task>();
        try
        {
            while (true)
                lines.Add(CarryAsync(await listener.AcceptTcpClientAsync(stop.Token)));
        }
        catch (OperationCanceledException)
        {
            await Task.WhenAll(lines);
        }
    }

    private async Task CarryAsync(TcpClient client)
    {
        using (client)
        using (var onward = new TcpClient())
        using (var ended = CancellationTokenSource.CreateLinkedTokenSource(stop.Token, open.Token))
        {
            if (isClosed)
                return;
            var line = new Line();
            try
            {
                await onward.ConnectAsync(server.Host, server.Port, ended.Token);
                NetworkStream here = client.GetStream(), there = onward.GetStream();
                await Task.WhenAny(CopyAsync(here, there, line, ended.Token), CopyAsync(there, here, line, ended.Token));
                await ended.CancelAsync();
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException)
            {
                // One side ended.
            }
        }
    }

    private async Task CopyAsync(NetworkStream from, NetworkStream to, Line line, CancellationToken ct)
    {
        byte[] buffer = new byte[64 * 1024];
        try
        {
            int count;
            while ((count = await from.ReadAsync(buffer, ct)) > 0)
            {
                line.WasCut |= isCut;
                if (!line.WasCut)
                    await to.WriteAsync(buffer.AsMemory(0, count), ct);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // One side ended.
        }
    }

    private sealed class Line
    {
        public bool WasCut { get; set; }
    }
}
