using OpenStackSev.Attestation;

namespace OpenStackSev.Cli.Attest;

/// <summary>Exit codes that are an answer: a script trusts evidence when the code is 0, and never otherwise.</summary>
internal static class VerdictExit
{
    /// <summary>Could not be judged, whatever the reason.</summary>
    public const int None = ExitCode.NotJudged;

    public static int Of(Verdict verdict) => verdict switch
    {
        Verdict.Affirming => ExitCode.Ok,
        Verdict.Warning => 1,
        Verdict.Contraindicated => 2,
        _ => None,
    };

    /// <summary>Runs a command whose codes are answers.</summary>
    /// <remarks>1 is "failed" elsewhere and a warning here: whatever goes wrong must not look like a verdict.</remarks>
    public static int Run(Func<int> command)
    {
        try
        {
            return command();
        }
        catch (CommandException e) when (e.ExitCode == ExitCode.Failed)
        {
            throw new CommandException(e.Message, e.Hint, None, e);
        }
        catch (Exception e) when (e is not (CommandException or OperationCanceledException))
        {
            throw new CommandException($"{e.GetType().Name}: {e.Message.ReplaceLineEndings(" ").TrimEnd('.')}",
                "this is a defect of osev; please report it with the command line", None, e);
        }
    }
}
