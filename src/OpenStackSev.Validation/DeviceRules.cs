namespace OpenStackSev.Validation;

/// <summary>Devices that an encrypted guest cannot have, or that are weaker or slower than they need to be.</summary>
public static partial class RequestRules
{
    private const string SevDocument = "nova, doc/source/admin/sev.rst";

    private static IEnumerable<Rule> Devices =>
    [
        new("request.disk.ide", FindingLevel.Error,
            "The q35 machine type, which encryption needs, has no IDE and no floppy controller: libvirt refuses the domain, and the "
            + "server ends in ERROR.",
            SevDocument + "; nova/virt/libvirt/blockinfo.py, get_disk_bus_for_device_type",
            IdeDisk),
        new("request.disk.not_virtio", FindingLevel.Warning,
            "Only virtio devices share memory with the host on purpose. Every transfer of another disk bus goes through bounce buffers, "
            + "which is slow and easily runs out.",
            SevDocument,
            DiskNotVirtio),
        new("request.vif.not_virtio", FindingLevel.Warning,
            "Only virtio devices share memory with the host on purpose. An emulated network card copies every packet through bounce "
            + "buffers, and its emulation is more of "
            + "the host that an encrypted guest has to believe.",
            SevDocument,
            VifNotVirtio),
        new("request.video.not_virtio", FindingLevel.Hint,
            "What an emulated video adapter shows is memory that the host reads. virtio or none keep that small.",
            "nova/virt/libvirt/driver.py, _get_video_type",
            VideoNotVirtio),
        new("request.pci.passthrough", FindingLevel.Warning,
            "Nova does not refuse a device of the host in an encrypted guest, and its document says that it does not work: the device "
            + "cannot read encrypted memory.",
            SevDocument,
            s => HostDevice(s, "pci_passthrough:alias", "a PCI device")),
        new("request.vgpu", FindingLevel.Warning,
            "Nova does not refuse a virtual GPU in an encrypted guest, and its document says that it does not work: the device cannot "
            + "read encrypted memory.",
            SevDocument,
            VirtualGpu),
        new("request.pmem", FindingLevel.Warning,
            "Persistent memory of the host is mapped into the guest and is not encrypted: what the guest stores there, the host reads.",
            "nova/virt/libvirt/driver.py, _guest_add_vpmems",
            s => HostDevice(s, "hw:pmem", "persistent memory")),
        new("request.device_profile", FindingLevel.Warning,
            "Nova does not refuse an accelerator in an encrypted guest, and it does not work: the device cannot read encrypted memory.",
            SevDocument,
            s => HostDevice(s, "accel:device_profile", "an accelerator")),
        new("request.guest_agent", FindingLevel.Warning,
            "The QEMU guest agent runs commands and reads files for the host, as root in the guest. Encryption keeps the host out of "
            + "memory, and this lets it in again.",
            "nova/virt/libvirt/driver.py, _set_qemu_guest_agent; QEMU guest agent protocol, guest-exec and guest-file-open",
            GuestAgent),
        new("request.tpm", FindingLevel.Hint,
            "The emulated TPM runs on the host, outside of what is encrypted: the host reads its secrets and writes its measurements. "
            + "Attest by the processor's report instead.",
            "nova/virt/libvirt/driver.py, _add_vtpm_device",
            EmulatedTpm),
        new("request.volume.image_asks", FindingLevel.Error,
            "Before 2024.2 Nova fails with an internal error when a server boots from a volume and the image of that volume asks for "
            + "encryption: it writes the id of an "
            + "image into its log, and a volume's has none.",
            "bugs 2006952, 2041511, 2047399; nova/virt/hardware.py, get_mem_encryption_constraint",
            VolumeImageAsks),
        new("request.volume.copies", FindingLevel.Hint,
            "A volume keeps the properties that its image had when the volume was made, and servers that boot from it go by these. What "
            + "is set on the image later reaches "
            + "new volumes only.",
            "nova/block_device.py, get_bdm_image_metadata; Cinder, volume_image_metadata",
            s => !s.Encrypted || s.Flavor.DiskGibibytes != 0 || !s.Flavor.IsSized ? null : new("flavor disk",
                $"{s.FlavorName} has no disk, so that servers boot from volumes; set what is found here also on volumes made before, "
                + "with openstack volume set --image-property",
                null)),
    ];

    private static Objection? IdeDisk(Subject s)
    {
        if (!s.Encrypted)
            return null;
        string? key = s.Image["hw_disk_bus"] is "ide" or "fdc" ? "hw_disk_bus" : s.Image["hw_cdrom_bus"] is "ide" ? "hw_cdrom_bus"
            : s.Image["hw_rescue_bus"] is "ide" or "fdc" ? "hw_rescue_bus" : null;
        if (key is null)
            return null;
        string bus = key == "hw_cdrom_bus" ? "sata" : "virtio";
        return new("image " + key, $"memory encryption is asked for, but {s.ImageName} has {key} {Shown.Value(s.Image[key])}; set it to {bus}",
            Fix.SetImage(s.Image, $"{key}={bus}"));
    }

    private static Objection? DiskNotVirtio(Subject s)
    {
        if (!s.Encrypted || s.Image["hw_disk_bus"] is not { } bus || bus is "virtio" or "ide" or "fdc")
            return null;
        if (bus == "scsi" && s.Image["hw_scsi_model"] == "virtio-scsi")
            return null;
        return bus == "scsi"
            ? new("image hw_scsi_model",
                $"{s.ImageName} has hw_disk_bus 'scsi' with hw_scsi_model {Shown.Value(s.Image["hw_scsi_model"])}; set it to virtio-scsi",
                Fix.SetImage(s.Image, "hw_scsi_model=virtio-scsi"))
            : new("image hw_disk_bus", $"{s.ImageName} has hw_disk_bus {Shown.Value(bus)}; set it to virtio",
                Fix.SetImage(s.Image, "hw_disk_bus=virtio"));
    }

    private static Objection? VifNotVirtio(Subject s) =>
        !s.Encrypted || s.Image["hw_vif_model"] is not { } model || model.Equals("virtio", StringComparison.OrdinalIgnoreCase) ? null
            : new("image hw_vif_model",
            $"{s.ImageName} has hw_vif_model {Shown.Value(model)}; set it to virtio", Fix.SetImage(s.Image, "hw_vif_model=virtio"));

    private static Objection? VideoNotVirtio(Subject s) =>
        !s.Encrypted || s.Request.Model == ModelNames.Tdx || s.Image["hw_video_model"] is null or "virtio" or "none" ? null : new("image hw_video_model",
            $"{s.ImageName} has hw_video_model {Shown.Value(s.Image["hw_video_model"])}; set it to virtio",
                Fix.SetImage(s.Image, "hw_video_model=virtio"));

    private static Objection? HostDevice(Subject s, string key, string what) =>
        !s.Encrypted || s.Flavor[key] is not { Length: > 0 } value ? null : new("flavor " + key,
            $"{s.FlavorName} asks for memory encryption and for {what} with {key} {Shown.Value(value)}; unset it", Fix.UnsetFlavor(s.Flavor, key));

    private static Objection? VirtualGpu(Subject s)
    {
        if (!s.Encrypted || s.Wishes.Classes.Find(wish => wish.OnFlavor && wish.Name is "VGPU" or "PGPU") is not { } gpu)
            return null;
        return new("flavor " + gpu.Key, $"{s.FlavorName} asks for memory encryption and for {gpu.Key}; unset it", Fix.UnsetFlavor(s.Flavor, gpu.Key));
    }

    private static Objection? GuestAgent(Subject s) =>
        !s.Encrypted || s.Image["hw_qemu_guest_agent"] is not { } agent || !NovaBoolean.Of(agent) ? null : new("image hw_qemu_guest_agent",
            $"{s.ImageName} has hw_qemu_guest_agent {Shown.Value(agent)} on an encrypted guest; unset it",
                Fix.UnsetImage(s.Image, "hw_qemu_guest_agent"));

    private static Objection? EmulatedTpm(Subject s)
    {
        if (!s.Encrypted)
            return null;
        if (s.Flavor["hw:tpm_version"] is { Length: > 0 })
            return new("flavor hw:tpm_version", $"{s.FlavorName} gives an encrypted guest an emulated TPM, which the host runs",
                Fix.UnsetFlavor(s.Flavor, "hw:tpm_version"));
        return s.Image["hw_tpm_version"] is not { Length: > 0 } ? null
            : new("image hw_tpm_version", $"{s.ImageName} gives an encrypted guest an emulated TPM, which the host runs",
                Fix.UnsetImage(s.Image, "hw_tpm_version"));
    }

    private static Objection? VolumeImageAsks(Subject s)
    {
        if (!s.Request.ByImage || s.Release.NovaMajor >= 30 || s.Flavor.DiskGibibytes != 0 || !s.Flavor.IsSized)
            return null;
        return new("image hw_mem_encryption",
            $"{s.FlavorName} has no disk, so that servers boot from volumes, and {s.ImageName} asks for encryption itself; let the "
            + "flavor ask",
            Fix.Then(Fix.SetFlavor(s.Flavor, "hw:mem_encryption=true"), Fix.UnsetImage(s.Image, "hw_mem_encryption")));
    }
}
