using Microsoft.Extensions.Time.Testing;

namespace OpenStackSev.Agent.Tests.Fakes;

/// <summary>A clock that stands still while the code under test works, and passes only while that waits for it.</summary>
internal sealed class AwaitedTime : FakeTimeProvider
{
    private int waiting;

    /// <summary>One second, if somebody waits; else nothing, for who works would find that hours went by meanwhile.</summary>
    public void PassWhileAwaited() => PassWhileAwaited(TimeSpan.FromSeconds(1));

    public void PassWhileAwaited(TimeSpan step)
    {
        if (Volatile.Read(ref waiting) > 0)
            Advance(step);
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var wait = new Wait(this);
        wait.Timer = base.CreateTimer(given =>
        {
            wait.End();
            callback(given);
        }, state, dueTime, period);
        // Only now: time that passed before the timer was there would come on top of its due time.
        wait.Begin();
        return wait;
    }

    /// <summary>From its making to its end, by the clock or by who made it. The code under test makes one-shot timers only.</summary>
    private sealed class Wait : ITimer
    {
        private const int New = 0, Waiting = 1, Ended = 2;

        private readonly AwaitedTime time;
        private int state = New;

        public Wait(AwaitedTime time) => this.time = time;

        public ITimer? Timer { get; set; }

        public void Begin()
        {
            if (Interlocked.CompareExchange(ref state, Waiting, New) == New)
                Interlocked.Increment(ref time.waiting);
        }

        public void End()
        {
            if (Interlocked.Exchange(ref state, Ended) == Waiting)
                Interlocked.Decrement(ref time.waiting);
        }

        public bool Change(TimeSpan dueTime, TimeSpan period) => Timer!.Change(dueTime, period);

        public void Dispose()
        {
            End();
            Timer!.Dispose();
        }

        public ValueTask DisposeAsync()
        {
            End();
            return Timer!.DisposeAsync();
        }
    }
}
