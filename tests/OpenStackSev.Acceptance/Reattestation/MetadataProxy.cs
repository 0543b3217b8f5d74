using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using OpenStackSev.Acceptance.Cloud;

namespace OpenStackSev.Acceptance.Reattestation;

/// <summary>Between a guest and Nova's metadata API, as Neutron's proxy is: it says whose request it is, and signs that.</summary>
public sealed class MetadataProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(30) };
    private readonly CancellationTokenSource stop = new();
    private readonly Uri nova;
    private readonly string instance;
    private readonly string project;
    private readonly Task serving;

    public MetadataProxy(string instance, string project)
    {
        (this.instance, this.project) = (instance, project);
        nova = new Uri($"http://{Stack.Setting("IP")}:{Stack.Setting("MPORT")}");
        listener.Start();
        serving = ServeAsync();
    }

    public Uri Url => new($"http://{listener.LocalEndpoint}/openstack/latest/");

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await serving;
        listener.Dispose();
        http.Dispose();
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

    /// <summary>One request a connection.</summary>
    private async Task AnswerAsync(NetworkStream stream)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        try
        {
            if ((await reader.ReadLineAsync(stop.Token))?.Split(' ') is not ["GET", string path, ..])
                return;
            while (await reader.ReadLineAsync(stop.Token) is { Length: > 0 })
            {
                // no header of the guest's goes on
            }

            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(nova, path));
            request.Headers.Add("X-Instance-ID", instance);
            request.Headers.Add("X-Tenant-ID", project);
            request.Headers.Add("X-Instance-ID-Signature", Convert.ToHexStringLower(
                HMACSHA256.HashData(Encoding.ASCII.GetBytes(Stack.Setting("PASSWORD")), Encoding.ASCII.GetBytes(instance))));
            using HttpResponseMessage response = await http.SendAsync(request, stop.Token);
            byte[] body = await response.Content.ReadAsByteArrayAsync(stop.Token);
            await stream.WriteAsync(Encoding.ASCII.GetBytes(
                $"HTTP/1.1 {(int)response.StatusCode} X\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"), stop.Token);
            await stream.WriteAsync(body, stop.Token);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            // the guest asks again
        }
    }
}
