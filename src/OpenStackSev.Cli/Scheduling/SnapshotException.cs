namespace OpenStackSev.Cli.Scheduling;

/// <summary>A snapshot was not taken, or its file could not be written: what is there stays.</summary>
/// <param name="code">Once shipped, never changed; the README has them all.</param>
/// <param name="hint">What to do about it; null when nothing useful can be said.</param>
internal sealed class SnapshotException(string code, string detail, string? hint, Exception? inner = null) : Exception($"{code}: {detail}", inner)
{
    public string Code { get; } = code;
    public string? Hint { get; } = hint;

    public CommandException AsCommandException() => new(Message, Hint, inner: this);
}
