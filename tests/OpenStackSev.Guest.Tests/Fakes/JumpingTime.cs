using OpenStackSev.Agent.Tests.Fakes;

namespace OpenStackSev.Guest.Tests.Fakes;

/// <summary>Monotonic time as it should be, and a clock of the day that somebody sets.</summary>
internal sealed class JumpingTime : TimeProvider
{
    private TimeSpan jumped;

    public AwaitedTime Inner { get; } = new();

    public override long TimestampFrequency => Inner.TimestampFrequency;

    public void Jump(TimeSpan by) => jumped += by;

    public override DateTimeOffset GetUtcNow() => new(2026, 1, 1, (int)(Math.Abs(jumped.TotalDays) % 24), 0, 0, TimeSpan.Zero);

    public override long GetTimestamp() => Inner.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => Inner.CreateTimer(callback, state, dueTime, period);
}
