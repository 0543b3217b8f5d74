using OpenStackSev.Attestation.Endorsements;

namespace OpenStackSev.Endorsements.Kds;

/// <summary>How a key distribution service (KDS) is asked.</summary>
public sealed record KdsOptions
{
    /// <summary>AMD's, or one with the same paths: a mirror, or a simulated one. Its own path is kept in front.</summary>
    public Uri Address { get; init; } = KdsAddress.Amd;

    /// <summary>Longest wait for one answer, its body included.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>From the end of one request to the beginning of the next. AMD's service refuses more than about one in ten seconds.</summary>
    public TimeSpan Pace { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Wait after a first failure; it doubles with each further one.</summary>
    public TimeSpan ShortestBackOff { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Longest wait between two attempts, also when Retry-After asks for a longer one.</summary>
    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>A request fails when it was tried for so long; so do all that wait, when the service as a whole gave no answer for so long.</summary>
    public TimeSpan GiveUpAfter { get; init; } = TimeSpan.FromHours(1);

    /// <summary>Requests that may wait. At one in ten seconds, the default is a day's work.</summary>
    public int QueueLength { get; init; } = 8_640;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
