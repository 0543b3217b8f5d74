using System.CommandLine;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Cli.Simulate;

/// <summary><c>osev simulate guest</c>: a folder that answers an attester as configfs-tsm does.</summary>
internal static class Guest
{
    private static readonly (string Word, SimulatedLie Lie)[] s_lies =
    [
        ("none", SimulatedLie.None), ("wrong-chip", SimulatedLie.WrongChip), ("old-tcb", SimulatedLie.OldTcb), ("debug", SimulatedLie.Debug),
        ("replay", SimulatedLie.Replay), ("foreign-nonce", SimulatedLie.ForeignNonce), ("silence", SimulatedLie.Silence),
    ];

    /// <summary>Kinds of lies, as they are typed.</summary>
    public static IEnumerable<string> LieWords => s_lies.Skip(1).Select(lie => lie.Word);

    public static Command Create(CommandConsole console)
    {
        Option<string> output = new("--out", "-o") { Description = "Folder: new, empty or of an earlier simulated guest.", HelpName = "DIR", Required = true };
        Option<string> chain = new("--chain") { Description = "Folder of osev simulate chain.", HelpName = "DIR" };
        Option<ReadOnlyMemory<byte>?> chipId = HexOption.Bytes("--chip-id", "64 bytes, from Turin on 8; one that is always the same by default.", 64);
        Option<SimulatedTcb?> tcb = TcbOption.Create("--tcb", "Patch levels at launch, in decimal; fmc/ from Turin on only.");
        Option<ReadOnlyMemory<byte>?> measurement = HexOption.Bytes("--measurement", "Launch digest: 48 bytes.", 48, exact: true);
        Option<ReadOnlyMemory<byte>?> hostData = HexOption.Bytes("--host-data", "What the host puts in: 32 bytes.", 32, exact: true);
        Option<ulong?> policy = HexOption.Number("--policy", "Guest policy; 30000 by default.");
        Option<string> lie = Lie("--lie", "How it lies; none by default.");
        Option<bool> noCertificates = new("--no-certificates") { Description = "The host hands out no certificates." };
        Option<SimulatedTcb?> setTcb = TcbOption.Create("--set-tcb", "With --out alone: what the one that runs reports from now on, as if its host rolled back or updated.");
        Option<string> setLie = Lie("--set-lie", "With --out alone: how the one that runs lies from now on.");

        OsevCommand command = new("guest", "Serve a folder that answers openstack-sev-guest as the kernel of a confidential machine does.",
            "osev simulate guest --chain /tmp/amd --out /tmp/guest",
            "osev simulate guest --chain /tmp/amd --out /tmp/guest --lie wrong-chip",
            "osev simulate guest --out /tmp/guest --set-tcb 1/1/1/3/70",
            "osev simulate guest --out /tmp/guest --set-lie none")
        {
            output, chain, chipId, tcb, measurement, hostData, policy, lie, noCertificates, setTcb, setLie,
        };
        command.SetAction(async (parsed, ct) =>
        {
            string folder = parsed.GetValue(output)!;
            bool changes = parsed.GetValue(setTcb) is not null || parsed.GetValue(setLie) is not null;
            if (changes == parsed.GetValue(chain) is not null)
                throw CommandException.BadUsage(changes ? "--set-tcb and --set-lie are for a guest that runs, --chain starts one" : "--chain is missing", "see osev simulate guest --help");
            if (changes)
                return Change(console, parsed.Format(), folder, parsed.GetValue(setTcb), LieOf(parsed.GetValue(setLie)));
            using SimulatedAuthority authority = SimulatedAuthority.Load(parsed.GetValue(chain)!);
            return await ServeAsync(console, parsed.Format(), folder, new SimulatedGuest(authority)
            {
                ChipId = HexOption.ChipId(parsed.GetValue(chipId), authority.Line),
                Tcb = TcbOption.Of(parsed.GetValue(tcb), authority.Line),
                Measurement = parsed.GetValue(measurement)?.ToArray(),
                HostData = parsed.GetValue(hostData)?.ToArray() ?? [],
                Policy = parsed.GetValue(policy),
                Lie = LieOf(parsed.GetValue(lie)) ?? SimulatedLie.None,
                HasCertificates = !parsed.GetValue(noCertificates),
            }, ct);
        });
        return command;
    }

    private static async Task<int> ServeAsync(CommandConsole console, OutputFormat format, string folder, SimulatedGuest guest, CancellationToken ct)
    {
        await using SimulatedTsm tsm = SimulatedTsm.Start(folder, guest, console.Error.WriteLine);
        if (format == OutputFormat.Json)
            console.WriteJson(new GuestServing(Path.GetFullPath(folder), guest.Authority.Line.ToString(), WordOf(guest.Lie)), SimulateJson.Default.GuestServing);
        else
            console.WriteLine($"simulated {guest.Authority.Line} guest for openstack-sev-guest run --tsm {folder}; ends with Ctrl-C");
        console.Out.Flush();
        await tsm.Completion.WaitAsync(ct);
        return ExitCode.Ok;
    }

    private static int Change(CommandConsole console, OutputFormat format, string folder, SimulatedTcb? tcb, SimulatedLie? lie)
    {
        if (tcb is { } levels)
            SimulatedTsm.SetTcb(folder, levels);
        if (lie is { } kind)
            SimulatedTsm.SetLie(folder, kind);
        (SimulatedTcb Tcb, SimulatedLie Lie) now = SimulatedTsm.Settings(folder);
        if (format == OutputFormat.Json)
            console.WriteJson(new GuestChanged(Path.GetFullPath(folder), now.Tcb.ToString(), WordOf(now.Lie)), SimulateJson.Default.GuestChanged);
        else
            console.WriteLine($"{folder}: simulated reports of TCB {now.Tcb}, lie {WordOf(now.Lie)}");
        return ExitCode.Ok;
    }

    private static Option<string> Lie(string name, string description)
    {
        Option<string> option = new(name) { Description = description, HelpName = "KIND" };
        option.AcceptOnlyFromAmong([.. s_lies.Select(lie => lie.Word)]);
        return option;
    }

    /// <summary>Null for what is no kind of lie.</summary>
    public static SimulatedLie? LieOf(string? word) => Array.FindIndex(s_lies, lie => lie.Word == word) is >= 0 and var index ? s_lies[index].Lie : null;

    public static string WordOf(SimulatedLie kind) => Array.Find(s_lies, lie => lie.Lie == kind).Word;
}

/// <summary>Where the simulated guest answers.</summary>
internal sealed record GuestServing(string Folder, string Line, string Lie);

/// <summary>What the simulated guest reports from now on.</summary>
internal sealed record GuestChanged(string Folder, string Tcb, string Lie);
