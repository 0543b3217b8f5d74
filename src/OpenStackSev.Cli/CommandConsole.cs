using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace OpenStackSev.Cli;

/// <summary>Where a command prints: results to <see cref="Out"/>, everything else to <see cref="Error"/>.</summary>
/// <remarks>Colours and lines only on a terminal, and no colours with NO_COLOR. Redirected output is plain text of any width.</remarks>
public sealed class CommandConsole
{
    // Wide enough that nothing is wrapped where nobody looks at a screen.
    private const int Unlimited = 2000;

    private readonly bool _terminal;
    private readonly bool _colours;
    // Made for what needs it: a program that only prints JSON should not pay for it.
    private readonly Lazy<IAnsiConsole> _out;

    /// <param name="terminal">True when <paramref name="output"/> is a terminal.</param>
    /// <param name="colours">True to colour on a terminal.</param>
    /// <param name="errorTerminal">True when <paramref name="error"/> is a terminal.</param>
    public CommandConsole(TextWriter output, TextWriter error, bool terminal, bool colours, bool errorTerminal = false)
    {
        (Out, Error, _terminal, _colours, ShowsProgress) = (output, error, terminal, terminal && colours, errorTerminal);
        _out = new(() =>
        {
            IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
            {
                Out = new AnsiConsoleOutput(output),
                Ansi = _colours ? AnsiSupport.Yes : AnsiSupport.No,
                ColorSystem = _colours ? ColorSystemSupport.Detect : ColorSystemSupport.NoColors,
                Interactive = InteractionSupport.No,
            });
            if (!terminal)
                console.Profile.Width = Unlimited;
            return console;
        });
    }

    public TextWriter Out { get; }
    public TextWriter Error { get; }

    /// <summary>Somebody looks at <see cref="Error"/> while a command works.</summary>
    public bool ShowsProgress { get; }

    /// <summary>A line on <see cref="Error"/> that the next one replaces; an empty one clears it. Nothing when nobody looks.</summary>
    public void WriteProgress(string line)
    {
        if (ShowsProgress)
            Error.Write($"\r\x1b[K{line}");
    }

    /// <summary>How documents and tables are written.</summary>
    public OutputFormat Format { get; set; }

    /// <summary>Columns that were asked for, of commands that print one table; none for all.</summary>
    public IReadOnlyList<string> Columns { get; set; } = [];

    /// <summary>The console of this process. <paramref name="environment"/> is asked for NO_COLOR and TERM.</summary>
    public static CommandConsole OfProcess(Func<string, string?> environment) =>
        new(Console.IsOutputRedirected ? OfFile() : Console.Out, Console.Error, terminal: !Console.IsOutputRedirected,
            colours: string.IsNullOrEmpty(environment("NO_COLOR")) && environment("TERM") != "dumb",
            errorTerminal: !Console.IsErrorRedirected && environment("TERM") != "dumb");

    /// <summary>UTF-8, in as few writes as there are: the framework's own cuts everything into pieces of 256 characters.</summary>
    private static StreamWriter OfFile() => new(Console.OpenStandardOutput(), new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 16 * 1024) { AutoFlush = true };

    public void WriteLine(string line = "") => Out.WriteLine(line);

    /// <summary>A line in a Spectre style, e.g. <c>bold yellow</c>; the text is not markup.</summary>
    public void WriteLine(string line, string style)
    {
        if (_colours)
            _out.Value.MarkupLine($"[{style}]{Markup.Escape(line)}[/]");
        else
            Out.WriteLine(line);
    }

    /// <summary>The result of a command that prints one table: as a table, as CSV, or as the document that stands for it.</summary>
    /// <remarks>With columns, the document is a list of objects of these columns.</remarks>
    public void WriteList<T>(T document, JsonTypeInfo<T> type, IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows)
    {
        int[] chosen = [.. Columns.Count == 0 ? Enumerable.Range(0, headers.Count) : Columns.Select(column => IndexOf(column, headers))];
        string[] names = [.. chosen.Select(index => headers[index])];
        IEnumerable<string[]> cells = rows.Select(row => chosen.Select(index => row[index]).ToArray());
        if (Format is not (OutputFormat.Json or OutputFormat.Yaml))
        {
            WriteTable(names, cells);
        }
        else if (Columns.Count == 0)
        {
            WriteJson(document, type);
        }
        else
        {
            WriteJson([.. cells.Select(row => names.Zip(row).DistinctBy(pair => pair.First).ToDictionary(pair => Member(pair.First), pair => pair.Second, StringComparer.Ordinal))],
                CellsJson.Default.ListDictionaryStringString);
        }
    }

    public void WriteTable(IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows)
    {
        if (Format == OutputFormat.Csv)
        {
            foreach (IReadOnlyList<string> line in rows.Prepend(headers))
                Out.WriteLine(CsvText.Line(line));
            return;
        }

        Table table = new() { Border = _terminal ? TableBorder.Rounded : TableBorder.None };
        foreach (string header in headers)
            table.AddColumn(new TableColumn(new Text(header, new Style(decoration: Decoration.Bold))));
        foreach (IReadOnlyList<string> row in rows)
            table.AddRow(row.Select(cell => new Text(cell)));
        WriteTrimmed(table);
    }

    /// <summary>Several trees, one below the other; the same lines on a terminal and in a file.</summary>
    public void WriteTree(IEnumerable<TreeNode> roots)
    {
        foreach (TreeNode root in roots)
        {
            WriteLine(root.Text, root.Style ?? "default");
            WriteChildren(root.Children, "");
        }
    }

    private void WriteChildren(IReadOnlyList<TreeNode> children, string indent)
    {
        for (int i = 0; i < children.Count; i++)
        {
            bool last = i == children.Count - 1;
            WriteLine(indent + (last ? "└─ " : "├─ ") + children[i].Text, children[i].Style ?? "default");
            WriteChildren(children[i].Children, indent + (last ? "   " : "│  "));
        }
    }

    /// <summary>One document for programs: JSON, indented, or YAML where that was asked for.</summary>
    public void WriteJson<T>(T value, JsonTypeInfo<T> type)
    {
        if (Format == OutputFormat.Yaml)
            Out.Write(YamlText.Of(JsonSerializer.SerializeToElement(value, type)));
        else
            Out.WriteLine(JsonSerializer.Serialize(value, type));
    }

    public void WriteError(string error, string? hint)
    {
        Error.WriteLine("error: " + error);
        if (hint is not null)
            Error.WriteLine("hint: " + hint);
    }

    private static int IndexOf(string column, IReadOnlyList<string> headers)
    {
        for (int i = 0; i < headers.Count; i++)
        {
            if (string.Equals(Member(column), Member(headers[i]), StringComparison.Ordinal))
                return i;
        }

        throw CommandException.BadUsage($"there is no column '{column}'", "the columns are " + string.Join(", ", headers.Select(Member)));
    }

    /// <summary>A column as typed and as a member: <c>LAST SEEN</c> is <c>last_seen</c>.</summary>
    private static string Member(string header) => header.Trim().ToLowerInvariant().Replace(' ', '_').Replace('-', '_');

    // A table fills its last column with blanks, which only a terminal does not show.
    private void WriteTrimmed(IRenderable table)
    {
        if (_terminal)
        {
            _out.Value.Write(table);
            return;
        }
        string text = string.Concat(table.GetSegments(_out.Value).Select(segment => segment.Text));
        foreach (string line in text.TrimEnd('\n').Split('\n'))
            Out.WriteLine(line.Trim(' '));
    }
}

/// <summary>A line of a tree and what stands below it.</summary>
/// <param name="Style">A Spectre style; null for none.</param>
public sealed record TreeNode(string Text, IReadOnlyList<TreeNode> Children, string? Style = null);

/// <summary>Rows of chosen columns.</summary>
[JsonSourceGenerationOptions(WriteIndented = true)]
[JsonSerializable(typeof(List<Dictionary<string, string>>))]
internal sealed partial class CellsJson : JsonSerializerContext;
