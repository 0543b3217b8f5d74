namespace OpenStackSev.Platform;

internal enum SourceState
{
    Found,
    Missing,
    Unreadable,
    Malformed,
}

/// <summary>What one source gave: its value, or the state it was in and one line why.</summary>
internal readonly record struct Source<T>
{
    private readonly T? _value;

    private Source(SourceState state, T? value, string reason) => (State, _value, Reason) = (state, value, reason);

    public SourceState State { get; }
    public string Reason { get; }
    public bool IsFound => State == SourceState.Found;
    public T Value => IsFound ? _value! : throw new InvalidOperationException($"no value: {State}, {Reason}");

    public static Source<T> Found(T value) => new(SourceState.Found, value, "");
    public static Source<T> Missing(string reason) => new(SourceState.Missing, default, reason);
    public static Source<T> Unreadable(string reason) => new(SourceState.Unreadable, default, reason);
    public static Source<T> Malformed(string reason) => new(SourceState.Malformed, default, reason);

    /// <summary>The same failure for another type of value.</summary>
    public Source<TOther> As<TOther>() => State switch
    {
        SourceState.Missing => Source<TOther>.Missing(Reason),
        SourceState.Unreadable => Source<TOther>.Unreadable(Reason),
        SourceState.Malformed => Source<TOther>.Malformed(Reason),
        _ => throw new InvalidOperationException("a value has no failure"),
    };

    public Source<TOther> Then<TOther>(Func<T, Source<TOther>> next) => IsFound ? next(Value) : As<TOther>();
}

/// <summary>The codes of one source, by state.</summary>
internal sealed record SourceCodes(string Missing, string Unreadable, string Malformed)
{
    public PlatformFinding Finding<T>(Source<T> source, string subject) => new(
        source.State switch
        {
            SourceState.Missing => Missing,
            SourceState.Unreadable => Unreadable,
            SourceState.Malformed => Malformed,
            _ => throw new InvalidOperationException("a value is no finding"),
        },
        subject, source.Reason);
}
