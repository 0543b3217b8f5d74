using System.Buffers;

namespace OpenStackSev.Validation;

/// <summary>How Nova reads a boolean out of text.</summary>
/// <remarks>Source: oslo_utils.strutils.bool_from_string, with strict off: what is neither true nor false is false.</remarks>
public static class NovaBoolean
{
    // What str.strip() of Python takes and Trim() does not: four separators of ASCII.
    private static readonly SearchValues<char> s_separators = SearchValues.Create("\x1c\x1d\x1e\x1f");

    /// <summary>As Nova reads it: everything unknown is false.</summary>
    public static bool Of(string text) => Read(text) is true;

    /// <summary>Whether somebody can have meant it: the API refuses others where it looks (2.86).</summary>
    public static bool IsOne(string text) => Read(text) is not null;

    /// <summary>Null for what is neither.</summary>
    private static bool? Read(string text)
    {
        ReadOnlySpan<char> word = Stripped(text);
        if (word.Length is 0 or > 5)
            return null;
        Span<char> lowered = stackalloc char[5];
        return lowered[..word.ToLowerInvariant(lowered)] switch
        {
            "1" or "t" or "true" or "on" or "y" or "yes" => true,
            "0" or "f" or "false" or "off" or "n" or "no" => false,
            _ => null,
        };
    }

    /// <summary>Without what Python calls space at either end.</summary>
    internal static ReadOnlySpan<char> Stripped(ReadOnlySpan<char> text)
    {
        while (text.Length > 0 && IsSpace(text[0]))
            text = text[1..];
        while (text.Length > 0 && IsSpace(text[^1]))
            text = text[..^1];
        return text;
    }

    private static bool IsSpace(char c) => char.IsWhiteSpace(c) || s_separators.Contains(c);
}
