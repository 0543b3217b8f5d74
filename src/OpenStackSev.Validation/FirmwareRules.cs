namespace OpenStackSev.Validation;

/// <summary>Firmware, machine type, architecture.</summary>
public static partial class RequestRules
{
    private static IEnumerable<Rule> Firmware =>
    [
        new("request.firmware.not_uefi", FindingLevel.Error,
            "Encrypted guests are measured and started through UEFI firmware. Nova answers 400 FlavorImageConflict when an encrypted "
            + "server is asked for with another.",
            "nova/virt/hardware.py, _check_mem_encryption_uses_uefi_image; since 2026.1 MemEncryptionConfig._check_firmware_type",
            NotUefi),
        new("request.firmware.not_stateless", FindingLevel.Error,
            "SEV-SNP measures the firmware with everything that it starts from, so there is no store of variables beside it. Nova "
            + "answers 400 StatelessFirmwareRequired.",
            "nova/virt/hardware.py, MemEncryptionConfig._check_stateless_firmware; since 2026.2",
            NotStateless),
        new("request.machine.not_q35", FindingLevel.Error,
            "Only the q35 machine type puts every virtio device on PCIe, where it can share memory with the host on purpose. Nova "
            + "answers 400 InvalidMachineType.",
            "nova/virt/hardware.py, _check_mem_encryption_machine_type; since 2026.1 MemEncryptionConfig._check_machine_type",
            NotQ35),
        new("request.machine.unset", FindingLevel.Warning,
            "Without hw_machine_type each host takes its own default, which is pc where nova.conf does not say otherwise. Nova's API "
            + "lets the server pass, each such "
            + "host then refuses it, and all that is told is 'No valid host was found'.",
            "nova, doc/source/admin/sev.rst; nova/virt/libvirt/utils.py, get_machine_type",
            MachineUnset),
        new("request.secure_boot.conflict", FindingLevel.Error,
            "Flavor and image say different things about secure boot. Nova refuses the server when it is scheduled.",
            "nova/virt/hardware.py, get_secure_boot_constraint",
            SecureBootConflict),
        new("request.secure_boot.not_with_model", FindingLevel.Error,
            "Secure boot of x86 guests needs system management mode, which does not exist in a guest with encrypted registers: QEMU "
            + "refuses to start SEV-ES and SEV-SNP "
            + "guests with it. What was loaded is proven by the launch measurement instead.",
            "nova/virt/libvirt/driver.py, os_loader_secure; Linux, arch/x86/kvm/svm/svm.c, svm_has_emulated_msr",
            SecureBootOfEncryptedRegisters),
        new("request.video.not_none", FindingLevel.Error,
            "A TDX guest has no video device. Nova answers InvalidVideoMode unless the image says so.",
            "nova/virt/hardware.py, MemEncryptionConfigTDX.check_constraints; since 2026.2",
            VideoOfTdx),
        new("request.image.architecture", FindingLevel.Error,
            "Hosts that encrypt guests are x86-64, and Nova's ImagePropertiesFilter passes them over for an image of another "
            + "architecture: 'No valid host was found'.",
            "nova/scheduler/filters/image_props_filter.py",
            Architecture),
    ];

    private static Objection? NotUefi(Subject s) => !s.Encrypted || s.Image["hw_firmware_type"] == "uefi" ? null : new("image hw_firmware_type",
        $"memory encryption is asked for, but {s.ImageName} has hw_firmware_type {Shown.Value(s.Image["hw_firmware_type"])}; set it to "
        + "uefi",
        Fix.SetImage(s.Image, "hw_firmware_type=uefi"));

    private static Objection? NotStateless(Subject s)
    {
        if (!s.Encrypted || !ModelNames.NeedsStatelessFirmware(s.Request.Model) || !ModelNames.IsKnown(s.Request.Model!, s.Release) || IsStateless(s.Image))
            return null;
        return new("image hw_firmware_stateless",
            $"{s.Request.Model} is asked for, but {s.ImageName} has hw_firmware_stateless "
            + $"{Shown.Value(s.Image["hw_firmware_stateless"])}; set it to true",
            Fix.SetImage(s.Image, "hw_firmware_stateless=true"));
    }

    private static bool IsStateless(ImageSpec image) => image["hw_firmware_stateless"] is { } stateless && NovaBoolean.Of(stateless);

    private static Objection? NotQ35(Subject s)
    {
        if (!s.Encrypted || s.Image["hw_machine_type"] is not { } machine || machine.Contains("q35", StringComparison.Ordinal))
            return null;
        return new("image hw_machine_type",
            $"memory encryption is asked for, but {s.ImageName} has hw_machine_type {Shown.Value(machine)}; set it to q35",
            Fix.SetImage(s.Image, "hw_machine_type=q35"));
    }

    private static Objection? MachineUnset(Subject s) => !s.Encrypted || s.Image["hw_machine_type"] is not null ? null : new("image hw_machine_type",
        $"memory encryption is asked for, and {s.ImageName} leaves hw_machine_type to the hosts; set it to q35",
        Fix.SetImage(s.Image, "hw_machine_type=q35"));

    private static Objection? SecureBootConflict(Subject s)
    {
        if (s.Flavor["os:secure_boot"] is not { Length: > 0 } flavor || s.Image["os_secure_boot"] is not { Length: > 0 } image || flavor == image)
            return null;
        return new("image os_secure_boot",
            $"{s.FlavorName} has os:secure_boot {Shown.Value(flavor)}, and {s.ImageName} has os_secure_boot {Shown.Value(image)}; let "
            + "the flavor decide",
            Fix.UnsetImage(s.Image, "os_secure_boot"));
    }

    private static Objection? SecureBootOfEncryptedRegisters(Subject s)
    {
        if (!s.Encrypted || s.Request.Model is not (ModelNames.SevEs or ModelNames.SevSnp))
            return null;
        if (s.Flavor["os:secure_boot"] is "required")
        {
            return new("flavor os:secure_boot",
                $"{s.FlavorName} has os:secure_boot 'required', which a guest of {s.Request.Model} cannot have; unset it",
                Fix.UnsetFlavor(s.Flavor, "os:secure_boot"));
        }
        // A flavor that disables it conflicts, which is another finding.
        return s.Image["os_secure_boot"] is not ("required" or "optional") ? null : new("image os_secure_boot",
            $"{s.ImageName} has os_secure_boot {Shown.Value(s.Image["os_secure_boot"])}, which a guest of {s.Request.Model} cannot have; "
            + "unset it",
            Fix.UnsetImage(s.Image, "os_secure_boot"));
    }

    private static Objection? VideoOfTdx(Subject s) =>
        !s.Encrypted || s.Request.Model != ModelNames.Tdx || !ModelNames.IsKnown(ModelNames.Tdx, s.Release) || s.Image["hw_video_model"] == "none" ? null
            : new("image hw_video_model",
                $"intel-tdx is asked for, but {s.ImageName} has hw_video_model {Shown.Value(s.Image["hw_video_model"])}; set it to none",
                Fix.SetImage(s.Image, "hw_video_model=none"));

    private static Objection? Architecture(Subject s)
    {
        string key = s.Image["hw_architecture"] is null ? "architecture" : "hw_architecture";
        if (!s.Encrypted || s.Image[key] is not { } architecture || architecture.ToLowerInvariant() is "x86_64" or "amd64")
            return null;
        return new("image " + key,
            $"memory encryption is asked for, but {s.ImageName} has {key} {Shown.Value(architecture)}; only x86_64 guests can be encrypted",
            Fix.SetImage(s.Image, key + "=x86_64"));
    }
}
