namespace OpenStackSev.Simulation;

/// <summary>A folder that looks to its reader like the files of an EPYC machine, for trying things without one.</summary>
/// <remarks>
/// The same options give the same bytes. Paths are those of a real machine; <c>cpuid</c>, <c>dev/sev.snp_platform_status</c> and
/// <c>dev/sev.get_id2</c> stand for what a real one is asked by instruction and ioctl. The file <c>simulated</c> marks the folder, so that nobody takes
/// it for a real machine and that it may be replaced.
/// </remarks>
public static class SimulatedHost
{
    /// <summary>Name of the file that marks a folder as simulated.</summary>
    public const string Marker = "simulated";

    private const string MarkerLine = "This is a simulated host of OpenStackSev, not a real machine.";

    /// <summary>Writes the host into <paramref name="folder"/>, in place of a simulated one that is there.</summary>
    /// <remarks>The tree is written beside and moved there whole: a reader sees the old one, for a moment none, or the new one.</remarks>
    /// <exception cref="ArgumentException">The options have <see cref="SimulatedHostOptions.Problems"/>.</exception>
    /// <exception cref="SimulationException">The folder holds something else, or could not be written.</exception>
    public static void Write(string folder, SimulatedHostOptions options)
    {
        if (options.Problems() is [string problem, ..])
            throw new ArgumentException(problem, nameof(options));

        string target = Resolve(folder);
        RefuseForeign(target);
        string beside = target + ".new-" + Guid.NewGuid().ToString("N")[..8];
        try
        {
            WriteTree(beside, options);
            Replace(target, beside);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SimulationException($"{folder} could not be written: {e.Message}", "choose a folder whose parent is yours", e);
        }
        finally
        {
            if (Directory.Exists(beside))
                Directory.Delete(beside, recursive: true);
        }
    }

    /// <summary>Changes how many guests run on a simulated host, by one rename: a reader sees the old numbers or the new.</summary>
    /// <remarks>More guests than the capacity are written as asked: that a kernel never says so is for the reader to notice.</remarks>
    /// <exception cref="SimulationException">The folder is no simulated host, or one without the misc controller.</exception>
    public static void SetCurrent(string folder, uint sev, uint sevEs)
    {
        string root = Resolve(folder);
        string current = Path.Join(root, HostFiles.Current);
        if (!IsSimulated(root))
            throw new SimulationException($"{folder} is not a simulated host", "make one: osev simulate host --model turin --out DIR");
        if (!File.Exists(current))
            throw new SimulationException($"{folder} has no {HostFiles.Current} to change", "make a host that has the misc controller");
        try
        {
            string capacityFile = Path.Join(root, HostFiles.Capacity);
            string[] capacity = File.Exists(capacityFile) ? File.ReadAllLines(capacityFile) : [];
            bool Shown(string kind) => capacity.Any(line => line.StartsWith(kind + " ", StringComparison.Ordinal));
            string beside = current + ".new-" + Guid.NewGuid().ToString("N")[..8];
            File.WriteAllText(beside, HostFiles.Lines((sev, Shown("sev")), (sevEs, Shown("sev_es"))));
            File.Move(beside, current, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SimulationException($"{current} could not be changed: {e.Message}", "use an account that may write there", e);
        }
    }

    /// <summary>True for a folder that <see cref="Write"/> made.</summary>
    public static bool IsSimulated(string folder)
    {
        string marker = Path.Join(folder, Marker);
        return File.Exists(marker) && File.ReadLines(marker).FirstOrDefault() == MarkerLine;
    }

    // A link stays a link: what it points to is replaced.
    private static string Resolve(string folder)
    {
        string full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        return Directory.Exists(full) ? new DirectoryInfo(full).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? full : full;
    }

    private static void RefuseForeign(string target)
    {
        if (File.Exists(target))
            throw new SimulationException($"{target} is a file", "choose a folder that is new, empty or a simulated host");
        if (Path.GetDirectoryName(target) is null
            || (Directory.Exists(target) && Directory.EnumerateFileSystemEntries(target).Any() && !IsSimulated(target)))
        {
            throw new SimulationException($"{target} is not empty and no simulated host; nothing was written",
                "choose a folder that is new, empty or a simulated host");
        }
    }

    private static void WriteTree(string root, SimulatedHostOptions options)
    {
        SortedDictionary<string, byte[]> files = HostFiles.Of(options);
        string sick = options.Sick is { } s ? $"\nsick {s.Name}: {s.Summary}" : "";
        files[Marker] = System.Text.Encoding.UTF8.GetBytes($"{MarkerLine}\nmodel {options.Model.Name}{sick}\n");
        foreach ((string path, byte[] content) in files)
        {
            string full = Path.Join(root, path);
            Directory.CreateDirectory(Path.GetDirectoryName(full)!);
            if (!path.EndsWith('/'))
                File.WriteAllBytes(full, content);
        }
    }

    private static void Replace(string target, string beside)
    {
        if (!Directory.Exists(target))
        {
            Directory.Move(beside, target);
            return;
        }
        string old = target + ".old-" + Guid.NewGuid().ToString("N")[..8];
        Directory.Move(target, old);
        Directory.Move(beside, target);
        Directory.Delete(old, recursive: true);
    }
}

/// <summary>A folder could not become, or is not, a simulated host.</summary>
/// <param name="hint">What to do about it, one line.</param>
public sealed class SimulationException(string detail, string hint, Exception? inner = null) : Exception(detail, inner)
{
    public string Hint { get; } = hint;
}
