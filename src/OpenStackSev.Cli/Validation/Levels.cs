using OpenStackSev.Inspection;
using OpenStackSev.Validation;

namespace OpenStackSev.Cli.Validation;

/// <summary>How bad it is, as word, colour and exit code.</summary>
internal static class Levels
{
    private const int Warnings = 1;
    private const int Errors = 2;

    public static string StyleOf(FindingLevel level) => level switch
    {
        FindingLevel.Error => "bold red",
        FindingLevel.Warning => "bold yellow",
        _ => "bold blue",
    };

    /// <summary>0 none above hint, 1 warnings, 2 errors.</summary>
    public static int ExitCodeOf(IEnumerable<Finding> findings)
    {
        int code = ExitCode.Ok;
        foreach (Finding finding in findings)
            code = Math.Max(code, ExitCodeOf(finding.Level));
        return code;
    }

    public static int ExitCodeOf(FindingLevel level) => level switch
    {
        FindingLevel.Error => Errors,
        FindingLevel.Warning => Warnings,
        _ => ExitCode.Ok,
    };

    /// <summary><c>1 error, 2 warnings, 0 hints</c>.</summary>
    public static string Summary(IReadOnlyCollection<FindingLevel> levels)
    {
        string Count(FindingLevel level)
        {
            int count = levels.Count(found => found == level);
            return $"{count} {LevelNames.Of(level)}{(count == 1 ? "" : "s")}";
        }
        return $"{Count(FindingLevel.Error)}, {Count(FindingLevel.Warning)}, {Count(FindingLevel.Hint)}";
    }
}
