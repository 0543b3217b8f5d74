using System.Buffers;
using System.Globalization;
using System.Text;

namespace OpenStackSev.Validation;

/// <summary>Names and values of others in a message: short, on one line, and without anything that a terminal obeys.</summary>
internal static class Shown
{
    private const int Longest = 80;

    // Control characters, and those that turn the direction of the text around them.
    private static readonly SearchValues<char> s_obeyed = SearchValues.Create(
    [
        .. Enumerable.Range(0, 0xa0).Select(code => (char)code).Where(char.IsControl),
        '\u2028', '\u2029', '\u202a', '\u202b', '\u202c', '\u202d', '\u202e', '\u2066', '\u2067', '\u2068', '\u2069',
    ]);

    /// <summary>Between quotes; <c>unset</c> for null.</summary>
    public static string Value(string? text) => text is null ? "unset" : $"'{Plain(text)}'";

    /// <summary>Without quotes, for a key.</summary>
    public static string Plain(string text)
    {
        string start = text.Length <= Longest ? text : text[..(char.IsHighSurrogate(text[Longest - 1]) ? Longest - 1 : Longest)] + "…";
        return start.AsSpan().ContainsAny(s_obeyed) ? Escaped(start) : start;
    }

    private static string Escaped(string text)
    {
        var escaped = new StringBuilder(text.Length + 16);
        foreach (char c in text)
            escaped.Append(s_obeyed.Contains(c) ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : c.ToString());
        return escaped.ToString();
    }
}
