namespace OpenStackSev.Simulation;

/// <summary>One thing that is wrong with a simulated host.</summary>
/// <param name="Name">As typed after <c>--sick</c>.</param>
/// <param name="Summary">One line for people.</param>
/// <param name="NeedsSnp">True when only a host with SEV-SNP can have it.</param>
public sealed record Sickness(string Name, string Summary, bool NeedsSnp = false)
{
    public static readonly Sickness SevOffInBios =
        new("sev-off-in-bios", "the BIOS keeps SEV off: the processor announces it, kvm_amd says sev=N, the kernel hands out no ASID");
    public static readonly Sickness PostCve202548514 =
        new("post-cve-2025-48514", "firmware with the mitigation of CVE-2025-48514, which starts no SEV-ES guest while SNP is on",
            NeedsSnp: true);
    public static readonly Sickness NoMiscCgroup =
        new("no-misc-cgroup", "a kernel without the misc controller: neither misc.capacity nor misc.current");
    public static readonly Sickness Contradiction =
        new("contradiction", "misc.capacity counts another number of SEV ASIDs than the processor");
    public static readonly Sickness NoKvmAmd =
        new("no-kvm-amd", "the kvm_amd module is not loaded");
    public static readonly Sickness Truncated =
        new("truncated", "every file ends in its middle");
    public static readonly Sickness Garbage =
        new("garbage", "every file holds random bytes, always the same ones");
    public static readonly Sickness SnpStatusMissing =
        new("snp-status-missing", "SNP is on and the security processor does not answer SNP_PLATFORM_STATUS", NeedsSnp: true);

    /// <summary>Every sickness, in the order of the README.</summary>
    public static IReadOnlyList<Sickness> All { get; } =
        [SevOffInBios, PostCve202548514, NoMiscCgroup, Contradiction, NoKvmAmd, Truncated, Garbage, SnpStatusMissing];

    /// <returns>Null for a name that is none.</returns>
    public static Sickness? Named(string name) => All.FirstOrDefault(s => string.Equals(s.Name, name, StringComparison.OrdinalIgnoreCase));
}
