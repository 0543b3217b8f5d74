namespace OpenStackSev.Simulation.Snp;

/// <summary>The folder of a <see cref="SimulatedTsm"/>: its mark, which also says what the guest reports and how it lies.</summary>
internal static class SimulatedTsmFolder
{
    public const string Mark = "simulated";
    public const string Entries = "report";
    private const string FirstLine = "# A simulated configfs-tsm: its reports prove nothing about any hardware.";
    private const string TcbKey = "tcb=", LieKey = "lie=";

    /// <exception cref="SimulationException">The folder holds something else.</exception>
    public static void Prepare(string folder, SimulatedTcb tcb, SimulatedLie lie) => Guard(folder, () =>
    {
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any() && !IsMarked(folder))
            throw new SimulationException($"{folder} holds something else than a simulated guest; nothing was written", "choose another folder");
        Directory.CreateDirectory(Path.Join(folder, Entries));
        Write(folder, tcb, lie);
    });

    /// <exception cref="SimulationException">It is no folder of a simulated guest, or its mark is not readable.</exception>
    public static (SimulatedTcb Tcb, SimulatedLie Lie) Read(string folder)
    {
        string[] lines = [];
        Guard(folder, () => lines = IsMarked(folder) ? File.ReadAllLines(Path.Join(folder, Mark)) : []);
        string? Value(string key) => Array.Find(lines, line => line.StartsWith(key, StringComparison.Ordinal))?[key.Length..];
        if (SimulatedTcb.TryParse(Value(TcbKey) ?? "", out SimulatedTcb tcb) && Enum.TryParse(Value(LieKey), out SimulatedLie lie))
            return (tcb, lie);
        throw new SimulationException($"{folder} is no folder of a simulated guest", "start one: osev simulate guest --chain DIR --out DIR");
    }

    /// <exception cref="SimulationException">It is no folder of a simulated guest, or could not be written.</exception>
    public static void Change(string folder, SimulatedTcb? tcb, SimulatedLie? lie)
    {
        (SimulatedTcb Tcb, SimulatedLie Lie) now = Read(folder);
        if (tcb is { } other && other.Fmc.HasValue != now.Tcb.Fmc.HasValue)
            throw new SimulationException($"a TCB like {other} is of another line than {now.Tcb}", $"write it like {now.Tcb}");
        Guard(folder, () => Write(folder, tcb ?? now.Tcb, lie ?? now.Lie));
    }

    private static bool IsMarked(string folder) =>
        File.Exists(Path.Join(folder, Mark)) && File.ReadLines(Path.Join(folder, Mark)).FirstOrDefault() == FirstLine;

    private static void Write(string folder, SimulatedTcb tcb, SimulatedLie lie)
    {
        string beside = Path.Join(folder, Mark + ".new-" + Guid.NewGuid().ToString("N")[..8]);
        File.WriteAllLines(beside, [FirstLine, TcbKey + tcb, LieKey + lie]);
        File.Move(beside, Path.Join(folder, Mark), overwrite: true);
    }

    private static void Guard(string folder, Action act)
    {
        try
        {
            act();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SimulationException($"{folder} could not be used: {e.Message.TrimEnd('.')}", "choose a folder that is yours", e);
        }
    }
}
