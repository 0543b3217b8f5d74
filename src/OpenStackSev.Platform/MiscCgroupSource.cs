using System.Globalization;

namespace OpenStackSev.Platform;

/// <summary>The misc controller of cgroup v2: how many ASIDs there are, and how many are in use.</summary>
/// <remarks>Source: Linux kernel/cgroup/misc.c.</remarks>
internal static class MiscCgroupSource
{
    /// <summary>Entries of the root cgroup, its own files among them; machines have some tens.</summary>
    public const int RootEntryLimit = 4096;

    private const string RootCgroup = "sys/fs/cgroup";

    private static readonly SourceCodes Capacity =
        new(PlatformCodes.CapacityMissing, PlatformCodes.CapacityUnreadable, PlatformCodes.CapacityMalformed);
    private static readonly SourceCodes Current =
        new(PlatformCodes.CurrentMissing, PlatformCodes.CurrentUnreadable, PlatformCodes.CurrentMalformed);

    public static AsidCounts? ReadCapacity(SourceFolder folder, List<PlatformFinding> findings)
    {
        string path = folder.Path($"{RootCgroup}/misc.capacity");
        Source<AsidCounts> counts = SourceFolder.ReadText(path).Then(Parse);
        if (counts.IsFound)
            return counts.Value;
        findings.Add(Capacity.Finding(counts, path));
        return null;
    }

    public static AsidCounts? ReadCurrent(SourceFolder folder, List<PlatformFinding> findings)
    {
        string path = folder.Path($"{RootCgroup}/misc.current");
        Source<AsidCounts> counts = SourceFolder.ReadText(path).Then(Parse);
        if (counts.State == SourceState.Missing)
            (counts, path) = SumOfChildren(folder.Path(RootCgroup), path);
        if (counts.IsFound)
            return counts.Value;
        findings.Add(Current.Finding(counts, path));
        return null;
    }

    // Before Linux 6.5 (e973dfe92994) the root cgroup has no misc.current. Each child's counts all below it; guests run in none but a child.
    private static (Source<AsidCounts> Counts, string Path) SumOfChildren(string root, string inRoot)
    {
        Source<IReadOnlyList<string>> children = SourceFolder.List(root, RootEntryLimit);
        if (!children.IsFound)
            return (children.As<AsidCounts>(), children.State == SourceState.Missing ? inRoot : root);

        ulong sev = 0, sevEs = 0;
        bool any = false;
        foreach (string child in children.Value)
        {
            string path = $"{root}/{child}/misc.current";
            Source<AsidCounts> counts = SourceFolder.ReadText(path).Then(Parse);
            if (counts.State == SourceState.Missing)
                continue;
            if (!counts.IsFound)
                return (counts, path);
            any = true;
            sev += counts.Value.Sev;
            sevEs += counts.Value.SevEs;
        }

        if (!any)
            return (Source<AsidCounts>.Missing("neither the root cgroup nor a child of it has one"), inRoot);
        return sev > uint.MaxValue || sevEs > uint.MaxValue
            ? (Source<AsidCounts>.Malformed($"the children's sum is above {uint.MaxValue}"), inRoot)
            : (Source<AsidCounts>.Found(new((uint)sev, (uint)sevEs)), inRoot);
    }

    internal static Source<AsidCounts> Parse(string text)
    {
        if (text.Length == 0)
            return Source<AsidCounts>.Found(new AsidCounts(0, 0));    // a kernel without any of these resources
        if (!text.EndsWith('\n'))
            return Source<AsidCounts>.Malformed("the last line has no end, so its number may have been longer");

        uint? sev = null, sevEs = null;
        int number = 0;
        foreach (string line in text[..^1].Split('\n'))
        {
            number++;
            string[] parts = line.Split(' ');
            if (parts is not [{ Length: > 0 } key, { Length: > 0 } count])
                return Malformed(number, "is not 'KEY NUMBER'");
            if (key is not ("sev" or "sev_es"))
                continue;
            if (!uint.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out uint value))
                return Malformed(number, $"has no number up to {uint.MaxValue}");
            if ((key == "sev" ? sev : sevEs) is not null)
                return Malformed(number, $"is {key} once more");
            if (key == "sev")
                sev = value;
            else
                sevEs = value;
        }
        return Source<AsidCounts>.Found(new AsidCounts(sev ?? 0, sevEs ?? 0));
    }

    private static Source<AsidCounts> Malformed(int line, string why) => Source<AsidCounts>.Malformed($"line {line} {why}");
}
