using System.Collections.Frozen;

namespace OpenStackSev.Validation;

/// <summary>The image properties whose values Nova enumerates or reads as numbers. It answers 400 to another value when a server is asked for.</summary>
/// <remarks>
/// Source: nova/objects/image_meta.py, ImageMetaProps, and nova/objects/fields.py, of Zed and of 2026.2. Booleans are not here: any text is one.
/// </remarks>
internal static class NovaImageProperties
{
    private static readonly ValueForm s_number = new(ValueKind.Number);
    private static readonly ValueForm s_bus = Words("fdc", "ide", "sata", "scsi", "usb", "virtio", "xen", "lxc", "uml");

    private static readonly FrozenDictionary<string, ValueForm> s_properties = new Dictionary<string, ValueForm>
    {
        ["hw_cdrom_bus"] = s_bus,
        ["hw_cpu_cores"] = s_number,
        ["hw_cpu_max_cores"] = s_number,
        ["hw_cpu_max_sockets"] = s_number,
        ["hw_cpu_max_threads"] = s_number,
        ["hw_cpu_policy"] = Words("dedicated", "shared", "mixed"),
        ["hw_cpu_sockets"] = s_number,
        ["hw_cpu_thread_policy"] = Words("prefer", "isolate", "require"),
        ["hw_cpu_threads"] = s_number,
        ["hw_disk_bus"] = s_bus,
        ["hw_ephemeral_encryption_format"] = Words("plain", "luks", "luksv2"),
        ["hw_firmware_type"] = Words("uefi", "bios"),
        ["hw_floppy_bus"] = s_bus,
        ["hw_input_bus"] = Words("usb", "virtio"),
        ["hw_maxphysaddr_bits"] = s_number with { Since = 28 },
        ["hw_maxphysaddr_mode"] = Words("passthrough", "emulate") with { Since = 28 },
        ["hw_mem_encryption_model"] = Words(ModelNames.Sev, ModelNames.SevEs, ModelNames.SevSnp, ModelNames.Tdx) with { Since = 32 },
        ["hw_numa_nodes"] = s_number,
        ["hw_pci_numa_affinity_policy"] = Words("required", "legacy", "preferred", "socket"),
        ["hw_pointer_model"] = Words("usbtablet"),
        ["hw_redirected_usb_ports"] = s_number with { Since = 31 },
        ["hw_rescue_bus"] = s_bus,
        ["hw_rescue_device"] = Words("cdrom", "disk", "floppy", "fs", "lun"),
        ["hw_rng_model"] = Words("virtio"),
        ["hw_scsi_model"] = Words("buslogic", "ibmvscsi", "lsilogic", "lsisas1068", "lsisas1078", "virtio-scsi", "vmpvscsi", "lsilogicsas", "paravirtual"),
        ["hw_serial_port_count"] = s_number,
        ["hw_sound_model"] = Words("sb16", "es1370", "pcspk", "ac97", "ich6", "ich9", "usb", "virtio") with { Since = 31 },
        ["hw_tpm_model"] = Words("tpm-tis", "tpm-crb"),
        ["hw_tpm_version"] = Words("1.2", "2.0"),
        ["hw_usb_model"] = Words("none", "nec-xhci", "qemu-xhci") with { Since = 31 },
        ["hw_video_model"] = Words("cirrus", "qxl", "vga", "vmvga", "xen", "virtio", "gop", "none", "bochs"),
        ["hw_video_ram"] = s_number,
        ["hw_vif_model"] = Words("virtio", "ne2k_pci", "pcnet", "rtl8139", "e1000", "e1000e", "netfront", "spapr-vlan", "lan9118", "sriov", "vmxnet",
            "vmxnet3", "igb", "virtuale1000", "virtuale1000e", "virtualpcnet32", "virtualsriovethernetcard", "virtualvmxnet", "virtualvmxnet3"),
        ["hw_viommu_model"] = Words("intel", "smmuv3", "virtio", "auto"),
        ["hw_watchdog_action"] = Words("none", "pause", "poweroff", "reset", "disabled"),
        ["img_config_drive"] = Words("optional", "mandatory"),
        ["os_secure_boot"] = Words("required", "disabled", "optional"),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>What Nova takes instead, for a message; null when the value is taken, or nobody looks at it.</summary>
    public static string? Unmet(string key, string value, ComputeRelease release)
    {
        if (!s_properties.TryGetValue(key, out ValueForm? form) || !form.IsKnownTo(release))
            return null;
        if (key == "hw_vif_model" && release.NovaMajor < 29 && value.Equals("igb", StringComparison.OrdinalIgnoreCase))
            return "a model that is there before 2024.1";
        // Nova lowers these two, for the sake of old images.
        return form.Unmet(key is "hw_vif_model" or "hw_scsi_model" ? value.ToLowerInvariant() : value);
    }

    private static ValueForm Words(params string[] words) => new(ValueKind.Text, words);
}
