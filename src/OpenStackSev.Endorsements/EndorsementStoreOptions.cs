using OpenStackSev.Attestation;

namespace OpenStackSev.Endorsements;

/// <summary>How an endorsement store works.</summary>
public sealed record EndorsementStoreOptions
{
    /// <summary>SHA-256 of simulated ARKs to trust, in lower-case hexadecimal. AMD's are always trusted.</summary>
    public IReadOnlySet<string> SimulatedRoots { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    /// <summary>How long a "not found" is remembered, so that a sick chip does not use up the service's pace. In memory only.</summary>
    public TimeSpan NotFoundFor { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>A CRL is asked for again after so long, whatever its nextUpdate: revocations are published early.</summary>
    public TimeSpan RevocationsMaximumAge { get; init; } = TimeSpan.FromDays(1);

    /// <summary>Least time between two attempts to refresh a CRL or a chain that was there already.</summary>
    public TimeSpan RefreshAtMostEvery { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Told of what was found wrong on the way and overcome: a corrupted file, a CRL that could not be refreshed.</summary>
    public Action<Finding>? Noticed { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
