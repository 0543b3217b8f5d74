using OpenStackSev.Validation;
using OpenStackSev.Validation.Tests;

namespace OpenStackSev.Acceptance.Validation;

/// <summary>Compares what Nova says with what the rules say.</summary>
internal static class NovaAgreement
{
    // Findings that say "Nova refuses this server": a false alarm is a disagreement too.
    private static readonly HashSet<string> s_serverRefusals = new(StringComparer.Ordinal)
    {
        "request.encryption.conflict", "request.model.conflict", "request.firmware.not_uefi", "request.firmware.not_stateless", "request.machine.not_q35",
        "request.video.not_none", "request.image.value", "request.pages.image_only", "request.pages.conflict", "request.pages.invalid",
        "request.locked_memory.conflict", "request.locked_memory.without_pages", "request.cpu_policy.conflict", "request.cpu_policy.mixed_without_mask",
        "request.cpu_policy.mask_without_mixed",
        "request.cpu_thread_policy.conflict", "request.cpu_thread_policy.without_dedicated", "request.secure_boot.conflict",
        "request.image.conflict", "request.serial_ports.exceeded",
    };

    private static readonly HashSet<string> s_flavorRefusals = new(StringComparer.Ordinal) { "request.extra_spec.unknown", "request.extra_spec.value", "request.encryption.flavor_unparsable" };

    /// <summary>Null when they agree; else in words.</summary>
    public static string? Disagreement(RandomRequest request, NovaAnswer nova, ComputeRelease release)
    {
        IReadOnlyList<Finding> findings = RequestRules.Check(request.Flavor, request.Image, release);
        HashSet<string> errors = [.. findings.Where(finding => finding.Level == FindingLevel.Error).Select(finding => finding.Code)];
        foreach (Refusal refusal in nova.Refusals)
        {
            string[] matching = CodesOf(refusal);
            if (matching.Length == 0)
                return $"Nova refuses in words that no code is known for: {refusal}";
            if (!errors.Overlaps(matching))
                return $"Nova refuses and none of {string.Join(", ", matching)} is found: {refusal}";
        }
        if (!nova.Refusals.Any(refusal => refusal.By != "flavor-api") && errors.FirstOrDefault(s_serverRefusals.Contains) is { } alarm)
            return $"{alarm} is found, and Nova does not refuse the server";
        if (!nova.Refusals.Any(refusal => refusal.By == "flavor-api") && errors.FirstOrDefault(s_flavorRefusals.Contains) is { } flavorAlarm)
            return $"{flavorAlarm} is found, and Nova does not refuse the flavor";

        MemoryEncryptionRequest ours = MemoryEncryptionRequest.From(request.Flavor, request.Image, release);
        if (nova.Encrypted is { } encrypted && (encrypted != ours.Encrypted || nova.Model != ours.Model))
            return $"Nova's request is (encrypted {encrypted}, {nova.Model}), ours is {ours}";

        if (findings.Any(finding => finding.Level > FindingLevel.Hint))
            return null;
        (bool asked, string? model) = AskedFor(request);
        if (nova.Refusals.Count > 0 || nova.Encrypted != asked || asked && model is not null && model != nova.Model)
            return $"nothing above a hint is found, asked for is (encrypted {asked}, {model ?? "any model"}), and Nova's answer is (encrypted {nova.Encrypted}, {nova.Model})";
        return null;
    }

    /// <summary>The codes of which one must be found.</summary>
    private static string[] CodesOf(Refusal refusal) => (refusal.By, refusal.Exception) switch
    {
        ("flavor-api", _) when refusal.Key == "hw:mem_encryption" => ["request.encryption.flavor_unparsable", "request.dialect.word"],
        ("flavor-api", _) when refusal.Key == "hw:mem_encryption_model" => ["request.model.unknown", "request.model.not_in_release"],
        ("flavor-api", _) => refusal.Message.Contains("does not appear to be a valid extra spec", StringComparison.Ordinal)
            ? ["request.extra_spec.unknown", "request.dialect.key"] : ["request.extra_spec.value"],
        (_, "FlavorImageConflict") => refusal.Message switch
        {
            var m when m.Contains("hw:mem_encryption_model", StringComparison.Ordinal) => ["request.model.conflict"],
            var m when m.Contains("hw:mem_encryption extra spec explicitly", StringComparison.Ordinal) => ["request.encryption.conflict"],
            var m when m.Contains("'hw_firmware_type'", StringComparison.Ordinal) => ["request.firmware.not_uefi"],
            var m when m.Contains("os:secure_boot", StringComparison.Ordinal) => ["request.secure_boot.conflict"],
            var m when m.Contains("hw:pmu", StringComparison.Ordinal) || m.Contains("hw:vif_multiqueue_enabled", StringComparison.Ordinal)
                || m.Contains("hw:tpm_version", StringComparison.Ordinal) => ["request.image.conflict"],
            _ => [],
        },
        (_, "ImageSerialPortNumberExceedFlavorValue") => ["request.serial_ports.exceeded"],
        (_, "InvalidMachineType") => ["request.machine.not_q35"],
        (_, "StatelessFirmwareRequired") => ["request.firmware.not_stateless"],
        (_, "InvalidVideoMode") => ["request.video.not_none"],
        (_, "InvalidRequest" or "ValueError") when refusal.By == "scheduler" || refusal.Message.StartsWith("Invalid image metadata", StringComparison.Ordinal) =>
            ["request.image.value", "request.firmware.not_uefi", "request.model.unknown", "request.model.not_in_release"],
        (_, "InvalidImageConfigDrive") => ["request.image.value"],
        (_, "Invalid") when refusal.Message.Contains("memory encryption model", StringComparison.Ordinal) => ["request.model.unknown", "request.model.not_in_release"],
        (_, "Invalid" or "InvalidCPUAllocationPolicy" or "InvalidCPUThreadAllocationPolicy" or "ImageSerialPortNumberInvalid" or "ValueError") => ["request.extra_spec.value"],
        (_, "MemoryPageSizeForbidden") => ["request.pages.image_only", "request.pages.conflict"],
        (_, "MemoryPageSizeInvalid") => ["request.pages.invalid"],
        (_, "FlavorImageLockedMemoryConflict") => ["request.locked_memory.conflict"],
        (_, "LockMemoryForbidden") => ["request.locked_memory.without_pages"],
        (_, "ImageCPUPinningForbidden") => ["request.cpu_policy.conflict"],
        (_, "RequiredMixedOrRealtimeCPUMask") => ["request.cpu_policy.mixed_without_mask"],
        (_, "RequiredMixedInstancePolicy") => ["request.cpu_policy.mask_without_mixed"],
        (_, "ImageCPUThreadPolicyForbidden") => ["request.cpu_thread_policy.conflict"],
        (_, "CPUThreadPolicyConfigurationInvalid") => ["request.cpu_thread_policy.without_dedicated"],
        _ => [],
    };

    /// <summary>What a person reads in the keys, whoever may understand them. Written apart from the rules.</summary>
    private static (bool Asked, string? Model) AskedFor(RandomRequest request)
    {
        bool Means(IReadOnlyDictionary<string, string> values, string key) =>
            values.TryGetValue(key, out string? value) && value.Trim().Length > 0 && value.Trim().ToLowerInvariant() is not ("false" or "f" or "no" or "n" or "off" or "0");

        string? Named(IReadOnlyDictionary<string, string> values, string key) => values.TryGetValue(key, out string? value) && value.StartsWith("amd-", StringComparison.Ordinal)
            || value is "intel-tdx" ? value : null;

        (IReadOnlyDictionary<string, string> flavor, IReadOnlyDictionary<string, string> image) = (request.ExtraSpecs, request.Properties);
        bool asked = Means(flavor, "hw:mem_encryption") || Means(image, "hw_mem_encryption") || flavor.ContainsKey("hw:mem_encryption_model")
            || Means(flavor, "hw:confidential_compute") || Means(image, "hw_confidential_compute") || Means(flavor, "hw_mem_encryption")
            || flavor.ContainsKey("hw_mem_encryption_model") || Means(flavor, "hw:sev") || Means(flavor, "hw:sev_snp")
            || Means(image, "hw:mem_encryption") || image.ContainsKey("hw:mem_encryption_model")
            // an image's model alone asks unless the flavor says no
            || image.GetValueOrDefault("hw_mem_encryption_model") is { Length: > 0 } && !flavor.ContainsKey("hw:mem_encryption")
            || flavor.Any(spec => spec.Key.StartsWith("resources", StringComparison.Ordinal)
                && (spec.Key.EndsWith("_ASID", StringComparison.Ordinal) || spec.Key.EndsWith(":MEM_ENCRYPTION_CONTEXT", StringComparison.Ordinal)) && spec.Value.Trim() is "1" or "2")
            || flavor.Concat(image).Any(spec => spec.Key is "trait:CUSTOM_SEV" or "trait:CUSTOM_SEV_SNP" or "trait1:CUSTOM_SEV_SNP" or "trait:HW_CPU_X86_AMD_SEV"
                or "trait:HW_CPU_X86_AMD_SEV_ES" or "trait:HW_CPU_X86_AMD_SEV_SNP" && spec.Value == "required");
        return (asked, Named(flavor, "hw:mem_encryption_model") ?? Named(image, "hw_mem_encryption_model") ?? Named(flavor, "hw:confidential_compute")
            ?? Named(image, "hw_confidential_compute") ?? Named(flavor, "hw_mem_encryption_model") ?? Named(image, "hw:mem_encryption_model"));
    }
}
