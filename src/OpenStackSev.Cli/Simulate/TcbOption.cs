using System.CommandLine;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Cli.Simulate;

/// <summary>Patch levels on the command line.</summary>
internal static class TcbOption
{
    public static Option<SimulatedTcb?> Create(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "[fmc/]bl/tee/snp/ucode",
        CustomParser = argument =>
        {
            if (SimulatedTcb.TryParse(argument.Tokens[0].Value, out SimulatedTcb levels))
                return levels;
            argument.AddError($"{name} {argument.Tokens[0].Value}: must be like 4/0/24/219, or 1/1/1/4/81 from Turin on");
            return null;
        },
    };

    /// <summary>A TCB as the line has it.</summary>
    /// <exception cref="CommandException">It is of another line.</exception>
    public static SimulatedTcb? Of(SimulatedTcb? given, SimulatedLine line) => given is { } asked && asked.Fmc.HasValue != line.HasFmc
        ? throw CommandException.BadUsage($"--tcb {asked}: {line} has {(line.HasFmc ? "five" : "four")} patch levels", $"for example --tcb {line.UsualTcb}")
        : given;
}
