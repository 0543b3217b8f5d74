using System.CommandLine;
using OpenStackSev.Api.Hosts;

namespace OpenStackSev.Cli.Hosts;

/// <summary><c>osev host check-upgrade</c>: what an update of a host's firmware takes away and brings, before it is installed.</summary>
internal static class CheckUpgrade
{
    /// <summary>Instances would be stranded.</summary>
    private const int Stranded = 2;

    public static Command Create(CommandConsole console)
    {
        Argument<string> host = Show.Named();
        Option<string?> tcb = new("--tcb") { Description = "CURRENT_TCB of the new firmware, 16 hex digits, most significant first. Left out: the thresholds that are known.", HelpName = "HEX" };
        Option<string?> firmware = new("--firmware") { Description = "Version of the new SNP firmware, e.g. 1.55.40.", HelpName = "VERSION" };
        OsevCommand command = new("check-upgrade",
            "Show what an update of a host's firmware takes away, with the instances that could not be started there again, and which bulletins it closes. Exit code 2: some would be stranded.",
            "osev host check-upgrade compute1", "osev host check-upgrade compute1 --tcb 481B000000000004")
        {
            host, tcb, firmware,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using ControlPlane control = ControlPlane.Of(parsed.Connect());
            Guid node = await control.NodeAsync(parsed.GetRequiredValue(host), ct);
            string? digits = parsed.GetValue(tcb) is { } text && text.StartsWith("0x", StringComparison.OrdinalIgnoreCase) ? text[2..] : parsed.GetValue(tcb);
            UpgradeCheck check = await control.Api.CheckHostUpgradeAsync(node, digits, parsed.GetValue(firmware), ct);
            if (parsed.Format() == OutputFormat.Json)
                console.WriteJson(check, HostJson.Default.UpgradeCheck);
            else
                Write(console, check);
            return check.Stranded > 0 ? Stranded : ExitCode.Ok;
        });
        return command;
    }

    private static void Write(CommandConsole console, UpgradeCheck check)
    {
        console.WriteLine($"{check.Name}: {check.Product ?? "unknown processor"}, CURRENT_TCB {(check.CurrentTcb is { } current ? "0x" + current : "unknown")}, {(check.Target is { } target ? $"to {target}" : "to any newer firmware")}");
        if (check.Losses.Count == 0)
            console.WriteLine("Nothing is known that an update takes away on this processor.");
        foreach (UpgradeLoss loss in check.Losses)
        {
            console.WriteLine();
            console.WriteLine($"{loss.Code} ({loss.When}) {loss.Threshold}: {loss.Detail}");
            if (loss.Stranded.Count > 0)
                console.WriteTable([loss.When == "never" ? "NEEDS IT" : "STRANDED", "NAME", "MODEL", "STATUS", "PROJECT"], loss.Stranded.Select(one => new[] { one.Instance.ToString(), one.Name, one.Model, one.Status, one.Project }));
        }

        if (check.Gains.Count > 0)
        {
            console.WriteLine();
            console.WriteTable(["BULLETIN", "CVES", "CLOSED BY IT", "LACKS NOW"], check.Gains.Select(gain => new[]
            {
                gain.Bulletin, string.Join(" ", gain.Cves), gain.Closes switch { true => "yes", false => "no", null => check.Target is null ? "" : "unknown" }, gain.Missing,
            }));
        }

        if (check.Steps.Count == 0)
            return;
        console.WriteLine();
        for (int i = 0; i < check.Steps.Count; i++)
            console.WriteLine($"{i + 1}. {check.Steps[i]}");
    }
}
