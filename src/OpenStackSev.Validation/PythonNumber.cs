using System.Globalization;
using System.Numerics;

namespace OpenStackSev.Validation;

/// <summary>Whole numbers as Nova reads them out of text: Python's <c>int(text)</c>.</summary>
internal static class PythonNumber
{
    // sys.set_int_max_str_digits' default; longer ones raise ValueError.
    private const int MaximumDigits = 4300;

    /// <summary>Takes spaces around, a sign, digits of any script and single underscores between digits.</summary>
    public static bool TryParse(string text, out BigInteger number)
    {
        number = default;
        ReadOnlySpan<char> digits = NovaBoolean.Stripped(text);
        bool negative = digits is ['-', ..];
        if (digits is ['-' or '+', ..])
            digits = digits[1..];
        if (digits.Length is 0 or > 2 * MaximumDigits)
            return false;

        char[] plain = new char[digits.Length];
        int count = 0;
        bool afterDigit = false;
        foreach (char c in digits)
        {
            if (c == '_' && afterDigit)
            {
                afterDigit = false;
                continue;
            }
            int value = CharUnicodeInfo.GetDecimalDigitValue(c);
            if (value < 0)
                return false;
            plain[count++] = (char)('0' + value);
            afterDigit = true;
        }
        if (!afterDigit || count > MaximumDigits)
            return false;
        number = BigInteger.Parse(plain.AsSpan(0, count), NumberStyles.None, CultureInfo.InvariantCulture);
        number = negative ? -number : number;
        return true;
    }
}
