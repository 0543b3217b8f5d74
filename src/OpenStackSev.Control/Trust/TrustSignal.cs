using System.Threading.Channels;

namespace OpenStackSev.Control.Trust;

/// <summary>Lets what changes a host's trust be looked at at once: a quarantine, an approval, changed facts. Many signals are one look.</summary>
internal sealed class TrustSignal
{
    private readonly Channel<bool> asked = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Changed() => asked.Writer.TryWrite(true);

    /// <summary>Waits for a signal, no longer than <paramref name="longest"/>.</summary>
    public async Task WaitAsync(TimeSpan longest, TimeProvider time, CancellationToken ct)
    {
        using var timeout = new CancellationTokenSource(longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, ct);
        try
        {
            await asked.Reader.ReadAsync(either.Token);
        }
        catch (OperationCanceledException) when (timeout.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            // It is time anyway.
        }
    }
}
