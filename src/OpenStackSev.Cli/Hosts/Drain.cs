using System.CommandLine;
using System.Globalization;
using OpenStackSev.Api.Hosts;

namespace OpenStackSev.Cli.Hosts;

/// <summary><c>osev host drain</c>: prints how the encrypted instances of a host can be moved away. It moves none.</summary>
internal static class Drain
{
    /// <summary>Some cannot be moved now.</summary>
    private const int Blocked = 2;

    public static Command Create(CommandConsole console)
    {
        Argument<string> host = Show.Named();
        OsevCommand command = new("drain",
            "Print how the encrypted instances of a host can be moved away: cold migrations in order, hosts with room, and what cannot be moved. It changes nothing. Exit code 2: some cannot.",
            "osev host drain compute1", "osev host drain compute1 -f json")
        {
            host,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using ControlPlane control = ControlPlane.Of(parsed.Connect());
            DrainPlan plan = await control.Api.GetHostDrainAsync(await control.NodeAsync(parsed.GetRequiredValue(host), ct), ct);
            if (parsed.Format() == OutputFormat.Json)
                console.WriteJson(plan, HostJson.Default.DrainPlan);
            else
                Write(console, plan);
            return plan.Blocked.Count > 0 ? Blocked : ExitCode.Ok;
        });
        return command;
    }

    private static void Write(CommandConsole console, DrainPlan plan)
    {
        if (plan.Steps.Count + plan.Blocked.Count == 0)
            console.WriteLine($"No encrypted instance is on {plan.Name}.");
        if (plan.Steps.Count > 0)
        {
            console.WriteLine($"Encrypted guests do not migrate live: each is stopped, moved and started, and what was in its memory is lost. Nova chooses the target.");
            console.WriteLine($"First, so that nothing comes back: osev host quarantine {plan.Name} --reason TEXT --disable-service");
            console.WriteLine();
            console.WriteTable(["STEP", "INSTANCE", "NAME", "MODEL", "STATUS", "FLAVOR"], plan.Steps.Select(step => new[]
            {
                Text(step.Number), step.Instance.ToString(), step.Name, step.Model, step.Status, step.Flavor ?? "",
            }));
            console.WriteLine();
            foreach (string line in plan.Steps.SelectMany(step => step.Commands))
                console.WriteLine(line);
        }

        WriteRoom(console, plan);
        if (plan.Blocked.Count > 0)
        {
            console.WriteLine();
            console.WriteTable(["NOT MOVED", "NAME", "MODEL", "STATUS", "CODE", "WHY"], plan.Blocked.Select(one => new[] { one.Instance.ToString(), one.Name, one.Model, one.Status, one.Code, one.Detail }));
        }

        foreach (string note in plan.Notes)
            console.WriteLine($"note: {note}");
    }

    private static void WriteRoom(CommandConsole console, DrainPlan plan)
    {
        if (plan.Models.Count > 0)
        {
            console.WriteLine();
            console.WriteTable(["MODEL", "INSTANCES", "FREE ELSEWHERE", "SHORT"], plan.Models.Select(model => new[] { model.Model, Text(model.Instances), Text(model.Free), Text(model.Short) }));
        }

        if (plan.Targets.Count > 0)
        {
            console.WriteLine();
            console.WriteTable(["TARGET", "TRUST", "FREE", "COUNTS"], plan.Targets.Select(target => new[]
            {
                target.Name, target.Trust, string.Join(", ", target.Room.Select(room => $"{Text(room.Free)} {room.Model}")), target.Excluded ?? "yes",
            }));
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
