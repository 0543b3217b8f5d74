using System.Globalization;
using System.Text;

namespace OpenStackSev.Validation.Templates;

/// <summary>JSON as Heat writes it into texts and metadata: keys in order, a space after comma and colon, ASCII only.</summary>
/// <remarks>Source: heat/engine/hot/functions.py, ReplaceJson and JoinMultiple; heat/engine/clients/os/nova.py, meta_serialize.</remarks>
internal static class PythonJson
{
    /// <returns>Null where a part is not known.</returns>
    public static string? Of(TemplateValue value, TemplateRun run)
    {
        var text = new StringBuilder();
        if (!Write(value, text, run))
            return null;
        run.Spend((long)text.Length);
        return text.ToString();
    }

    private static bool Write(TemplateValue value, StringBuilder text, TemplateRun run)
    {
        run.Spend();
        switch (value)
        {
            case TemplateNull:
                text.Append("null");
                return true;
            case TemplateText { IsText: true } scalar:
                Write(scalar.Text, text);
                return true;
            case TemplateText scalar:
                text.Append(scalar.Text switch { "nan" => "NaN", "inf" => "Infinity", "-inf" => "-Infinity", _ => YamlScalar.Key(scalar) });
                return true;
            case TemplateList list:
                return Write(list.Items, item => Write(item, text, run), text, "[", "]");
            case TemplateMap map:
                return Write(map.Entries.OrderBy(entry => entry.Key, StringComparer.Ordinal), entry =>
                {
                    Write(entry.Key, text);
                    text.Append(": ");
                    return Write(entry.Value, text, run);
                }, text, "{", "}");
            default:
                return false;
        }
    }

    private static bool Write<T>(IEnumerable<T> items, Func<T, bool> write, StringBuilder text, string open, string close)
    {
        text.Append(open);
        bool first = true;
        foreach (T item in items)
        {
            text.Append(first ? "" : ", ");
            first = false;
            if (!write(item))
                return false;
        }
        text.Append(close);
        return true;
    }

    private static void Write(string value, StringBuilder text)
    {
        text.Append('"');
        foreach (char c in value)
        {
            text.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                '\b' => "\\b",
                '\f' => "\\f",
                < ' ' or > '\x7f' => "\\u" + ((int)c).ToString("x4", CultureInfo.InvariantCulture),
                _ => c.ToString(),
            });
        }
        text.Append('"');
    }
}
