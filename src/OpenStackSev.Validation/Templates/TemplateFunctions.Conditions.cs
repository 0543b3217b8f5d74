using System.Globalization;
using System.Numerics;

namespace OpenStackSev.Validation.Templates;

/// <summary>Conditions: other functions than elsewhere, and Python's own equality, where <c>true</c> is no text and 1 is true.</summary>
/// <remarks>Source: heat/engine/hot/functions.py, Equals to Or and Contains; heat/engine/conditions.py.</remarks>
internal sealed partial class TemplateFunctions
{
    /// <summary>A function whose result is true or false; null where that is not known, or Heat refuses it.</summary>
    public bool? Condition(TemplateValue condition)
    {
        run.Spend();
        run.Enter();
        bool? truth = condition is TemplateMap { Entries.Count: 1 } call ? Truth(call) : null;
        run.Leave();
        return truth;
    }

    private bool? Truth(TemplateMap call)
    {
        (string function, TemplateValue argument) = call.Entries.First();
        if (!version.IsInConditions(function))
            return null;
        return (function, argument) switch
        {
            ("not", not (TemplateList or TemplateNull)) => !stack.Condition(argument),
            ("and", TemplateList { Items.Length: >= 2 } all) => All(all.Items.Select(stack.Condition), unless: false),
            ("or", TemplateList { Items.Length: >= 2 } any) => All(any.Items.Select(stack.Condition), unless: true),
            ("equals", TemplateList { Items: [var left, var right] }) => Same(Operand(left), Operand(right)),
            ("contains", TemplateList { Items: [var item, var among] }) => Contains(Operand(item), Operand(among)),
            // true, false, or the name of a condition
            ("get_param", _) when GetParam(Operand(argument)) is TemplateText value => stack.Condition(value),
            _ => null,
        };
    }

    /// <summary>A value in a condition: only functions of conditions may stand there.</summary>
    private TemplateValue Operand(TemplateValue value)
    {
        run.Spend();
        run.Enter();
        TemplateValue operand = value switch
        {
            TemplateList list => new TemplateList([.. list.Items.Select(Operand)]),
            TemplateMap { Entries.Count: 1 } call when call.Entries.First() is var (function, argument) && (version.IsInConditions(function) || version.IsFunction(function)) =>
                function == "get_param" ? GetParam(Operand(argument))
                : Condition(call) is { } truth ? TemplateText.Of(truth)
                : new TemplateUnknown($"function {function} is not evaluated in a condition"),
            TemplateMap map => new TemplateMap(map.Entries.ToDictionary(entry => entry.Key, entry => Operand(entry.Value), StringComparer.Ordinal)),
            _ => value,
        };
        run.Leave();
        return operand;
    }

    /// <summary>Of several: one that is <paramref name="unless"/> decides, one that is not known leaves it open.</summary>
    private static bool? All(IEnumerable<bool?> conditions, bool unless)
    {
        bool open = false;
        foreach (bool? condition in conditions)
        {
            if (condition == unless)
                return unless;
            open |= condition is null;
        }
        return open ? null : !unless;
    }

    /// <summary>Python's <c>in</c>: an item of a list, or a part of a text. Of a map Heat refuses it.</summary>
    private static bool? Contains(TemplateValue item, TemplateValue among) => among switch
    {
        TemplateList list => All(list.Items.Select(one => Same(item, one)), unless: true),
        TemplateText { IsText: true } text when item is TemplateText { IsText: true } part => text.Text.Contains(part.Text, StringComparison.Ordinal),
        _ => null,
    };

    /// <summary>Python's <c>==</c>; null where a side is not known.</summary>
    private static bool? Same(TemplateValue left, TemplateValue right) => (left, right) switch
    {
        (TemplateText a, TemplateText b) => Same(a, b),
        (TemplateUnknown or TemplateReference, _) or (_, TemplateUnknown or TemplateReference) => null,
        (TemplateNull, TemplateNull) => true,
        (TemplateList a, TemplateList b) => a.Items.Length != b.Items.Length ? false : All(a.Items.Zip(b.Items, Same), unless: false),
        (TemplateMap a, TemplateMap b) => a.Entries.Count != b.Entries.Count ? false
            : All(a.Entries.Select(entry => b.Entries.TryGetValue(entry.Key, out TemplateValue? other) ? Same(entry.Value, other) : false), unless: false),
        _ => false,
    };

    private static bool Same(TemplateText left, TemplateText right)
    {
        if (left.IsText || right.IsText)
            return left.IsText && right.IsText && left.Text == right.Text;
        if (left.Scalar != TemplateScalar.Float && right.Scalar != TemplateScalar.Float)
            return Whole(left) == Whole(right);
        return Real(left) == Real(right);
    }

    private static BigInteger Whole(TemplateText number) =>
        number.Scalar == TemplateScalar.Boolean ? (number.Text == "True" ? 1 : 0) : BigInteger.Parse(number.Text, CultureInfo.InvariantCulture);

    private static double Real(TemplateText number) => number.Scalar == TemplateScalar.Boolean ? (number.Text == "True" ? 1 : 0) : number.Text switch
    {
        "nan" => double.NaN,
        "inf" => double.PositiveInfinity,
        "-inf" => double.NegativeInfinity,
        var text => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
    };
}
