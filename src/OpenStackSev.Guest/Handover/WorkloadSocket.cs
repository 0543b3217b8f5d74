using System.Net.Sockets;
using System.Text.Json;

namespace OpenStackSev.Guest.Handover;

/// <summary>The unix socket on which the workload asks. Who may connect, the file's mode decides: it speaks for this instance.</summary>
internal sealed class WorkloadSocket : IDisposable
{
    private const UnixFileMode Mode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;
    private const int MostConnections = 16;

    /// <summary>A report may have to wait for the host.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly Socket listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly SemaphoreSlim room = new(MostConnections);
    private readonly Workload workload;
    private readonly TimeProvider time;

    /// <summary>Listens.</summary>
    /// <exception cref="IOException">The folder is not there.</exception>
    /// <exception cref="SocketException">It cannot be listened to.</exception>
    public WorkloadSocket(string path, Workload workload, TimeProvider time)
    {
        (this.workload, this.time) = (workload, time);
        // One that a killed process left. Whether another one lives was decided by the lock of the folder.
        File.Delete(path);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        File.SetUnixFileMode(path, Mode);
        listener.Listen(MostConnections);
    }

    public async Task RunAsync(CancellationToken ct)
    {
        while (true)
        {
            await room.WaitAsync(ct);
            Socket connection = await listener.AcceptAsync(ct);
            _ = ServeAsync(connection, ct);
        }
    }

    public void Dispose()
    {
        listener.Dispose();
        room.Dispose();
    }

    /// <summary>One request of one process. What goes wrong with it is the affair of who asked.</summary>
    private async Task ServeAsync(Socket connection, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(s_patience, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        try
        {
            using (connection)
            {
                await using var stream = new NetworkStream(connection);
                SocketAnswer answer = await SocketLine.ReadAsync(stream, SocketRequest.LongestLine, either.Token) is { } line && Parse(line) is { } request
                    ? await workload.AnswerAsync(request, either.Token)
                    : Workload.Refused(new Refusal(SocketCodes.Malformed, $"ask with one line of JSON, not longer than {SocketRequest.LongestLine} bytes"));
                await stream.WriteAsync(SocketLine.Of(JsonSerializer.SerializeToUtf8Bytes(answer, SocketJson.Default.SocketAnswer)), either.Token);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // It went away, or took too long.
        }
        finally
        {
            if (!ct.IsCancellationRequested)
                room.Release();
        }
    }

    private static SocketRequest? Parse(byte[] line)
    {
        try
        {
            return JsonSerializer.Deserialize(line, SocketJson.Default.SocketRequest);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}

/// <summary>Lines on the socket.</summary>
internal static class SocketLine
{
    public static byte[] Of(byte[] content) => [.. content, (byte)'\n'];

    /// <returns>Without its end; null when none came, or it is longer than <paramref name="longest"/>.</returns>
    public static async Task<byte[]?> ReadAsync(Stream stream, int longest, CancellationToken ct)
    {
        using var line = new MemoryStream();
        byte[] piece = new byte[4096];
        while (await stream.ReadAsync(piece, ct) is > 0 and int read)
        {
            int end = piece.AsSpan(0, read).IndexOf((byte)'\n');
            line.Write(piece, 0, end < 0 ? read : end);
            if (line.Length > longest)
                return null;
            if (end >= 0)
                return line.ToArray();
        }

        return null;
    }
}
