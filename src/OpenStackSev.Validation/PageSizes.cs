using System.Globalization;

namespace OpenStackSev.Validation;

/// <summary>Sizes of memory pages as a server's request gives them.</summary>
internal static class PageSizes
{
    /// <summary>What Nova can read when a server is asked for: <c>small</c>, <c>large</c>, <c>any</c>, KiB as digits, or a number with a unit.</summary>
    /// <remarks>
    /// Source: nova/virt/hardware.py, check_and_return_pages_size; oslo_utils.strutils.string_to_bytes. <c>2M</c> has no unit: the flavor's API
    /// takes it, and the server's does not.
    /// </remarks>
    public static bool IsOne(string text)
    {
        if (text is "any" or "large" or "small" || text.All(c => CharUnicodeInfo.GetDecimalDigitValue(c) >= 0))
            return text.Length > 0;
        string number = text.EndsWith("bit", StringComparison.Ordinal) ? text[..^3] : text.EndsWith('b') || text.EndsWith('B') ? text[..^1] : "";
        if (number.EndsWith('i'))
            return number.Length > 1 && IsPrefix(number[^2]) && IsNumber(number[..^2]);
        return number.Length > 0 && IsNumber(IsPrefix(number[^1]) ? number[..^1] : number);
    }

    private static bool IsPrefix(char c) => c is 'K' or 'M' or 'G' or 'T';

    private static bool IsNumber(string text)
    {
        ReadOnlySpan<char> digits = text is ['-' or '+', ..] ? text.AsSpan(1) : text;
        int point = digits.IndexOf('.');
        return point < 0 ? AllDigits(digits) : AllDigits(digits[(point + 1)..]) && (point == 0 || AllDigits(digits[..point]));
    }

    private static bool AllDigits(ReadOnlySpan<char> text)
    {
        foreach (char c in text)
        {
            if (CharUnicodeInfo.GetDecimalDigitValue(c) < 0)
                return false;
        }
        return text.Length > 0;
    }
}
