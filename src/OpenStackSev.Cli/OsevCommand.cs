using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace OpenStackSev.Cli;

/// <summary>A command whose help ends with examples.</summary>
internal sealed class OsevCommand(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>Command lines that work as printed.</summary>
    public IReadOnlyList<string> Examples { get; } = examples;

    /// <summary>How it ends when the world fails: not with <see cref="ExitCode.Failed"/> where 1 is an answer.</summary>
    public int FailureCode { get; set; } = ExitCode.Failed;
}

/// <summary>The help of System.CommandLine, then the examples of the command.</summary>
internal sealed class HelpWithExamples(HelpAction help) : SynchronousCommandLineAction
{
    // Help was asked for: what else is on the command line may be incomplete.
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int code = help.Invoke(parseResult);
        if (parseResult.CommandResult.Command is OsevCommand { Examples: { Count: > 0 } examples })
        {
            TextWriter output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (string example in examples)
                output.WriteLine("  " + example);
            output.WriteLine();
        }
        return code;
    }
}
