namespace OpenStackSev.OpenStack;

/// <summary>The configuration of a cloud is missing, unreadable or incomplete; only a person can put it right.</summary>
/// <remarks>Message and hint are one line each and never hold a password, a token or a secret.</remarks>
public sealed class CloudConfigurationException(string message, string? hint = null, Exception? inner = null)
    : Exception(OneLine(message), inner)
{
    /// <summary>What to do about it, in one line; null when the message says it.</summary>
    public string? Hint { get; } = hint is null ? null : OneLine(hint);

    /// <summary>Names come from files: one that holds a line feed must not break the line.</summary>
    private static string OneLine(string text) => string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
}
