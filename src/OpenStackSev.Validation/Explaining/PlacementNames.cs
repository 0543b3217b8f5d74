namespace OpenStackSev.Validation.Explaining;

/// <summary>Names that Nova takes for resource classes.</summary>
/// <remarks>Source: os_resource_classes 1.1, STANDARDS; nova/objects/request_spec.py, RequestGroup.add_resource passes over all others.</remarks>
internal static class PlacementNames
{
    private static readonly HashSet<string> s_standard = new(StringComparer.Ordinal)
    {
        "VCPU", "MEMORY_MB", "DISK_GB", "PCI_DEVICE", "SRIOV_NET_VF", "NUMA_SOCKET", "NUMA_CORE", "NUMA_THREAD", "NUMA_MEMORY_MB", "IPV4_ADDRESS",
        "VGPU", "VGPU_DISPLAY_HEAD", "NET_BW_EGR_KILOBIT_PER_SEC", "NET_BW_IGR_KILOBIT_PER_SEC", "PCPU", "MEM_ENCRYPTION_CONTEXT", "FPGA", "PGPU",
        "NET_PACKET_RATE_KILOPACKET_PER_SEC", "NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC", "NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC",
    };

    public static bool IsResourceClass(string name) => name.StartsWith("CUSTOM_", StringComparison.Ordinal) || s_standard.Contains(name);

    /// <summary>What <c>os_resource_classes.normalize_name</c> makes of a name.</summary>
    public static string Custom(string name) => "CUSTOM_" + string.Concat(name.ToUpperInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '_'));
}
