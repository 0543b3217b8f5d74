using System.Text;

namespace OpenStackSev.Configuration;

/// <summary>A configuration file that shows every key, commented out, with its default or an example.</summary>
public static class SampleFile
{
    private const int LineWidth = 120;

    /// <param name="heading">Comment lines at the top.</param>
    public static string Of(IReadOnlyList<string> heading, IReadOnlyList<IniSection> sections)
    {
        var text = new StringBuilder();
        foreach (string line in heading)
            Comment(text, line);
        foreach (IniSection section in sections)
        {
            text.Append("\n[").Append(section.Name).Append("]\n");
            Comment(text, section.Description);
            foreach (IniKey key in section.Keys)
            {
                text.Append('\n');
                Comment(text, key.Description);
                text.Append('#').Append(key.Name).Append(" = ").Append(key.Default ?? key.Example ?? "").Append('\n');
            }
        }

        return text.ToString();
    }

    private static void Comment(StringBuilder text, string sentence)
    {
        int column = 0;
        foreach (string word in sentence.Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            if (column > 0 && column + 1 + word.Length > LineWidth)
            {
                text.Append('\n');
                column = 0;
            }

            string before = column == 0 ? "# " : " ";
            text.Append(before).Append(word);
            column += before.Length + word.Length;
        }

        text.Append('\n');
    }
}
