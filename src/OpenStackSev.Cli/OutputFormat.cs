using System.CommandLine;

namespace OpenStackSev.Cli;

/// <summary>How a command prints its result.</summary>
public enum OutputFormat
{
    /// <summary>For people: may change at any time.</summary>
    Table,

    /// <summary>For programs: one JSON document; members are only ever added.</summary>
    Json,
}

/// <summary><c>-f|--format</c>, which every command has.</summary>
public static class FormatOption
{
    public static Option<OutputFormat> Instance { get; } = Create();

    public static OutputFormat Format(this ParseResult result) => result.GetValue(Instance);

    private static Option<OutputFormat> Create()
    {
        Option<OutputFormat> option = new("--format", "-f")
        {
            Description = "How to print the result: a table for people or JSON for programs.",
            HelpName = "table|json",
            Recursive = true,
            CustomParser = argument => argument.Tokens[0].Value == "json" ? OutputFormat.Json : OutputFormat.Table,
        };
        return option.AcceptOnlyFromAmong("table", "json");
    }
}
