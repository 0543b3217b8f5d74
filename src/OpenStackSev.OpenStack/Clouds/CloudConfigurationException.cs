namespace OpenStackSev.OpenStack;

/// <summary>The configuration of a cloud is missing, unreadable or incomplete; only a person can put it right.</summary>
/// <remarks>Message and hint are one line each and never hold a password, a token or a secret.</remarks>
public sealed class CloudConfigurationException(string message, string? hint = null, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>What to do about it, in one line; null when the message says it.</summary>
    public string? Hint { get; } = hint;
}
