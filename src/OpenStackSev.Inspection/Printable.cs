using System.Globalization;
using System.Text;

namespace OpenStackSev.Inspection;

/// <summary>Names that others chose, made harmless to a terminal and to the line that they stand in.</summary>
public static class Printable
{
    /// <summary>With control characters, line ends and what turns the direction of writing as <c>\u001b</c>.</summary>
    public static string Of(string text)
    {
        if (!text.Any(IsObeyed))
            return text;
        var printable = new StringBuilder(text.Length + 16);
        foreach (char c in text)
        {
            if (IsObeyed(c))
                printable.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}");
            else
                printable.Append(c);
        }
        return printable.ToString();
    }

    private static bool IsObeyed(char c) =>
        char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069');
}
