using System.Globalization;
using System.Numerics;

namespace OpenStackSev.Validation;

/// <summary>Whole numbers as Nova reads them out of text: Python's <c>int(text)</c>; and how Python writes others.</summary>
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

    /// <summary>As Python's <c>repr()</c> writes it: 1.0, 1e-05, 1e+16.</summary>
    public static string Repr(double value)
    {
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        string shortest = value.ToString("E16", CultureInfo.InvariantCulture);
        for (int precision = 0; precision < 16; precision++)
        {
            string shorter = value.ToString("E" + precision.ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
            if (double.Parse(shorter, CultureInfo.InvariantCulture).Equals(value))
            {
                shortest = shorter;
                break;
            }
        }
        string[] parts = shortest.Split('E');
        int exponent = int.Parse(parts[1], CultureInfo.InvariantCulture);
        if (exponent is < -4 or >= 16)
            return $"{parts[0]}e{(exponent < 0 ? "-" : "+")}{Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture)}";
        int decimals = parts[0].Count(char.IsAsciiDigit) - 1 - exponent;
        return value.ToString("F" + Math.Max(1, decimals).ToString(CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
    }
}
