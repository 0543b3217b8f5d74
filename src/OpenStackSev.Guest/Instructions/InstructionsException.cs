namespace OpenStackSev.Guest.Instructions;

/// <summary>This instance does not know whom to prove itself to.</summary>
/// <param name="code">One of <see cref="InstructionsCodes"/>.</param>
/// <param name="message">Names the place, and nothing of what stands there.</param>
internal sealed class InstructionsException(string code, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Branch on this, never on the message.</summary>
    public string Code { get; } = code;
}

/// <summary>Stable: once shipped, never changed. Each has a line in README.md.</summary>
internal static class InstructionsCodes
{
    /// <summary>The places answered, and none has a URL and a ticket: nobody asked this instance to prove itself.</summary>
    public const string Absent = "guest.instructions.absent";

    /// <summary>There is something of ours, and it cannot be meant.</summary>
    public const string Malformed = "guest.instructions.malformed";

    /// <summary>No place answered.</summary>
    public const string Unreachable = "guest.instructions.unreachable";
}
