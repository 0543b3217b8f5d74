using System.CommandLine;
using OpenStackSev.Configuration;
using OpenStackSev.Control.Configuration;

namespace OpenStackSev.Control.Commands;

/// <summary>How one check of <c>status upgrade check</c> ended; the worst one is the exit code.</summary>
public enum UpgradeResult
{
    Success = 0,
    Warning = 1,
    Failure = 2,
}

/// <param name="Details">One or two sentences with the remedy; null when there is nothing to say.</param>
public sealed record UpgradeOutcome(UpgradeResult Result, string? Details = null)
{
    public static UpgradeOutcome Success { get; } = new(UpgradeResult.Success);
}

/// <summary>One thing that has to be right before this version serves.</summary>
/// <param name="Run">Given the configuration, which was read without problems.</param>
public sealed record UpgradeCheck(string Name, Func<ControlConfiguration, CancellationToken, Task<UpgradeOutcome>> Run);

/// <summary><c>status upgrade check</c>: is this machine ready for this version? With the exit codes of every OpenStack service.</summary>
/// <remarks>0 ready, 1 a warning, 2 a failure, 255 the check itself failed. Source: oslo.upgradecheck, "Upgrade check return codes".</remarks>
internal static class UpgradeCheckCommand
{
    private const int Broken = 255;
    private const int Width = 78;

    public static Command Create(TextWriter output, TextWriter error)
    {
        var command = new Command("check", "Is this machine ready for this version? Exit code: 0 ready, 1 warnings, 2 failures, 255 it cannot be told.");
        command.SetAction(async (parsed, ct) =>
        {
            try
            {
                return (int)await RunAsync(parsed, output, ct);
            }
            // Whatever happens, a script must not take it for a warning or a failure of a check.
            catch (Exception e)
            {
                error.WriteLine($"error: the check itself failed: {e.GetType().Name}: {e.Message}");
                return Broken;
            }
        });
        return command;
    }

    private static async Task<UpgradeResult> RunAsync(ParseResult parsed, TextWriter output, CancellationToken ct)
    {
        var results = new List<(string Name, UpgradeOutcome Outcome)>();
        ControlConfiguration? configuration = null;
        try
        {
            configuration = parsed.Configuration();
            results.Add(("Configuration", UpgradeOutcome.Success));
        }
        catch (ConfigurationException e)
        {
            results.Add(("Configuration", new(UpgradeResult.Failure, string.Join("; ", e.Problems))));
        }

        foreach (UpgradeCheck check in configuration is null ? [] : UpgradeChecks.All)
            results.Add((check.Name, await check.Run(configuration!, ct)));
        Write(output, results);
        return results.Max(result => result.Outcome.Result);
    }

    /// <summary>The table that oslo.upgradecheck prints.</summary>
    private static void Write(TextWriter output, List<(string Name, UpgradeOutcome Outcome)> results)
    {
        string rule = "+" + new string('-', Width - 2) + "+";
        output.WriteLine(rule);
        output.WriteLine(Row("Upgrade Check Results"));
        output.WriteLine(rule);
        foreach ((string name, UpgradeOutcome outcome) in results)
        {
            output.WriteLine(Row("Check: " + name));
            output.WriteLine(Row("Result: " + outcome.Result));
            foreach (string line in Wrapped("Details: " + (outcome.Details ?? "None")))
                output.WriteLine(Row(line));
            output.WriteLine(rule);
        }
    }

    private static string Row(string text) => $"| {text.PadRight(Width - 4)} |";

    private static IEnumerable<string> Wrapped(string text)
    {
        string line = "";
        foreach (string word in text.Split(' ', StringSplitOptions.RemoveEmptyEntries).SelectMany(word => word.Chunk(Width - 6).Select(part => new string(part))))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > Width - 4)
            {
                yield return line;
                line = " ";
            }

            line += line.Length == 0 ? word : " " + word;
        }

        yield return line;
    }
}
