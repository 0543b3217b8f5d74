namespace OpenStackSev.Validation.Explaining;

/// <summary>What of a flavor and an image later stages judge by facts that no API shows: named, so that "a host fits" is no more than it says.</summary>
internal static class UnseenParts
{
    private const string Aggregate = "aggregate_instance_extra_specs:";

    private static readonly (string Key, string By)[] s_flavor =
    [
        ("pci_passthrough:alias", "PciPassthroughFilter, or Placement where pci_in_placement is on"),
        ("accel:device_profile", "Placement, with groups of the device profile"),
        ("hw:numa_nodes", "NUMATopologyFilter"),
        ("hw:mem_page_size", "NUMATopologyFilter"),
        ("hw:cpu_policy", "NUMATopologyFilter, beside Placement"),
        // Traits of the compute node that newer releases ask for, each since another one.
        ("hw:virtio_packed_ring", "Placement, by COMPUTE_NET_VIRTIO_PACKED"),
        ("hw:sound_model", "Placement, by COMPUTE_SOUND_MODEL_VIRTIO"),
        ("hw:tpm_version", "Placement since 2026.1, by COMPUTE_SECURITY_TPM_SECRET_SECURITY_*"),
    ];

    private static readonly string[] s_image = ["hw_architecture", "img_hv_type", "hw_vm_mode"];

    public static IReadOnlyList<string> Of(FlavorSpec flavor, ImageSpec image)
    {
        List<string>? parts = null;
        foreach ((string key, string by) in s_flavor)
        {
            if (flavor[key] is { } value)
                (parts ??= []).Add($"flavor {key}={value}: judged by {by}");
        }

        List<string>? keys = null;
        foreach ((string key, _) in flavor.ExtraSpecs)
        {
            if (key.StartsWith(Aggregate, StringComparison.Ordinal) || (HostCapability.IsNamed(key) && HostCapability.MayExist(key)))
                (keys ??= []).Add(key);
        }

        keys?.Sort(StringComparer.Ordinal);
        foreach (string key in keys ?? [])
        {
            (parts ??= []).Add(key.StartsWith(Aggregate, StringComparison.Ordinal)
                ? $"flavor {key}: judged by AggregateInstanceExtraSpecsFilter where it is enabled"
                : $"flavor {key}: judged by ComputeCapabilitiesFilter");
        }

        foreach (string key in s_image)
        {
            if (image[key] is { } value)
                (parts ??= []).Add($"image {key}={value}: judged by ImagePropertiesFilter");
        }

        return parts ?? (IReadOnlyList<string>)[];
    }
}
