using System.Net;
using OpenStackSev.Attestation.Results;
using OpenStackSev.Attestation.Snapshots;

namespace OpenStackSev.Cli.Tests.Scheduling;

/// <summary>Snapshots as a control plane signs them.</summary>
internal static class Snapshots
{
    public static readonly DateTimeOffset Now = new(2026, 11, 26, 3, 0, 0, TimeSpan.Zero);

    public static EarSigningKey Key { get; } = EarSigningKey.Create();

    public static EarSigningKey OtherKey { get; } = EarSigningKey.Create();

    public static byte[] Keys(params ReadOnlySpan<EarSigningKey> keys) => EarVerificationKeys.Of(keys).Write();

    public static HostsSnapshot Of(int hosts = 1, DateTimeOffset? at = null, double lastsHours = 24) => new(1, at ?? Now, (at ?? Now).AddHours(lastsHours),
        [.. Enumerable.Range(0, hosts).Select(number => new SnapshotHost(new Guid(number, 0, 0, new byte[8]), $"compute{number}", "trusted"))]);

    public static byte[] Signed(HostsSnapshot? snapshot = null, EarSigningKey? key = null) => SignedSnapshot.Sign((snapshot ?? Of()).Write(), key ?? Key);

    /// <summary>An answer with a tag that says nothing about its content, as that of another server may be.</summary>
    public static HttpResponseMessage Answer(byte[] text, string tag = "\"1\"")
    {
        HttpResponseMessage answer = new(HttpStatusCode.OK) { Content = new ByteArrayContent(text) };
        answer.Headers.TryAddWithoutValidation("ETag", tag);
        return answer;
    }
}

/// <summary>A control plane that gives one answer after the other, and then stops whoever asks.</summary>
internal sealed class ScriptedControlPlane(params IReadOnlyList<Func<HttpResponseMessage>> answers) : HttpMessageHandler
{
    private readonly CancellationTokenSource stop = new();

    public CancellationToken Stopped => stop.Token;

    /// <summary>If-None-Match of each request; null for none.</summary>
    public List<string?> Known { get; } = [];

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        Known.Add(request.Headers.TryGetValues("If-None-Match", out IEnumerable<string>? tags) ? string.Join(',', tags) : null);
        if (Known.Count > answers.Count)
        {
            stop.Cancel();
            return Task.FromException<HttpResponseMessage>(new OperationCanceledException(stop.Token));
        }

        HttpResponseMessage answer = answers[Known.Count - 1]();
        answer.RequestMessage = request;
        return Task.FromResult(answer);
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            stop.Dispose();
        base.Dispose(disposing);
    }
}

/// <summary>Gives some bytes, and then the connection is gone.</summary>
internal sealed class BrokenStream(byte[] beginning) : MemoryStream(beginning)
{
    public override int Read(Span<byte> buffer) => base.Read(buffer) is > 0 and int read ? read : throw new IOException("connection reset");

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => ValueTask.FromResult(Read(buffer.Span));

    public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) => Task.FromException(new IOException("connection reset"));
}
