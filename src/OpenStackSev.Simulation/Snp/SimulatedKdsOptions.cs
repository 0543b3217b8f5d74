namespace OpenStackSev.Simulation.Snp;

/// <summary>How a simulated key distribution service answers.</summary>
/// <param name="Authorities">One for each line that is served.</param>
public sealed record SimulatedKdsOptions(params IReadOnlyList<SimulatedAuthority> Authorities)
{
    /// <summary>Port on 127.0.0.1; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Every chip id of the right length is known, without <see cref="SimulatedKds.Register"/>.</summary>
    public bool AnyChip { get; init; }

    /// <summary>Least time between two answers; sooner ones are refused with 429. Zero refuses none. AMD's is about 10 s per address.</summary>
    public TimeSpan Interval { get; init; }

    /// <summary>Measures <see cref="Interval"/> and the waiting of slow answers.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The list of revoked ASKs, asked for at each request; null is one that revokes nothing.</summary>
    public Func<SimulatedAuthority, byte[]>? VcekCrl { get; init; }

    /// <summary>The list of revoked ASVKs, likewise.</summary>
    public Func<SimulatedAuthority, byte[]>? VlekCrl { get; init; }

    /// <summary>Told of each request, just before it is answered.</summary>
    public Action<SimulatedKdsRequest>? OnRequest { get; init; }
}

/// <summary>One request and how it was answered.</summary>
/// <param name="Target">Path and query as received.</param>
/// <param name="Status">HTTP status; 0 when the connection was cut instead.</param>
public sealed record SimulatedKdsRequest(string Method, string Target, int Status, DateTimeOffset At)
{
    /// <summary>The target without its query.</summary>
    public string Path => Target.Split('?')[0];
}

/// <summary>A misfortune for the next request, or the next whose path contains <see cref="PathContains"/>.</summary>
public sealed record SimulatedKdsFault
{
    private SimulatedKdsFault()
    {
    }

    /// <summary>Null for any path.</summary>
    public string? PathContains { get; init; }

    internal int? Code { get; private init; }
    internal string? RetryAfter { get; private init; }
    internal bool Cuts { get; private init; }
    internal bool CutsBody { get; private init; }
    internal TimeSpan Wait { get; private init; }
    internal byte[]? Body { get; private init; }
    internal long? Length { get; private init; }

    /// <summary>Ends the connection after the first bytes of the status line.</summary>
    public static SimulatedKdsFault Cut { get; } = new() { Cuts = true };

    /// <summary>Ends the connection in the middle of the right answer.</summary>
    public static SimulatedKdsFault CutInBody { get; } = new() { CutsBody = true };

    /// <summary>Answers with a status, such as 500 or 503.</summary>
    /// <param name="retryAfter">Value of the header Retry-After, right or wrong.</param>
    public static SimulatedKdsFault Status(int code, string? retryAfter = null) => new() { Code = code, RetryAfter = retryAfter };

    /// <summary>Gives the right answer after a wait on the service's clock.</summary>
    public static SimulatedKdsFault Slow(TimeSpan wait) => new() { Wait = wait };

    /// <summary>Answers 200 with something else.</summary>
    public static SimulatedKdsFault Content(params byte[] body) => new() { Body = body };

    /// <summary>Answers 200 with zeros, as many as the reader takes up to <paramref name="bytes"/>; does not say how many.</summary>
    public static SimulatedKdsFault HugeBody(long bytes) => new() { Length = bytes };
}
