using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json.Serialization;
using OpenStackSev.Simulation;

namespace OpenStackSev.Cli.Simulate;

/// <summary><c>osev simulate host</c>: writes a folder that reads like an EPYC machine.</summary>
internal static class Host
{
    public static Command Create(CommandConsole console)
    {
        Option<string> model = new("--model", "-m") { Description = "Processor generation.", HelpName = "MODEL" };
        model.AcceptOnlyFromAmong([.. HostModel.All.Select(m => m.Name)]);
        Option<string> output = new("--out", "-o") { Description = "Folder: new, empty or an earlier simulated host.", HelpName = "DIR" };
        Option<uint?> asids = Number("--asids", "Highest ASID: how many encrypted guests in all.");
        Option<uint?> minimumSevAsid = Number("--min-sev-asid",
            "Lowest ASID of plain SEV, as set in the BIOS; 1 leaves none to SEV-ES and SEV-SNP.");
        Option<uint?> hiddenAsids = Number("--hidden-asids", "ASIDs for SEV-SNP alone, with ciphertext hiding; 0 is off.");
        Option<string> sick = new("--sick") { Description = "Something that is wrong with the host; see --list.", HelpName = "NAME" };
        sick.AcceptOnlyFromAmong([.. Sickness.All.Select(s => s.Name)]);
        Option<Running?> current = new("--set-current")
        {
            Description = "Guests that run. With --out alone: change only this on the host that is there.",
            HelpName = "sev=N,sev_es=N",
            CustomParser = Running.Parse,
        };
        Option<int?> sockets = new("--sockets") { Description = "Sockets, each with a chip of its own (default 1).", HelpName = "N" };
        Option<string> chipSeed = new("--chip-seed")
        {
            Description = "Hosts of one model with the same seed have the same chips (default: the folder's path).",
            HelpName = "TEXT",
        };
        Option<bool> tsme = new("--tsme") { Description = "Transparent SME is on, as a BIOS option." };
        Option<bool> list = new("--list") { Description = "Print the models and what can be wrong with them." };

        OsevCommand command = new("host", "Write a folder that reads like an EPYC machine: CPUID, kvm_amd, misc cgroup, firmware.",
            "osev simulate host --list",
            "osev simulate host --model turin --asids 200 --out /tmp/turin",
            "osev simulate host --model turin-cth --hidden-asids 64 --out /tmp/turin",
            "osev simulate host --out /tmp/turin --set-current sev=5,sev_es=1",
            "osev simulate host --model genoa --sick post-cve-2025-48514 --out /tmp/genoa")
        {
            model, output, asids, minimumSevAsid, hiddenAsids, sockets, chipSeed, tsme, sick, current, list,
        };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(list))
                return List(console, parsed.Format());
            string folder = parsed.GetValue(output)
                ?? throw CommandException.BadUsage("--out is missing", "say where: osev simulate host --model turin --out DIR");
            Running? running = parsed.GetValue(current);
            if (parsed.GetValue(model) is { } name)
            {
                return Write(console, parsed.Format(), folder, new SimulatedHostOptions(HostModel.Named(name)!)
                {
                    Asids = parsed.GetValue(asids),
                    MinimumSevAsid = parsed.GetValue(minimumSevAsid),
                    HiddenAsids = parsed.GetValue(hiddenAsids),
                    RunningSev = running?.Sev ?? 0,
                    RunningSevEs = running?.SevEs ?? 0,
                    Sockets = parsed.GetValue(sockets) ?? 1,
                    ChipSeed = parsed.GetValue(chipSeed) ?? Path.GetFullPath(folder),
                    Tsme = parsed.GetValue(tsme),
                    Sick = parsed.GetValue(sick) is { } sickness ? Sickness.Named(sickness) : null,
                });
            }
            if (running is null || parsed.GetValue(tsme) || new Option[] { asids, minimumSevAsid, hiddenAsids, sockets, chipSeed, sick }.Any(o => parsed.GetResult(o) is not null))
                throw CommandException.BadUsage("--model is missing", "osev simulate host --list prints the models");
            return SetCurrent(console, parsed.Format(), folder, running);
        });
        return command;
    }

    private static int Write(CommandConsole console, OutputFormat format, string folder, SimulatedHostOptions options)
    {
        if (options.Problems() is [string problem, ..])
            throw CommandException.BadUsage(problem, "see osev simulate host --help");
        SimulatedHost.Write(folder, options);

        HostNumbers numbers = HostNumbers.Of(options);
        if (format == OutputFormat.Json)
        {
            console.WriteJson(new HostWritten(Path.GetFullPath(folder), options.Model.Name, options.Sick?.Name, numbers.MaximumAsid,
                numbers.MinimumSevAsid, numbers.Sev, numbers.SevEsAndSnp, numbers.Hidden), SimulateJson.Default.HostWritten);
            return ExitCode.Ok;
        }
        console.WriteLine($"simulated {options.Model.Name} in {folder}: "
            + $"ASIDs {numbers.MinimumSevAsid}..{numbers.MaximumAsid} for SEV ({numbers.Sev}), "
            + (numbers.SevEsAndSnp == 0 ? "none for SEV-ES and SEV-SNP" : $"1..{numbers.SevEsAndSnp} for SEV-ES and SEV-SNP")
            + (numbers.Hidden > 0 ? $", of these 1..{numbers.Hidden} for SEV-SNP alone" : ""));
        if (options.Sick is { } sick)
            console.WriteLine($"sick: {sick.Summary}", "yellow");
        return ExitCode.Ok;
    }

    private static int SetCurrent(CommandConsole console, OutputFormat format, string folder, Running running)
    {
        SimulatedHost.SetCurrent(folder, running.Sev, running.SevEs);
        if (format == OutputFormat.Json)
            console.WriteJson(new CurrentSet(Path.GetFullPath(folder), running.Sev, running.SevEs), SimulateJson.Default.CurrentSet);
        else
            console.WriteLine($"{folder}: {running.Sev} SEV guests run, {running.SevEs} SEV-ES and SEV-SNP guests");
        return ExitCode.Ok;
    }

    private static int List(CommandConsole console, OutputFormat format)
    {
        if (format == OutputFormat.Json)
        {
            console.WriteJson(new HostKinds([.. HostModel.All.Select(m => new NamedKind(m.Name, m.Summary))],
                [.. Sickness.All.Select(s => new NamedKind(s.Name, s.Summary))]), SimulateJson.Default.HostKinds);
            return ExitCode.Ok;
        }
        console.WriteTable(["MODEL", "WHAT IT IS"], HostModel.All.Select(m => new[] { m.Name, m.Summary }));
        console.WriteLine();
        console.WriteTable(["SICK", "WHAT IS WRONG"], Sickness.All.Select(s => new[] { s.Name, s.Summary }));
        return ExitCode.Ok;
    }

    private static Option<uint?> Number(string name, string description) => new(name)
    {
        Description = description,
        HelpName = "N",
        CustomParser = argument =>
        {
            string text = argument.Tokens[0].Value;
            if (uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out uint number))
                return number;
            argument.AddError($"{name} {text}: must be a whole number from 0 to {uint.MaxValue}");
            return null;
        },
    };
}

/// <summary>Guests that run, as <c>sev=N,sev_es=N</c>.</summary>
internal sealed record Running(uint Sev, uint SevEs)
{
    public static Running? Parse(ArgumentResult argument)
    {
        string text = argument.Tokens[0].Value;
        string[] parts = text.Split(',');
        if (parts.Length == 2 && Count("sev", parts) is { } sev && Count("sev_es", parts) is { } sevEs)
            return new Running(sev, sevEs);
        argument.AddError($"--set-current {text}: must be sev=N,sev_es=N");
        return null;
    }

    private static uint? Count(string kind, string[] parts) =>
        parts.FirstOrDefault(part => part.StartsWith(kind + "=", StringComparison.Ordinal)) is { } part
        && uint.TryParse(part.AsSpan(kind.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out uint count)
            ? count
            : null;
}

/// <summary>Result of writing a host. Counts are what its CPUID says, also when it is sick.</summary>
internal sealed record HostWritten(
    string Folder, string Model, string? Sick,
    uint MaximumAsid, uint MinimumSevAsid, uint SevAsids, uint SevEsAndSevSnpAsids, uint HiddenAsids);

internal sealed record CurrentSet(string Folder, uint Sev, uint SevEs);

internal sealed record HostKinds(IReadOnlyList<NamedKind> Models, IReadOnlyList<NamedKind> Sick);

internal sealed record NamedKind(string Name, string Summary);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(HostWritten))]
[JsonSerializable(typeof(CurrentSet))]
[JsonSerializable(typeof(HostKinds))]
[JsonSerializable(typeof(ChainWritten))]
[JsonSerializable(typeof(ReportWritten))]
[JsonSerializable(typeof(KdsServing))]
[JsonSerializable(typeof(GuestServing))]
[JsonSerializable(typeof(GuestChanged))]
[JsonSerializable(typeof(FleetResult))]
internal sealed partial class SimulateJson : JsonSerializerContext;
