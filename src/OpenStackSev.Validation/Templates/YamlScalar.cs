using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace OpenStackSev.Validation.Templates;

/// <summary>What a scalar without quotes is: Heat reads YAML 1.1 by PyYAML, where <c>yes</c> is true, <c>010</c> is 8 and <c>1:30</c> is 90.</summary>
/// <remarks>Source: yaml/resolver.py and constructor.py of PyYAML 6; heat/common/template_format.py, which leaves dates text.</remarks>
public static partial class YamlScalar
{
    /// <summary>More digits are no number that anybody means, and Python refuses to write more than 4300.</summary>
    private const int MaximumLength = 300;

    private const string TagPrefix = "tag:yaml.org,2002:";

    /// <param name="tag">As written out, or null.</param>
    /// <returns>Null where PyYAML refuses it.</returns>
    public static TemplateValue? Of(string text, bool plain, string? tag)
    {
        if (tag is null || (tag == "!" && plain))
            return plain ? Plain(text) : new TemplateText(text);
        return tag.StartsWith(TagPrefix, StringComparison.Ordinal) || tag == "!" ? Tagged(text, tag) : null;
    }

    /// <summary>A key of a map, as JSON has it: there it is always text.</summary>
    public static string Key(TemplateValue key) => key switch
    {
        TemplateText { Scalar: TemplateScalar.Boolean } truth => truth.Text == "True" ? "true" : "false",
        TemplateText text => text.Text,
        _ => "null",
    };

    private static TemplateValue? Tagged(string text, string tag) => tag[(tag == "!" ? 1 : TagPrefix.Length)..] switch
    {
        "" or "str" or "timestamp" => new TemplateText(text),
        "null" => TemplateNull.Instance,
        "bool" => Truth(text.ToLowerInvariant()) is { } truth ? TemplateText.Of(truth) : null,
        "int" => IntegerForm.IsMatch(text) ? Integer(text) : null,
        "float" => FloatForm.IsMatch(text) || IntegerForm.IsMatch(text) ? Float(text) : null,
        _ => null,
    };

    private static TemplateValue? Plain(string text)
    {
        if (text is "" or "~" or "null" or "Null" or "NULL")
            return TemplateNull.Instance;
        if (text is "=" or "<<")
            return null;
        if (Truth(text) is { } truth)
            return TemplateText.Of(truth);
        if (text[0] is not ((>= '0' and <= '9') or '.' or '+' or '-'))
            return new TemplateText(text);
        if (IntegerForm.IsMatch(text))
            return Integer(text);
        return FloatForm.IsMatch(text) ? Float(text) : new TemplateText(text);
    }

    private static bool? Truth(string text) => text switch
    {
        "yes" or "Yes" or "YES" or "true" or "True" or "TRUE" or "on" or "On" or "ON" => true,
        "no" or "No" or "NO" or "false" or "False" or "FALSE" or "off" or "Off" or "OFF" => false,
        _ => null,
    };

    private static TemplateText? Integer(string text)
    {
        if (text.Length > MaximumLength)
            return null;
        string digits = text.Replace("_", "", StringComparison.Ordinal).TrimStart('+', '-');
        BigInteger? value = digits switch
        {
            "0" => BigInteger.Zero,
            _ when digits.Contains(':', StringComparison.Ordinal) => Sexagesimal(digits),
            ['0', 'b', .. var binary] => OfBase(binary, 2),
            ['0', 'x', .. var hexadecimal] => OfBase(hexadecimal, 16),
            ['0', .. var octal] => OfBase(octal, 8),
            _ => OfBase(digits, 10),
        };
        return value is { } number ? new TemplateText((text[0] == '-' ? -number : number).ToString(CultureInfo.InvariantCulture), TemplateScalar.Integer) : null;
    }

    private static BigInteger Sexagesimal(string digits) =>
        digits.Split(':').Aggregate(BigInteger.Zero, (sum, part) => (sum * 60) + BigInteger.Parse(part, NumberStyles.None, CultureInfo.InvariantCulture));

    private static BigInteger? OfBase(string digits, int radix) =>
        digits.Length == 0 ? null : digits.Aggregate(BigInteger.Zero, (sum, digit) => (sum * radix) + Convert.ToInt32(digit.ToString(), 16));

    private static TemplateText? Float(string text)
    {
        if (text.Length > MaximumLength)
            return null;
        string digits = text.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant();
        double sign = digits[0] == '-' ? -1 : 1;
        digits = digits.TrimStart('+', '-');
        double value = digits switch
        {
            ".inf" => double.PositiveInfinity,
            ".nan" => double.NaN,
            _ => digits.Split(':').Aggregate(0.0, (sum, part) => (sum * 60) + double.Parse(part, NumberStyles.Float, CultureInfo.InvariantCulture)),
        };
        return new TemplateText(PythonNumber.Repr(sign * value), TemplateScalar.Float);
    }

    [GeneratedRegex(@"\A(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex IntegerForm { get; }

    [GeneratedRegex(@"\A(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))\z", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FloatForm { get; }
}
