namespace OpenStackSev.Validation.Explaining;

/// <summary>An extra spec <c>capabilities:NAME</c>, which ComputeCapabilitiesFilter looks up in what the scheduler knows of a host.</summary>
/// <remarks>
/// Source: nova/scheduler/filters/compute_capabilities_filter.py: a name that is not there refuses the host. nova/scheduler/host_manager.py,
/// HostState, has the names; statistics of the resource tracker begin with num_ or are the last two.
/// </remarks>
internal static class HostCapability
{
    private const string Scope = "capabilities:";

    private static readonly HashSet<string> s_known = new(StringComparer.Ordinal)
    {
        "host", "nodename", "uuid", "total_usable_ram_mb", "total_usable_disk_gb", "disk_mb_used", "free_ram_mb", "free_disk_mb", "vcpus_total",
        "vcpus_used", "pci_stats", "numa_topology", "failed_builds", "host_ip", "hypervisor_type", "hypervisor_version", "hypervisor_hostname",
        "cpu_info", "supported_instances", "limits", "metrics", "aggregates", "instances", "ram_allocation_ratio", "cpu_allocation_ratio",
        "disk_allocation_ratio", "cell_uuid", "updated", "service", "stats", "io_workload", "allocation_candidates",
    };

    public static bool IsNamed(string key) => key.StartsWith(Scope, StringComparison.Ordinal);

    /// <summary>Whether some host can have it.</summary>
    public static bool MayExist(string key)
    {
        string name = key[Scope.Length..].Split(':')[0];
        return s_known.Contains(name) || name.StartsWith("num_", StringComparison.Ordinal);
    }
}
