using System.Threading.Channels;
using OpenStackSev.Control.Persistence;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Control.Notifications;

/// <summary>Answers the queue for one message: once, and only after what follows from it was kept.</summary>
internal sealed record Receipt(Func<ValueTask> Done, Func<ValueTask> Return);

/// <summary>What one or several notifications are about.</summary>
internal readonly record struct NotificationSubject(NotificationTopic Topic, string Id);

internal enum NotificationTopic
{
    Instance,
    Service,
    Flavor,
}

/// <summary>
/// Takes notifications and follows them up: several about one thing that wait are one look, one thing is looked at once at a time, few things at one time.
/// What waits here is not acknowledged, so that its number is bounded by the queue's prefetch.
/// </summary>
internal sealed partial class NotificationIntake(
    InstanceFollowUp instances, ServiceFollowUp services, FlavorFollowUp flavors, NotificationJournal journal, NotificationOptions options, TimeProvider time,
    ILogger<NotificationIntake> log) : BackgroundService
{
    /// <summary>Things that are looked at at one time: most of a look is waiting for Nova.</summary>
    private const int Workers = 8;

    /// <summary>Before a message is given back. Nova or the database failed: at once they would fail again.</summary>
    public static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    private readonly Lock gate = new();
    private readonly Dictionary<NotificationSubject, Waiting> waiting = [];
    private readonly HashSet<NotificationSubject> running = [];
    private readonly Channel<NotificationSubject> order = Channel.CreateUnbounded<NotificationSubject>();

    /// <summary>Reads a message and puts it among those that wait. What nothing follows from is done at once.</summary>
    /// <param name="body">Not looked at after the return.</param>
    public async ValueTask TakeAsync(ReadOnlyMemory<byte> body, Receipt receipt)
    {
        if (!Notification.TryParse(body, options.MaximumMessageBytes, out Notification? notification, out string? problem))
        {
            LogUnreadable(log, problem);
            await EndAsync(receipt, NotificationOutcome.Unreadable, NotificationEvents.Other);
            return;
        }

        string label = NotificationEvents.Label(notification.EventType);
        journal.Taken(notification);
        if (SubjectOf(notification) is { } subject)
            Add(subject, new Heard(label, receipt), notification);
        else
            await EndAsync(receipt, NotificationOutcome.Ignored, label);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await Task.WhenAll(Enumerable.Range(0, Workers).Select(_ => WorkAsync(stoppingToken)));
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Told to stop. What was not acknowledged comes again.
        }
    }

    private static NotificationSubject? SubjectOf(Notification notification) => NotificationEvents.Of(notification.EventType) switch
    {
        Consequence.None => null,
        Consequence.Service => notification is { ServiceHost: { } host, Binary: ServiceFollowUp.ComputeBinary } ? new(NotificationTopic.Service, host) : null,
        Consequence.Flavor => notification.Flavor is { } flavor ? new(NotificationTopic.Flavor, flavor) : null,
        _ => notification.Instance is { } instance ? new(NotificationTopic.Instance, instance.ToString()) : null,
    };

    private void Add(NotificationSubject subject, Heard heard, Notification notification)
    {
        InstanceHint hint = subject.Topic == NotificationTopic.Instance ? InstanceHint.Of(notification, time.GetUtcNow()) : new InstanceHint();
        lock (gate)
        {
            if (waiting.TryGetValue(subject, out Waiting? before))
            {
                before.Messages.Add(heard);
                before.Hint = before.Hint.With(hint);
                return;
            }

            waiting.Add(subject, new Waiting { Hint = hint, Messages = { heard } });
            if (!running.Contains(subject))
                order.Writer.TryWrite(subject);
        }
    }

    private async Task WorkAsync(CancellationToken ct)
    {
        await foreach (NotificationSubject subject in order.Reader.ReadAllAsync(ct))
        {
            Waiting work = Begin(subject);
            try
            {
                await FollowAsync(subject, work, ct);
            }
            finally
            {
                End(subject);
            }
        }
    }

    private Waiting Begin(NotificationSubject subject)
    {
        lock (gate)
        {
            waiting.Remove(subject, out Waiting? work);
            running.Add(subject);
            return work!;
        }
    }

    private void End(NotificationSubject subject)
    {
        lock (gate)
        {
            running.Remove(subject);
            // Heard while it was looked at: it may have changed since.
            if (waiting.ContainsKey(subject))
                order.Writer.TryWrite(subject);
        }
    }

    private async Task FollowAsync(NotificationSubject subject, Waiting work, CancellationToken ct)
    {
        NotificationOutcome outcome;
        try
        {
            bool isOurs = subject.Topic switch
            {
                NotificationTopic.Instance => await instances.FollowAsync(Guid.Parse(subject.Id), work.Hint, ct),
                NotificationTopic.Service => await services.FollowAsync(subject.Id, ct),
                _ => await flavors.FollowAsync(subject.Id, ct),
            };
            outcome = isOurs ? NotificationOutcome.Handled : NotificationOutcome.Ignored;
        }
        catch (StorageException e)
        {
            outcome = await WaitAsync(e, ct);
        }
        catch (OpenStackApiException e) when (e.IsTransient)
        {
            outcome = await WaitAsync(e, ct);
        }
        // A defect, or an answer that stays what it is: the message would come again and again.
        catch (Exception e) when (e is not OperationCanceledException || !ct.IsCancellationRequested)
        {
            LogFailed(log, subject.Topic, subject.Id, e);
            outcome = NotificationOutcome.Failed;
        }

        foreach (Heard heard in work.Messages)
            await EndAsync(heard.Receipt, outcome, heard.Label);
    }

    private async Task<NotificationOutcome> WaitAsync(Exception e, CancellationToken ct)
    {
        LogReturned(log, Pause.TotalSeconds, e.Message);
        await Task.Delay(Pause, time, ct);
        return NotificationOutcome.Returned;
    }

    private ValueTask EndAsync(Receipt receipt, NotificationOutcome outcome, string label)
    {
        journal.Became(outcome, label);
        return outcome == NotificationOutcome.Returned ? receipt.Return() : receipt.Done();
    }

    /// <param name="Label">Of its event, for metrics.</param>
    private sealed record Heard(string Label, Receipt Receipt);

    private sealed class Waiting
    {
        public required InstanceHint Hint { get; set; }
        public List<Heard> Messages { get; } = [];
    }

    [LoggerMessage(4601, LogLevel.Warning, "a message {Problem}; it is thrown away")]
    private static partial void LogUnreadable(ILogger logger, string problem);

    [LoggerMessage(4602, LogLevel.Warning, "notifications are given back to the queue after {Seconds} s: {Reason}")]
    private static partial void LogReturned(ILogger logger, double seconds, string reason);

    [LoggerMessage(4603, LogLevel.Error, "a notification about {Topic} {Id} is given up, the sweep looks after it")]
    private static partial void LogFailed(ILogger logger, NotificationTopic topic, string id, Exception reason);
}
