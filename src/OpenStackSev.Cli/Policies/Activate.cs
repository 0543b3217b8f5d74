using System.CommandLine;
using OpenStackSev.Api.Policies;

namespace OpenStackSev.Cli.Policies;

/// <summary><c>osev policy activate</c>: makes a version the one that judges, or rolls back to an older one.</summary>
internal static class Activate
{
    public static Command Create(CommandConsole console)
    {
        Argument<int> number = PolicyArgument.Number();
        Option<bool> anyway = new("--anyway") { Description = "Also when verdicts get worse by it." };
        OsevCommand command = new("activate", "Make a version the one that judges; an older one too, which is how to roll back. Refused when a dry run shows verdicts that get worse.",
            "osev policy activate 3", "osev policy activate 2 --anyway")
        {
            number, anyway, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            int asked = parsed.GetRequiredValue(number);
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            // As it is seen here: another administrator's activation meanwhile is not undone unseen.
            int replaces = (await PolicyArgument.AllAsync(control, ct)).First(policy => policy.Active).Number;
            (int judged, IReadOnlyList<VerdictChange> changes) = await PolicyArgument.TryAsync(control, console, new DryRunRequest(Policy: asked), ct);
            IReadOnlyList<VerdictChange> worse = PolicyArgument.Worse(changes);
            if (worse.Count > 0 && !parsed.GetValue(anyway))
            {
                throw new CommandException(
                    $"{worse.Count} of {judged} instances would get a worse verdict, e.g. {worse[0].Instance}: {worse[0].From} to {worse[0].To}, {string.Join(' ', worse[0].Findings)}",
                    $"osev policy dry-run {asked} lists them; --anyway activates all the same");
            }

            Show.Write(console, (await control.Api.ActivatePolicyAsync(asked, new PolicyActivation(replaces), ct)).Policy);
            return ExitCode.Ok;
        });
        return command;
    }
}
