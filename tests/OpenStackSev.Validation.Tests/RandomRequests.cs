namespace OpenStackSev.Validation.Tests;

/// <summary>A flavor's extra specs and an image's properties, made up.</summary>
internal sealed record RandomRequest(IReadOnlyDictionary<string, string> ExtraSpecs, IReadOnlyDictionary<string, string> Properties)
{
    // Sizes that no rule has anything against.
    public FlavorSpec Flavor => new("f", null, ExtraSpecs, RamMebibytes: 2048, Vcpus: 2, DiskGibibytes: 10);
    public ImageSpec Image => new("i", "ec476aac-864a-45d2-b3ef-0e47e17b69db", Properties);

    public override string ToString() => $"flavor {{ {Listed(ExtraSpecs)} }}, image {{ {Listed(Properties)} }}";

    private static string Listed(IReadOnlyDictionary<string, string> values) => string.Join(", ", values.Select(value => $"{value.Key}={Escaped(value.Value)}"));

    private static string Escaped(string text) => string.Concat(text.Select(c => c is > ' ' and < '\x7f' ? c.ToString() : $"\\u{(int)c:x4}"));
}

/// <summary>Requests in which every key and every odd value meet, most of them close to sound ones.</summary>
internal sealed class RandomRequests(int seed)
{
    private static readonly string[] s_booleans =
    [
        "true", "True", "TRUE", "1", "yes", "y", "on", "t", "T", " true", "true ", "\ttrue\n", "\x1ftrue\x1c", "\u00a0true\u2003", "false", "False", "0", "no", "n",
        "off", "f", " FALSE ", "", " ", "required", "Required", "yes please", "enabled", "amd-sev-snp", "2", "-1", "1.0", "truE", "nope", "\u0442rue", "tr\u0000ue", "none",
    ];

    private static readonly string[] s_models =
    [
        "amd-sev", "amd-sev-es", "amd-sev-snp", "intel-tdx", "AMD-SEV-SNP", "amd_sev_snp", "sev", "snp", "", " amd-sev", "amd-sev ", "amd-sev-xyz", "true", "sev-es", "tdx",
    ];

    private static readonly string[] s_numbers = ["1", "0", "2", "-1", " 1 ", "+1", "1_0", "1__0", "_1", "1.0", "x", "", "\u0661", "\u00b2", "99999999999999999999"];

    // Key, then values; what is likely to be met more often stands several times.
    private static readonly (string Key, string[] Values)[] s_extraSpecs =
    [
        ("hw:mem_encryption", s_booleans),
        ("hw:mem_encryption", ["true", "false", "True"]),
        ("hw:mem_encryption_model", s_models),
        ("hw:mem_encryption_model", ["amd-sev", "amd-sev-es", "amd-sev-snp"]),
        ("hw:confidential_compute", ["amd-sev", "amd-sev-es", "amd-sev-snp", "required", "true", "false", "", "x"]),
        ("hw_mem_encryption", ["true", "false", "required"]),
        ("hw_mem_encryption_model", ["amd-sev-snp", "amd-sev", "x"]),
        ("hw:sev", ["true", "false"]),
        ("hw:sev_snp", ["true", "0"]),
        ("hw:mem_page_size", ["small", "large", "any", "2MB", "1GB", "2048", "2M", "4K", "2KiB", "1kb", "1.5MB", "-2MB", "huge", "", "0", "2 MB", "MB", "iB", "16Mbit", ".5MB", "1.MB"]),
        ("hw:locked_memory", s_booleans),
        ("hw:cpu_policy", ["dedicated", "shared", "mixed", "pinned", ""]),
        ("hw:cpu_thread_policy", ["isolate", "prefer", "require", "avoid", ""]),
        ("hw:cpu_dedicated_mask", ["0", "^0", "1-", "x"]),
        ("os:secure_boot", ["required", "disabled", "optional", ""]),
        ("hw:tpm_version", ["2.0", "1.2", "3"]),
        ("hw:pmu", s_booleans),
        ("hw:boot_menu", s_booleans),
        ("hw:vif_multiqueue_enabled", s_booleans),
        ("hw:serial_port_count", s_numbers),
        ("hw:watchdog_action", ["reset", "none", "explode"]),
        ("hw:memory_encryption", ["true"]),
        ("hw:mem_encryption ", ["true"]),
        ("HW:mem_encryption", ["true"]),
        ("hw:sound_model", ["virtio", "x"]),
        ("hw:max_cpu_sockets", s_numbers),
        ("hw:virtio_packed_ring", ["true", "x"]),
        ("pci_passthrough:alias", ["gpu:1", "gpu:1,nic:2", "gpu", "gpu:x", "gpu:1 , nic:2", "a:1,", ":1"]),
        ("accel:device_profile", ["fpga"]),
        ("accel:other", ["x"]),
        ("quota:cpu_shares", s_numbers),
        ("quota:nothing", ["1"]),
        ("hw_rng:allowed", s_booleans),
        ("os:nothing", ["1"]),
        ("mine:key", ["anything"]),
        ("nameless", [""]),
        ("capabilities:cpu_info:features", ["x"]),
        ("capabilities:nothing", ["x"]),
        ("aggregate_instance_extra_specs:ssd", ["true"]),
        ("hw:numa_mem.1", s_numbers),
        ("resources:CUSTOM_SEV_ASID", ["1", "0"]),
        ("resources:CUSTOM_SEV_ES_ASID", ["1"]),
        ("resources:CUSTOM_SEV_SNP_ASID", s_numbers),
        ("resources1:CUSTOM_SEV_SNP_ASID", ["1"]),
        ("resources:MEM_ENCRYPTION_CONTEXT", ["1", "2", "0", "x"]),
        ("resources:NOTHING", ["1"]),
        ("resources:CUSTOM_lower", ["1"]),
        ("trait:CUSTOM_SEV", ["required"]),
        ("trait:CUSTOM_SEV_SNP", ["required", "forbidden", "wished"]),
        ("trait1:CUSTOM_SEV_SNP", ["required"]),
        ("trait:CUSTOM_SEV_TRUSTED", ["required"]),
        ("trait:HW_CPU_X86_AMD_SEV", ["required", "forbidden"]),
        ("trait:HW_CPU_X86_AMD_SEV_ES", ["required"]),
        ("trait:HW_CPU_X86_AMD_SEV_SNP", ["required"]),
        ("trait:hw_cpu", ["required"]),
        ("traits:CUSTOM_X", ["required"]),
    ];

    private static readonly (string Key, string[] Values)[] s_properties =
    [
        ("hw_mem_encryption", s_booleans),
        ("hw_mem_encryption", ["true", "false", "True"]),
        ("hw_mem_encryption_model", s_models),
        ("hw_mem_encryption_model", ["amd-sev", "amd-sev-es", "amd-sev-snp"]),
        ("hw_confidential_compute", ["amd-sev-snp", "true"]),
        ("hw:mem_encryption", ["true", "false"]),
        ("hw:mem_encryption_model", ["amd-sev-snp"]),
        ("hw_firmware_type", ["uefi", "bios", "UEFI", "", "efi"]),
        ("hw_machine_type", ["q35", "pc", "pc-q35-7.2", "pc-i440fx-7.2", "Q35", "", "virt", "xq35x"]),
        ("hw_firmware_stateless", s_booleans),
        ("hw_video_model", ["none", "virtio", "qxl", "vga", "VIRTIO", "x", ""]),
        ("hw_disk_bus", ["virtio", "scsi", "sata", "ide", "fdc", "VIRTIO", "nvme", ""]),
        ("hw_scsi_model", ["virtio-scsi", "lsilogic", "LSILOGIC", "lsiLogicsas", "x"]),
        ("hw_cdrom_bus", ["ide", "sata", "x"]),
        ("hw_rescue_bus", ["virtio", "ide", "x"]),
        ("hw_rescue_device", ["disk", "x"]),
        ("hw_vif_model", ["virtio", "VIRTIO", "e1000", "virtuale1000", "igb", "IGB", "x", ""]),
        ("hw_qemu_guest_agent", s_booleans),
        ("hw_architecture", ["x86_64", "amd64", "aarch64"]),
        ("hw_mem_page_size", ["small", "large", "2MB", "any", "x", ""]),
        ("hw_locked_memory", s_booleans),
        ("hw_cpu_policy", ["dedicated", "shared", "mixed", "x", ""]),
        ("hw_cpu_thread_policy", ["isolate", "prefer", "require", "x", ""]),
        ("os_secure_boot", ["required", "disabled", "optional", "REQUIRED", ""]),
        ("hw_watchdog_action", ["reset", "x"]),
        ("hw_pmu", s_booleans),
        ("hw_vif_multiqueue_enabled", s_booleans),
        ("hw_tpm_version", ["2.0", "1.2", "3", ""]),
        ("hw_serial_port_count", s_numbers),
        ("hw_rng_model", ["virtio", "x"]),
        ("hw_input_bus", ["usb", "x"]),
        ("hw_pointer_model", ["usbtablet", "x"]),
        ("hw_viommu_model", ["virtio", "x"]),
        ("hw_sound_model", ["virtio", "x"]),
        ("hw_usb_model", ["none", "x"]),
        ("hw_maxphysaddr_mode", ["emulate", "x"]),
        ("hw_video_ram", s_numbers),
        ("hw_numa_nodes", ["x", ""]),
        ("img_config_drive", ["optional", "mandatory", "x", ""]),
        ("os_distro", ["debian"]),
        ("trait:CUSTOM_SEV_SNP", ["required", "forbidden"]),
        ("trait:HW_CPU_X86_AMD_SEV", ["required"]),
    ];

    private readonly Random random = new(seed);

    public RandomRequest Next()
    {
        var specs = new Dictionary<string, string>(StringComparer.Ordinal);
        var properties = new Dictionary<string, string>(StringComparer.Ordinal);
        if (random.Next(10) < 7)
            MakeSound(specs, properties);
        // Few changes: with many, the first refusal hides all others.
        int changes = random.Next(4) switch { 0 => 0, 1 => 1, 2 => random.Next(1, 4), _ => random.Next(1, 7) };
        for (int i = 0; i < changes; i++)
        {
            if (random.Next(2) == 0)
                Change(specs, s_extraSpecs);
            else
                Change(properties, s_properties);
        }
        return new(specs, properties);
    }

    private void MakeSound(Dictionary<string, string> specs, Dictionary<string, string> properties)
    {
        string? model = random.Next(5) switch { 0 => "amd-sev", 1 => "amd-sev-es", 2 => "amd-sev-snp", 3 => "intel-tdx", _ => null };
        if (random.Next(4) > 0)
            specs["hw:mem_encryption"] = "true";
        if (random.Next(3) == 0)
            properties["hw_mem_encryption"] = "true";
        if (model is not null && random.Next(4) > 0)
            specs["hw:mem_encryption_model"] = model;
        if (model is not null && random.Next(4) == 0)
            properties["hw_mem_encryption_model"] = model;
        if (model == "intel-tdx")
            properties["hw_video_model"] = "none";
        properties["hw_firmware_type"] = "uefi";
        properties["hw_machine_type"] = "q35";
        if (random.Next(4) > 0)
            properties["hw_firmware_stateless"] = "true";
    }

    private void Change(Dictionary<string, string> values, (string Key, string[] Values)[] pool)
    {
        (string key, string[] choices) = pool[random.Next(pool.Length)];
        if (random.Next(5) == 0)
            values.Remove(key);
        else
            values[key] = choices[random.Next(choices.Length)];
    }
}
