using OpenStackSev.Control.Reattestation.Rounds;

namespace OpenStackSev.Control.Notifications;

/// <summary>What may be asked of Nova because of notifications: so many questions a second, and the rest waits in its queue.</summary>
internal sealed class NovaBudget(NotificationOptions options, TimeProvider time)
{
    private readonly TokenBuckets<int> bucket = new(options.RequestsPerSecond * 60, options.RequestsPerSecond, time);

    public async ValueTask TakeAsync(CancellationToken ct)
    {
        while (bucket.Take(0) is { } wait)
            await Task.Delay(wait, time, ct);
    }
}
