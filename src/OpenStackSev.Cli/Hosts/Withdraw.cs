using System.CommandLine;
using OpenStackSev.Api.Hosts;

namespace OpenStackSev.Cli.Hosts;

/// <summary><c>osev host withdraw</c>: takes chips from a host that is gone, so that another may have them.</summary>
internal static class Withdraw
{
    public static Command Create(CommandConsole console)
    {
        Argument<string> host = Show.Named();
        Option<string> reason = new("--reason") { Description = "Why, for the host's history.", HelpName = "TEXT", Required = true };
        Option<string[]> chips = new("--chip") { Description = "Only this chip, by the first digits of its id; may be given more than once. Left out: all that are its own.", HelpName = "ID" };
        OsevCommand command = new("withdraw", "Take chips from a host that reports no more: its board moved, or Nova registered it anew under another UUID.",
            "osev host withdraw 11111111-2222-4333-8444-555555555555 --reason 'reinstalled, now 66666666-7777-4888-8999-aaaaaaaaaaaa'")
        {
            host, reason, chips, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using ControlPlane control = ControlPlane.Of(parsed.Connect());
            Guid node = await control.NodeAsync(parsed.GetRequiredValue(host), ct);
            HostDetails now = await control.Api.GetHostAsync(node, ct);
            string[] own = [.. now.Chips.Where(chip => chip.Status is not "withdrawn").Select(chip => chip.Id)];
            if (own.Length == 0)
                throw new CommandException($"host '{now.Name}' has no chip that could be withdrawn", "osev host show shows its chips");
            var withdrawal = new HostWithdrawal(Approve.Named(now, own, parsed.GetValue(chips) ?? []), parsed.GetRequiredValue(reason));
            Show.Write(console, await control.Api.WithdrawHostAsync(node, withdrawal, ct));
            return ExitCode.Ok;
        });
        return command;
    }
}
