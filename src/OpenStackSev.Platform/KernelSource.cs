namespace OpenStackSev.Platform;

/// <summary>The running kernel, SMT and the IOMMU.</summary>
internal static class KernelSource
{
    private static readonly SourceCodes Codes = new(PlatformCodes.KernelMissing, PlatformCodes.KernelUnreadable, PlatformCodes.KernelMalformed);
    private static readonly SourceCodes SmtCodes = new(PlatformCodes.SmtMissing, PlatformCodes.SmtUnreadable, PlatformCodes.SmtMalformed);

    public static KernelFacts? Read(SourceFolder folder, List<PlatformFinding> findings)
    {
        string? release = Line(folder.Path("proc/sys/kernel/osrelease"), mayBeEmpty: false, findings);
        string? commandLine = Line(folder.Path("proc/cmdline"), mayBeEmpty: true, findings);
        return release is null || commandLine is null ? null : new KernelFacts(release, commandLine);
    }

    public static bool? ReadSmt(SourceFolder folder, List<PlatformFinding> findings)
    {
        string path = folder.Path("sys/devices/system/cpu/smt/active");
        Source<bool> active = SourceFolder.ReadText(path).Then(ParseSmt);
        if (active.IsFound)
            return active.Value;
        findings.Add(SmtCodes.Finding(active, path));
        return null;
    }

    public static bool? ReadIommu(SourceFolder folder, List<PlatformFinding> findings)
    {
        const int Limit = 4096;
        string path = folder.Path("sys/class/iommu");
        Source<IReadOnlyList<string>> units = SourceFolder.List(path, Limit);
        if (units.IsFound)
            return units.Value.Count > 0;
        findings.Add(new(
            units.State == SourceState.Missing ? PlatformCodes.IommuMissing : PlatformCodes.IommuUnreadable, path, units.Reason));
        return null;
    }

    private static string? Line(string path, bool mayBeEmpty, List<PlatformFinding> findings)
    {
        Source<string> line = SourceFolder.ReadText(path).Then(text => ParseLine(text, mayBeEmpty));
        if (line.IsFound)
            return line.Value;
        findings.Add(Codes.Finding(line, path));
        return null;
    }

    internal static Source<string> ParseLine(string text, bool mayBeEmpty)
    {
        string line = text.Trim();
        if (line.Any(char.IsControl))
            return Source<string>.Malformed("more than one line, or a control character");
        return line.Length == 0 && !mayBeEmpty ? Source<string>.Malformed("empty") : Source<string>.Found(line);
    }

    internal static Source<bool> ParseSmt(string text) => text.TrimEnd('\n') switch
    {
        "1" => Source<bool>.Found(true),
        "0" => Source<bool>.Found(false),
        _ => Source<bool>.Malformed("expected 0 or 1"),
    };
}
