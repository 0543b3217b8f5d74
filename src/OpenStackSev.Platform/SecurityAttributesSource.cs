namespace OpenStackSev.Platform;

/// <summary>What the security processor says of the part it sits on, by the kernel's ccp driver.</summary>
/// <remarks>
/// One PCI function for each socket. Without the attributes, which older kernels and parts do not have, nothing is known and nothing is wrong.
/// Source: Linux drivers/crypto/ccp/hsti.c; Documentation/ABI/testing/sysfs-driver-ccp.
/// </remarks>
internal static class SecurityAttributesSource
{
    private const string Driver = "sys/bus/pci/drivers/ccp";
    private const int EntryLimit = 256;

    private static readonly SourceCodes Codes = new("", PlatformCodes.CcpUnreadable, PlatformCodes.CcpMalformed);

    public static SecurityAttributes? Read(SourceFolder folder, List<PlatformFinding> findings)
    {
        string driver = folder.Path(Driver);
        Source<IReadOnlyList<string>> entries = SourceFolder.List(driver, EntryLimit);
        if (entries.State == SourceState.Missing)
            return null;
        if (!entries.IsFound)
        {
            findings.Add(Codes.Finding(entries, driver));
            return null;
        }

        string[] functions = [.. entries.Value.Where(IsPciFunction).Select(function => $"{driver}/{function}")];
        bool? Of(string attribute) => Attribute(functions, driver, attribute, findings);
        SecurityAttributes attributes = new(Tsme: Of("tsme_status"), DebugLocked: Of("debug_lock_on"), Fused: Of("fused_part"));
        return attributes == new SecurityAttributes(null, null, null) ? null : attributes;
    }

    // "No" is the worse word of all three, so one socket's "no" is the machine's.
    private static bool? Attribute(string[] functions, string driver, string attribute, List<PlatformFinding> findings)
    {
        List<bool> said = [];
        foreach (string path in functions.Select(function => $"{function}/{attribute}"))
        {
            Source<bool> value = SourceFolder.ReadText(path).Then(KernelSource.ParseSmt);
            if (value.IsFound)
            {
                said.Add(value.Value);
            }
            else if (value.State != SourceState.Missing)
            {
                findings.Add(Codes.Finding(value, path));
                return null;
            }
        }

        if (said.Distinct().Count() > 1)
            findings.Add(new(PlatformCodes.CcpSocketsDisagree, $"{driver}/*/{attribute}", $"1 of {said.Count(yes => yes)} sockets, 0 of {said.Count(yes => !yes)}; counted as 0"));
        return said.Count == 0 ? null : said.TrueForAll(yes => yes);
    }

    /// <summary>As in <c>0000:01:00.5</c>. The others are the driver's own files.</summary>
    internal static bool IsPciFunction(string name) =>
        name.Split(':') is [{ Length: >= 4 and <= 8 } domain, { Length: 2 } bus, { Length: 4 } slot] && slot[2] == '.'
        && $"{domain}{bus}{slot[..2]}{slot[3]}".All(char.IsAsciiHexDigitLower);
}
