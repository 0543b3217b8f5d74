using System.Collections.Frozen;
using System.Numerics;
using System.Text.RegularExpressions;

namespace OpenStackSev.Validation;

/// <summary>What a key takes.</summary>
/// <param name="Words">The only texts that are taken; null when it is no enumeration.</param>
/// <param name="Since">First version of Nova that knows the key.</param>
/// <param name="Until">Last version that knows it.</param>
internal sealed record ValueForm(
    ValueKind Kind, string[]? Words = null, int? Minimum = null, int? Maximum = null, Regex? Pattern = null, int Since = 0, int Until = int.MaxValue)
{
    /// <summary>What is taken, for a message; null when the value is.</summary>
    public string? Unmet(string value) => Kind switch
    {
        ValueKind.Boolean => NovaBoolean.IsOne(value) ? null : "true or false",
        ValueKind.Number => !PythonNumber.TryParse(value, out BigInteger number) ? "a whole number"
            : Minimum is { } minimum && number < minimum ? $"a whole number from {minimum} on"
            : Maximum is { } maximum && number > maximum ? $"a whole number up to {maximum}" : null,
        _ when Words is not null => Words.Contains(value) ? null : "one of " + string.Join(", ", Words),
        _ => Pattern is null || Pattern.IsMatch(value) ? null : "another form",
    };

    public bool IsKnownTo(ComputeRelease release) => release.NovaMajor >= Since && release.NovaMajor <= Until;
}

internal enum ValueKind
{
    Text,
    Boolean,
    Number,
}

/// <summary>The extra specs that Nova's flavor API knows from microversion 2.86 on. It refuses others in the namespaces that it knows.</summary>
/// <remarks>
/// Source: nova/api/validation/extra_specs/*.py of Zed and of 2026.2. Between them a key of either is taken, since no release is known to have
/// refused it. Names of standard traits are checked for their form only: they are os-traits', and a cloud tells which exist.
/// </remarks>
internal static partial class NovaExtraSpecs
{
    /// <summary>Longest key and longest value that the API and its database take.</summary>
    public const int LongestText = 255;

    private static readonly ValueForm s_text = new(ValueKind.Text);
    private static readonly ValueForm s_boolean = new(ValueKind.Boolean);
    private static readonly ValueForm s_number = new(ValueKind.Number);
    private static readonly ValueForm s_fromZero = new(ValueKind.Number, Minimum: 0);
    private static readonly ValueForm s_fromOne = new(ValueKind.Number, Minimum: 1);
    private static readonly ValueForm s_required = Words("required", "forbidden");
    private static readonly ValueForm s_level = Words("custom", "high", "normal", "low");
    private static readonly ValueForm s_cpus = new(ValueKind.Text, Pattern: Cpus());

    private static readonly FrozenDictionary<string, ValueForm> s_exact = new Dictionary<string, ValueForm>
    {
        ["accel:device_profile"] = s_text,
        ["group_policy"] = Words("isolate", "none"),
        ["hide_hypervisor_id"] = s_boolean,
        ["hw:boot_menu"] = s_boolean,
        ["hw:cpu_cores"] = s_fromOne,
        ["hw:cpu_dedicated_mask"] = s_cpus,
        ["hw:cpu_max_cores"] = s_fromOne with { Since = 27 },
        ["hw:cpu_max_sockets"] = s_fromOne with { Since = 27 },
        ["hw:cpu_max_threads"] = s_fromOne with { Since = 27 },
        ["hw:cpu_policy"] = Words("dedicated", "shared", "mixed"),
        ["hw:cpu_realtime"] = s_boolean,
        ["hw:cpu_realtime_mask"] = s_cpus,
        ["hw:cpu_sockets"] = s_fromOne,
        ["hw:cpu_thread_policy"] = Words("prefer", "isolate", "require"),
        ["hw:cpu_threads"] = s_fromOne,
        ["hw:emulator_threads_policy"] = Words("isolate", "share"),
        ["hw:ephemeral_encryption"] = s_boolean,
        ["hw:ephemeral_encryption_format"] = Words("plain", "luks", "luksv2"),
        ["hw:hide_hypervisor_id"] = s_boolean,
        ["hw:locked_memory"] = s_boolean,
        ["hw:max_cpu_cores"] = s_fromOne with { Until = 33 },
        ["hw:max_cpu_sockets"] = s_fromOne with { Until = 33 },
        ["hw:max_cpu_threads"] = s_fromOne with { Until = 33 },
        ["hw:mem_encryption"] = s_boolean,
        ["hw:mem_encryption_model"] = Words(ModelNames.Sev, ModelNames.SevEs, ModelNames.SevSnp, ModelNames.Tdx) with { Since = 32 },
        ["hw:mem_page_size"] = new(ValueKind.Text, Pattern: Pages()),
        ["hw:numa_nodes"] = s_fromOne,
        ["hw:pci_numa_affinity_policy"] = Words("required", "preferred", "legacy", "socket"),
        ["hw:pmem"] = new(ValueKind.Text, Pattern: Labels()),
        ["hw:pmu"] = s_boolean,
        ["hw:redirected_usb_ports"] = new(ValueKind.Number, Minimum: 0, Maximum: 15, Since: 31),
        ["hw:serial_port_count"] = s_fromZero,
        ["hw:sound_model"] = Words("sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "virtio") with { Since = 31 },
        ["hw:tpm_model"] = Words("tpm-tis", "tpm-crb"),
        ["hw:tpm_secret_security"] = Words("user", "host", "deployment") with { Since = 33 },
        ["hw:tpm_version"] = Words("1.2", "2.0"),
        ["hw:usb_model"] = Words("none", "nec-xhci", "qemu-xhci") with { Since = 31 },
        ["hw:vif_multiqueue_enabled"] = s_boolean,
        ["hw:viommu_model"] = Words("intel", "smmuv3", "virtio", "auto"),
        ["hw:virtio_packed_ring"] = s_boolean with { Since = 28 },
        ["hw:watchdog_action"] = Words("none", "pause", "poweroff", "reset", "disabled"),
        ["hw_rng:allowed"] = s_boolean,
        ["hw_rng:rate_bytes"] = s_fromZero,
        ["hw_rng:rate_period"] = s_fromZero,
        ["hw_video:ram_max_mb"] = s_fromZero,
        ["os:monitors"] = new(ValueKind.Number, Minimum: 1, Maximum: 8, Until: 33),
        ["os:resolution"] = Words("1024x768", "1280x1024", "1600x1200", "1920x1200", "2560x1600", "3840x2160") with { Until = 33 },
        ["os:secure_boot"] = Words("disabled", "required"),
        ["os:vram"] = Words("64", "128", "256", "512", "1024") with { Until = 33 },
        ["pci_passthrough:alias"] = new(ValueKind.Text, Pattern: Aliases()),
        ["vmware:hw_version"] = s_text,
        ["vmware:storage_policy"] = s_text,
        ["quota:cpu_limit"] = s_fromZero,
        ["quota:cpu_period"] = s_fromZero,
        ["quota:cpu_quota"] = s_number,
        ["quota:cpu_reservation"] = s_number,
        ["quota:cpu_shares"] = s_fromZero,
        ["quota:cpu_shares_level"] = s_level,
        ["quota:cpu_shares_share"] = s_fromZero,
        ["quota:disk_io_limit"] = s_fromZero,
        ["quota:disk_io_reservation"] = s_number,
        ["quota:disk_io_shares_level"] = s_level,
        ["quota:disk_io_shares_share"] = s_fromZero,
        ["quota:disk_read_bytes_sec"] = s_fromZero,
        ["quota:disk_read_iops_sec"] = s_fromZero,
        ["quota:disk_total_bytes_sec"] = s_fromZero,
        ["quota:disk_total_iops_sec"] = s_fromZero,
        ["quota:disk_write_bytes_sec"] = s_fromZero,
        ["quota:disk_write_iops_sec"] = s_fromZero,
        ["quota:memory_limit"] = s_fromZero,
        ["quota:memory_reservation"] = s_number,
        ["quota:memory_shares_level"] = s_level,
        ["quota:memory_shares_share"] = s_fromZero,
        ["quota:vif_inbound_average"] = s_fromZero,
        ["quota:vif_inbound_burst"] = s_fromZero,
        ["quota:vif_inbound_peak"] = s_fromZero,
        ["quota:vif_limit"] = s_fromZero,
        ["quota:vif_outbound_average"] = s_fromZero,
        ["quota:vif_outbound_burst"] = s_fromZero,
        ["quota:vif_outbound_peak"] = s_fromZero,
        ["quota:vif_reservation"] = s_number,
        ["quota:vif_shares_level"] = s_level,
        ["quota:vif_shares_share"] = s_fromZero,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    // Attributes of a host that the ComputeCapabilitiesFilter compares; those with a group of further names may be followed by ":name".
    private static readonly FrozenSet<string> s_capabilities = new[]
    {
        "aggregates", "cell_uuid", "cpu_allocation_ratio", "current_workload", "disk_allocation_ratio", "disk_available_least", "disk_mb_used",
        "failed_builds", "free_disk_gb", "free_disk_mb", "free_ram_mb", "host", "host_ip", "hypervisor_hostname", "hypervisor_type",
        "hypervisor_version", "id", "local_gb", "local_gb_used", "mapped", "memory_mb", "memory_mb_used", "num_instances", "num_io_ops",
        "ram_allocation_ratio", "running_vms", "service_id", "total_usable_disk_gb", "total_usable_ram_mb", "updated", "uuid", "vcpus",
        "vcpus_total", "vcpus_used",
    }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> s_nestedCapabilities = new[]
    {
        "cpu_info", "instances", "limits", "metrics", "nodename", "numa_topology", "pci_device_pools", "pci_stats", "stats",
        "supported_hv_specs", "supported_instances",
    }.ToFrozenSet(StringComparer.Ordinal);

    private static readonly FrozenSet<string> s_classes = new[]
    {
        "DISK_GB", "FPGA", "IPV4_ADDRESS", "MEMORY_MB", "MEM_ENCRYPTION_CONTEXT", "NET_BW_EGR_KILOBIT_PER_SEC", "NET_BW_IGR_KILOBIT_PER_SEC",
        "NET_PACKET_RATE_EGR_KILOPACKET_PER_SEC", "NET_PACKET_RATE_IGR_KILOPACKET_PER_SEC", "NET_PACKET_RATE_KILOPACKET_PER_SEC", "NUMA_CORE",
        "NUMA_MEMORY_MB", "NUMA_SOCKET", "NUMA_THREAD", "PCI_DEVICE", "PCPU", "PGPU", "SRIOV_NET_VF", "VCPU", "VGPU", "VGPU_DISPLAY_HEAD",
    }.ToFrozenSet(StringComparer.Ordinal);

    /// <returns>False for a key that the API refuses; otherwise <paramref name="form"/> says what it takes, and is null where it looks at nothing.</returns>
    public static bool TryFind(string key, ComputeRelease release, out ValueForm? form)
    {
        form = null;
        if (s_exact.TryGetValue(key, out ValueForm? exact))
        {
            form = exact;
            return exact.IsKnownTo(release);
        }
        int colon = key.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
            return true;
        ReadOnlySpan<char> space = key.AsSpan(0, colon);
        string name = key[(colon + 1)..];
        switch (space)
        {
            case "hw":
                form = Numa().Match(key) is not { Success: true } numa ? null : numa.Groups["kind"].ValueSpan is "cpus" ? s_cpus : s_fromOne;
                return form is not null;
            case "aggregate_instance_extra_specs":
                return name.Length > 0 && !name.Contains('\n', StringComparison.Ordinal);
            case "capabilities":
                return s_capabilities.Contains(name) || s_nestedCapabilities.Contains(name)
                    || Nested().Match(name) is { Success: true } nested && s_nestedCapabilities.Contains(nested.Groups["name"].Value);
            case "accel" or "hw_rng" or "hw_video" or "os" or "pci_passthrough" or "quota" or "vmware":
                return false;
            default:
                if (IsGroup(space, "resources"))
                {
                    form = s_number;
                    return s_classes.Contains(name) || IsCustom(name);
                }
                if (!IsGroup(space, "trait"))
                    return true;
                form = s_required;
                return IsCustom(name) || IsStandardTrait(name, release);
        }
    }

    private static bool IsGroup(ReadOnlySpan<char> space, string kind)
    {
        if (!space.StartsWith(kind, StringComparison.Ordinal) || space.Length > kind.Length + 64)
            return false;
        foreach (char c in space[kind.Length..])
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-'))
                return false;
        }
        return true;
    }

    private static bool IsCustom(string name) => name.Length > "CUSTOM_".Length && name.StartsWith("CUSTOM_", StringComparison.Ordinal) && IsUpper(name);

    private static bool IsStandardTrait(string name, ComputeRelease release) => name switch
    {
        // The traits came to os-traits with the models.
        "HW_CPU_X86_AMD_SEV_ES" => release.HasModelKey,
        "HW_CPU_X86_AMD_SEV_SNP" or "HW_CPU_X86_INTEL_TDX" => release.NovaMajor >= 34,
        _ => IsUpper(name) && (name.StartsWith("HW_", StringComparison.Ordinal) || name.StartsWith("COMPUTE_", StringComparison.Ordinal)
            || name.StartsWith("STORAGE_", StringComparison.Ordinal) || name.StartsWith("OWNER_", StringComparison.Ordinal)
            || name.StartsWith("MISC_", StringComparison.Ordinal)),
    };

    private static bool IsUpper(string name)
    {
        foreach (char c in name)
        {
            if (!char.IsAsciiLetterUpper(c) && !char.IsAsciiDigit(c) && c != '_')
                return false;
        }
        return true;
    }

    private static ValueForm Words(params string[] words) => new(ValueKind.Text, words);

    // Written so that no text makes them slow: what repeats cannot match in two ways. The texts are short besides.
    [GeneratedRegex(@"\A\^?\d+(-\d+|,\^?\d+)*\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Cpus();

    [GeneratedRegex(@"\A(large|small|any|\d+([kKMGT]i?)?(b|bit|B)?)\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Pages();

    [GeneratedRegex(@"\A[a-zA-Z0-9_]+(,[a-zA-Z0-9_]+)*,?\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Labels();

    [GeneratedRegex(@"\A[^:]+:\d+(\s*,[^:]+:\d+)*\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Aliases();

    // Nova's pattern leaves the point unescaped.
    [GeneratedRegex(@"\Ahw:numa_(?<kind>cpus|mem)[^\n]\d+\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Numa();

    [GeneratedRegex(@"\A(?<name>[a-z_]+?)(:\w+)*\z", RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Nested();
}
