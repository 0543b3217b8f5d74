using Microsoft.Extensions.Logging;

namespace OpenStackSev.OpenStack;

/// <summary>How a connection behaves. The defaults suit a daemon.</summary>
public sealed record OpenStackConnectionOptions
{
    /// <summary>One attempt of one request.</summary>
    public TimeSpan AttemptTimeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>One request with all its attempts and the waits between them; at most a day.</summary>
    public TimeSpan TotalTimeout { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>Repetitions of an attempt that failed in passing; 0 for none.</summary>
    public int Retries { get; init; } = 2;

    /// <summary>Wait before the first repetition; doubled for each further one, with jitter.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>An answer that is larger is refused; at most 2 GiB.</summary>
    public long MaximumResponseBytes { get; init; } = 64L * 1024 * 1024;

    /// <summary>Sent onward with every request, so that one round can be followed through all services' logs: <c>req-</c> and a UUID.</summary>
    public string? GlobalRequestId { get; init; }

    /// <summary>For a program that serves requests of its own: the id of the one on whose behalf a call is made. Null falls back to <see cref="GlobalRequestId"/>.</summary>
    public Func<string?>? GlobalRequestIdOfCall { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;
    public ILoggerFactory? LoggerFactory { get; init; }

    /// <summary>Replaces the network, for tests. The connection does not dispose it.</summary>
    public HttpMessageHandler? Transport { get; init; }

    /// <exception cref="ArgumentOutOfRangeException">Names the option.</exception>
    internal void Check()
    {
        InRange(AttemptTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromDays(1), nameof(AttemptTimeout));
        InRange(TotalTimeout, TimeSpan.FromMilliseconds(10), TimeSpan.FromDays(1), nameof(TotalTimeout));
        InRange(Retries, 0, 100, nameof(Retries));
        InRange(RetryDelay, TimeSpan.Zero, TimeSpan.FromDays(1), nameof(RetryDelay));
        InRange(MaximumResponseBytes, 1, int.MaxValue, nameof(MaximumResponseBytes));
    }

    private static void InRange<T>(T value, T lowest, T highest, string name)
        where T : IComparable<T>
    {
        if (value.CompareTo(lowest) < 0 || value.CompareTo(highest) > 0)
            throw new ArgumentOutOfRangeException(name, value, $"has to be {lowest} to {highest}");
    }
}
