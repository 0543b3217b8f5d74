using System.Globalization;
using System.Text;

namespace OpenStackSev.Validation;

/// <summary>Names and values of others in a message: short, on one line, and without anything that a terminal obeys.</summary>
internal static class Shown
{
    private const int Longest = 80;

    /// <summary>Between quotes; <c>unset</c> for null.</summary>
    public static string Value(string? text) => text is null ? "unset" : $"'{Plain(text)}'";

    /// <summary>Without quotes, for a key.</summary>
    public static string Plain(string text)
    {
        string start = text.Length <= Longest ? text : text[..(char.IsHighSurrogate(text[Longest - 1]) ? Longest - 1 : Longest)] + "…";
        return start.AsSpan().IndexOfAnyInRange('\0', '\x1f') < 0 && !start.Any(Obeyed) ? start : Escaped(start);
    }

    private static string Escaped(string text)
    {
        var escaped = new StringBuilder(text.Length + 16);
        foreach (char c in text)
            escaped.Append(Obeyed(c) ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : c.ToString());
        return escaped.ToString();
    }

    // Control characters, and those that turn the direction of the text around them.
    private static bool Obeyed(char c) =>
        char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
