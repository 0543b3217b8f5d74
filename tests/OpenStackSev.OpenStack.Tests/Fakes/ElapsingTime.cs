using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;

namespace OpenStackSev.OpenStack.Tests.Fakes;

/// <summary>A clock on which every wait is over at once and kept for the test to look at. Time-outs do not pass by themselves.</summary>
internal sealed class ElapsingTime(DateTimeOffset start) : FakeTimeProvider(start)
{
    /// <summary>Longer than any wait of a test, so that a wait and a time-out are told apart.</summary>
    public static readonly TimeSpan Never = TimeSpan.FromDays(1);

    private readonly ConcurrentQueue<TimeSpan> _waits = new();

    /// <summary>Another time-out that does not pass by itself.</summary>
    public TimeSpan TimeOut { get; set; } = Never;

    public IReadOnlyList<TimeSpan> Waits => [.. _waits];

    /// <summary>False while nothing at all passes by itself.</summary>
    public bool Elapses { get; set; } = true;

    /// <summary>Called when <see cref="TimeOut"/> begins to be waited for.</summary>
    public Action Waiting { get; set; } = () => { };

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ITimer timer = base.CreateTimer(callback, state, dueTime, period);
        if (Elapses && dueTime > TimeSpan.Zero && dueTime != TimeOut && dueTime != Never)
        {
            _waits.Enqueue(dueTime);
            ThreadPool.UnsafeQueueUserWorkItem(_ => Advance(dueTime), null);
        }

        if (dueTime == TimeOut)
            Waiting();
        return timer;
    }
}
