namespace OpenStackSev.Validation;

/// <summary>What Nova itself refuses, at its API or when it schedules.</summary>
public static partial class RequestRules
{
    private static IEnumerable<Rule> Refusals =>
    [
        new("request.firmware.not_uefi", FindingLevel.Error,
            "AMD SEV measures and starts guests through UEFI firmware. Nova answers 400 when an encrypted server is asked for with another.",
            "nova/virt/hardware.py, _check_mem_encryption_uses_uefi_image; since 2026.1 MemEncryptionConfig._check_firmware_type",
            NotUefi),
    ];

    private static Objection? NotUefi(Subject s) =>
        !s.Request.Encrypted || s.Image["hw_firmware_type"] == "uefi" ? null : new("image hw_firmware_type",
            $"memory encryption is asked for, but image '{s.Image.Name}' has hw_firmware_type {s.Image["hw_firmware_type"] ?? "unset"}",
            Fix.SetImage(s.Image, "hw_firmware_type=uefi"));
}
