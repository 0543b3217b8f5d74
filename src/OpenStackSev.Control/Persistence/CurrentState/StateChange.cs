namespace OpenStackSev.Control.Persistence.CurrentState;

/// <summary>A change of current state that commits with the history that explains it. Rows themselves are changes: they insert or replace.</summary>
public abstract record StateChange;

/// <summary>A sign of life that changed nothing: moves <see cref="HostState.LastSeenAt"/>, backwards only from a time that a wrong clock wrote.</summary>
public sealed record HostSeen(Guid Node, DateTimeOffset At) : StateChange
{
    /// <summary>Clocks of one cloud are no further apart.</summary>
    public static TimeSpan MostAhead { get; } = TimeSpan.FromMinutes(5);
}
