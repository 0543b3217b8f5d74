namespace OpenStackSev.Cli;

/// <summary>Ends a command with <c>error: …</c>, <c>hint: …</c> and an exit code.</summary>
/// <param name="error">What went wrong, one line, without a full stop.</param>
/// <param name="hint">What to do about it; null when nothing useful can be said.</param>
public sealed class CommandException(string error, string? hint, int exitCode = ExitCode.Failed, Exception? inner = null)
    : Exception(error, inner)
{
    public string? Hint { get; } = hint;
    public int ExitCode { get; } = exitCode;

    /// <summary>For what is wrong with the command line and the parser could not see.</summary>
    public static CommandException BadUsage(string error, string? hint) => new(error, hint, Cli.ExitCode.BadUsage);
}
