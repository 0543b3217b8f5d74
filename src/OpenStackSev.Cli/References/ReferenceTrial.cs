using OpenStackSev.Api.Policies;
using OpenStackSev.Cli.Policies;

namespace OpenStackSev.Cli.References;

/// <summary>What a change of reference values would do, before it is made.</summary>
internal static class ReferenceTrial
{
    /// <returns>False when it was only to be tried: then the trial is printed.</returns>
    /// <exception cref="CommandException">Verdicts get worse, and nobody said that they may.</exception>
    public static async Task<bool> PassesAsync(Hosts.ControlPlane control, CommandConsole console, DryRunRequest request, bool dryRun, bool anyway, CancellationToken ct)
    {
        (int judged, IReadOnlyList<VerdictChange> changes) = await PolicyArgument.TryAsync(control, console, request, ct);
        if (dryRun)
        {
            DryRun.Write(console, judged, changes);
            return false;
        }

        if (!anyway && PolicyArgument.Worse(changes) is [var first, ..] worse)
        {
            throw new CommandException(
                $"{worse.Count} of {judged} instances would get a worse verdict, e.g. {first.Instance}: {first.From} to {first.To}, {string.Join(' ', first.Findings)}",
                "--dry-run lists them; --anyway does it all the same");
        }

        return true;
    }
}
