using System.CommandLine;

namespace OpenStackSev.Cli;

/// <summary>How a command prints its result.</summary>
public enum OutputFormat
{
    /// <summary>For people: may change at any time.</summary>
    Table,

    /// <summary>For programs: one JSON document; members are only ever added.</summary>
    Json,

    /// <summary>The same document in YAML.</summary>
    Yaml,

    /// <summary>The table of a list, for spreadsheets. RFC 4180, with a header line.</summary>
    Csv,
}

/// <summary><c>-f|--format</c>, which every command has.</summary>
public static class FormatOption
{
    private static readonly string[] Words = ["table", "json", "yaml", "csv"];

    public static Option<OutputFormat> Instance { get; } = Create();

    /// <summary>What a command has to make: a document for programs, or something for people. How either is written is the console's part.</summary>
    public static OutputFormat Format(this ParseResult result) =>
        result.GetValue(Instance) is OutputFormat.Json or OutputFormat.Yaml ? OutputFormat.Json : OutputFormat.Table;

    private static Option<OutputFormat> Create()
    {
        Option<OutputFormat> option = new("--format", "-f")
        {
            Description = "How to print the result: a table for people, JSON or YAML for programs, CSV of a list.",
            HelpName = "table|json|yaml|csv",
            Recursive = true,
            CustomParser = argument => (OutputFormat)Math.Max(0, Array.IndexOf(Words, argument.Tokens[0].Value)),
        };
        return option.AcceptOnlyFromAmong(Words);
    }
}

/// <summary><c>-c|--column</c> of commands whose result is one table. A command that has it can also print CSV.</summary>
public static class ColumnOption
{
    public static Option<string[]> Instance { get; } = new("--column", "-c")
    {
        Description = "Only this column; may be given more than once, and is printed in that order.",
        HelpName = "COLUMN",
        Arity = ArgumentArity.OneOrMore,
        AllowMultipleArgumentsPerToken = false,
    };

    /// <summary>True when the result of the command is one table.</summary>
    public static bool HasColumns(this ParseResult result) => result.CommandResult.Command.Options.Contains(Instance);
}
