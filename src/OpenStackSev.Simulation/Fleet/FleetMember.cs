using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Simulation.Fleet;

/// <summary>An instance of a fleet.</summary>
/// <param name="Instance">Nova's UUID of the server.</param>
/// <param name="Ticket">Its secret towards the control plane.</param>
/// <param name="Chip">Which chip of the fleet its host has, from 0.</param>
/// <param name="Lie">What is wrong with what it says.</param>
public sealed record FleetMember(Guid Instance, string Ticket, int Chip, SimulatedLie Lie = SimulatedLie.None)
{
    /// <summary>Its ticket stays out of whatever prints it.</summary>
    public override string ToString() => $"{Instance} {Lie}";
}

/// <summary>What came of one member's round.</summary>
/// <param name="Status">Of the last answer; 0 where none came.</param>
/// <param name="Verdict">Null where there was no evidence, or it was no answer.</param>
/// <param name="Code">Of the error, or of the first finding; null for neither.</param>
/// <param name="ChallengeTook">From when it was due to be asked for until it was there.</param>
/// <param name="EvidenceTook">From when the evidence was due to be sent until the verdict was there; null where none was sent.</param>
public sealed record FleetOutcome(FleetMember Member, int Status, string? Verdict, string? Code, TimeSpan ChallengeTook, TimeSpan? EvidenceTook)
{
    /// <summary>The code of a request that got no answer.</summary>
    public const string Unreachable = "unreachable";
}

/// <summary>How hard a fleet presses.</summary>
public sealed record FleetPace
{
    /// <summary>Requests at one time, at least 1.</summary>
    public int Parallel { get; init; } = 32;

    /// <summary>Requests a second; 0 for as many as are answered. One that finds no place among the parallel ones waits, and the wait counts.</summary>
    public int PerSecond { get; init; }
}
