using OpenStackSev.Inspection;
using OpenStackSev.Validation;

namespace OpenStackSev.Control.Validation;

/// <summary>What the cloud's hosts have, for validations: read once for many, and believed for a short time.</summary>
/// <remarks>An audit reads it anew: whoever mends something and audits again wants to see it.</remarks>
public sealed partial class CachedFacts(ServiceCloud cloud, TimeProvider time, ILogger<CachedFacts> log)
{
    /// <summary>Longest age, from the beginning of the reading.</summary>
    public static readonly TimeSpan MaximumAge = TimeSpan.FromSeconds(30);

    private readonly Lock gate = new();
    private Task<CloudFacts?>? reading;
    private DateTimeOffset readAt;

    /// <summary>As <c>osev validate</c> would read them; null where the service may not read Placement.</summary>
    /// <param name="ct">Ends the wait. A reading belongs to nobody, so that nobody can cancel it for others.</param>
    /// <exception cref="OpenStack.OpenStackApiException">They could not be read; the next one tries again.</exception>
    public Task<CloudFacts?> GetAsync(CancellationToken ct)
    {
        lock (gate)
        {
            DateTimeOffset now = time.GetUtcNow();
            if (reading is null || reading.IsFaulted || reading.IsCanceled || now - readAt >= MaximumAge || now < readAt)
                (reading, readAt) = (Task.Run(ReadAsync, CancellationToken.None), now);
            return reading.WaitAsync(ct);
        }
    }

    /// <summary>A host came, went or changed: the next validation reads anew.</summary>
    public void Forget()
    {
        lock (gate)
            reading = null;
    }

    private Task<CloudFacts?> ReadAsync() =>
        cloud.Connection.FactsAsync(CloudFactsReading.MostProvidersOfOnePair, note => LogNotLookedAt(log, note), progress: null, CancellationToken.None);

    [LoggerMessage(4203, LogLevel.Warning, "validations do not judge by all of the cloud: {Note}")]
    private static partial void LogNotLookedAt(ILogger logger, string note);
}
