using System.Diagnostics.Metrics;
using OpenStackSev.Api.Attestation;
using OpenStackSev.Control.Events;

namespace OpenStackSev.Control.Notifications;

/// <summary>What became of a notification.</summary>
internal enum NotificationOutcome
{
    Handled,

    /// <summary>Of an event, or about a thing, that nothing follows from.</summary>
    Ignored,

    Unreadable,

    /// <summary>Given up; the sweep finds what it is about.</summary>
    Failed,

    /// <summary>Given back to the queue.</summary>
    Returned,
}

/// <summary>What is heard, for those who ask, and for metrics.</summary>
internal sealed class NotificationJournal
{
    private const string Off = "off";
    private const string Connecting = "connecting";
    private const string Connected = "connected";

    private static readonly string[] s_outcomes = [.. Enum.GetNames<NotificationOutcome>().Select(name => name.ToLowerInvariant())];

    private readonly TimeProvider time;
    private readonly Counter<long> counter;
    private readonly Lock gate = new();
    private readonly long[] outcomes = new long[s_outcomes.Length];
    private NotificationStatus status;

    public NotificationJournal(NotificationOptions options, IMeterFactory meters, TimeProvider time)
    {
        this.time = time;
        bool isOn = options.Broker is not null;
        status = new NotificationStatus(isOn ? Connecting : Off, time.GetUtcNow(), Queue: isOn ? options.Queue : null);
        Meter meter = meters.Create(ControlMeter.Name);
        counter = meter.CreateCounter<long>("osev.notifications", description: "Nova's notifications, by event and by what became of them.");
        // Nothing where no broker is configured: whoever is alerted by 0 did not ask for it there.
        meter.CreateObservableGauge("osev.notifications.connected", () => isOn ? [new Measurement<int>(Status.State == Connected ? 1 : 0)] : Array.Empty<Measurement<int>>(),
            description: "1 while Nova's notifications are heard.");
        meter.CreateObservableGauge("osev.notifications.waiting", () => Status.Waiting is { } waiting ? [new Measurement<long>(waiting)] : Array.Empty<Measurement<long>>(),
            description: "Notifications in the queue, when it was looked at last.");
    }

    public NotificationStatus Status
    {
        get
        {
            lock (gate)
            {
                return status with
                {
                    Handled = Of(NotificationOutcome.Handled),
                    Ignored = Of(NotificationOutcome.Ignored),
                    Unreadable = Of(NotificationOutcome.Unreadable),
                    Failed = Of(NotificationOutcome.Failed),
                    Returned = Of(NotificationOutcome.Returned),
                };
            }
        }
    }

    public void IsConnected(string broker)
    {
        lock (gate)
            status = status with { State = Connected, Since = time.GetUtcNow(), Broker = broker, Code = null, Detail = null };
    }

    /// <returns>True when the reason is another one than before.</returns>
    public bool IsNotConnected(BrokerException why)
    {
        lock (gate)
        {
            bool isNews = status.State == Connected || status.Code != why.Code;
            status = status with
            {
                State = Connecting,
                Since = status.State == Connecting ? status.Since : time.GetUtcNow(),
                Broker = null,
                Waiting = null,
                Code = why.Code,
                Detail = why.Detail,
            };
            return isNews;
        }
    }

    /// <param name="isFull">Then some were dropped.</param>
    public void Waits(long count, bool isFull)
    {
        lock (gate)
            status = status with { Waiting = count, FoundFull = status.FoundFull + (isFull ? 1 : 0) };
    }

    public void Taken(Notification notification)
    {
        DateTimeOffset now = time.GetUtcNow();
        lock (gate)
            status = status with { LastAt = now, LagSeconds = notification.At is { } at ? Math.Max(0, (now - at).TotalSeconds) : null };
    }

    /// <param name="label">Of the closed list.</param>
    public void Became(NotificationOutcome outcome, string label)
    {
        Interlocked.Increment(ref outcomes[(int)outcome]);
        counter.Add(1, new KeyValuePair<string, object?>("event_type", label), new KeyValuePair<string, object?>("outcome", s_outcomes[(int)outcome]));
    }

    private long Of(NotificationOutcome outcome) => Interlocked.Read(ref outcomes[(int)outcome]);
}
