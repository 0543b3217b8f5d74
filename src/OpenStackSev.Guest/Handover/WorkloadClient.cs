using System.Net.Sockets;
using System.Text.Json;

namespace OpenStackSev.Guest.Handover;

/// <summary>The other end of <see cref="WorkloadSocket"/>: for the commands of this program.</summary>
internal static class WorkloadClient
{
    /// <exception cref="WorkloadException">The attester does not run, does not let this user in, or answers something else.</exception>
    public static async Task<SocketAnswer> AskAsync(string path, SocketRequest request, CancellationToken ct)
    {
        using var connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await connection.ConnectAsync(new UnixDomainSocketEndPoint(path), ct);
            await using var stream = new NetworkStream(connection);
            await stream.WriteAsync(SocketLine.Of(JsonSerializer.SerializeToUtf8Bytes(request, SocketJson.Default.SocketRequest)), ct);
            byte[] line = await SocketLine.ReadAsync(stream, SocketAnswer.LongestLine, ct) ?? throw new WorkloadException($"{path}: no answer came");
            return JsonSerializer.Deserialize(line, SocketJson.Default.SocketAnswer) ?? throw new WorkloadException($"{path}: the answer is null");
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new WorkloadException($"{path}: this user may not speak for the instance", e) { IsForbidden = true };
        }
        catch (Exception e) when (e is SocketException or IOException or JsonException or ArgumentException)
        {
            throw new WorkloadException($"{path}: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}", e);
        }
    }
}

/// <summary>The attester cannot be asked.</summary>
internal sealed class WorkloadException(string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>It runs; the mode of its socket keeps this user out.</summary>
    public bool IsForbidden { get; init; }
}
