namespace OpenStackSev.Validation.Explaining;

/// <summary>What of a flavor and an image later stages judge by facts that no API shows: named, so that "a host fits" is no more than it says.</summary>
internal static class UnseenParts
{
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

    public static IEnumerable<string> Of(FlavorSpec flavor, ImageSpec image)
    {
        foreach ((string key, string by) in s_flavor.Where(part => flavor[part.Key] is not null))
            yield return $"flavor {key}={flavor[key]}: judged by {by}";
        foreach (string key in flavor.ExtraSpecs.Keys.Order(StringComparer.Ordinal))
        {
            if (key.StartsWith("aggregate_instance_extra_specs:", StringComparison.Ordinal))
                yield return $"flavor {key}: judged by AggregateInstanceExtraSpecsFilter where it is enabled";
            else if (HostCapability.IsNamed(key) && HostCapability.MayExist(key))
                yield return $"flavor {key}: judged by ComputeCapabilitiesFilter";
        }

        foreach (string key in s_image.Where(key => image[key] is not null))
            yield return $"image {key}={image[key]}: judged by ImagePropertiesFilter";
    }
}
