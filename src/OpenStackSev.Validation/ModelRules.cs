namespace OpenStackSev.Validation;

/// <summary>How memory is to be encrypted.</summary>
public static partial class RequestRules
{
    private static IEnumerable<Rule> Models =>
    [
        new("request.model.without_encryption", FindingLevel.Error,
            "hw:mem_encryption_model means nothing without hw:mem_encryption=true: Nova does not even look at it. The server becomes "
            + "ACTIVE, unencrypted.",
            Constraint,
            ModelWithoutEncryption),
        new("request.model.conflict", FindingLevel.Error,
            "Flavor and image name different models. Nova lets neither win and answers 400 FlavorImageConflict.",
            "nova/virt/hardware.py, _check_for_mem_encryption_model_conflicts; since 2025.2",
            ModelConflict),
        new("request.model.unknown", FindingLevel.Error,
            "Nova knows its models by exact names. It refuses another one, in the flavor API since microversion 2.86 and whenever a "
            + "server is asked for.",
            "nova/virt/hardware.py, MemEncryptionConfig.create; nova/objects/fields.py, MemEncryptionModel",
            UnknownModel),
        new("request.model.not_in_release", FindingLevel.Error,
            "Before 2025.2 Nova has plain SEV only and passes a model over: the server would be encrypted with less than was asked for. "
            + "From then on it refuses "
            + "models that came later: amd-sev-es is there since 2025.2, amd-sev-snp and intel-tdx since 2026.2.",
            "nova/objects/fields.py, MemEncryptionModel; Nova's release notes",
            ModelNotInRelease),
        new("request.model.unstated", FindingLevel.Warning,
            "Encryption without a model is plain SEV, the weakest, also on hosts that offer SEV-SNP: neither the registers nor the "
            + "integrity of memory are protected.",
            Constraint + "; since 2025.2",
            ModelUnstated),
        new("request.model.image_only", FindingLevel.Warning,
            "The flavor turns encryption on and the image alone chooses the model. A rebuild with another image changes it without a "
            + "word, down to plain SEV.",
            Constraint + "; nova/compute/api.py, rebuild; since 2025.2",
            ModelOfImageOnly),
        new("request.model.tdx", FindingLevel.Hint,
            "Intel TDX is Nova's, but nothing here counts its keys, attests its guests or knows its hosts.",
            "nova/virt/hardware.py, MemEncryptionConfigTDX; since 2026.2",
            s => s.Request.Model != ModelNames.Tdx || !ModelNames.IsKnown(ModelNames.Tdx, s.Release) ? null
                : new("flavor hw:mem_encryption_model", "intel-tdx is asked for: Nova's own checks of it are repeated here, and no others", null)),
        new("request.model.not_launchable", FindingLevel.Error,
            "Nova's scheduler asks Placement for a MEM_ENCRYPTION_CONTEXT with the model's trait. No host of this cloud has one, so that "
            + "every server ends in "
            + "'No valid host was found'.",
            "nova/scheduler/utils.py, _translate_mem_encryption_request; nova/virt/libvirt/driver.py, "
            + "_update_provider_tree_for_memory_encryption",
            NotLaunchable),
    ];

    private static Objection? ModelWithoutEncryption(Subject s)
    {
        if (s.Encrypted || (s.Signs.FlavorModel ?? s.Signs.ImageModel) is not { } model)
            return null;
        // A wish in words that Nova does not read has its own finding, which mends this too.
        if (s.Signs.FlavorValue is { } value && !NovaBoolean.IsOne(value) || s.Signs.ImageValue is { } other && !NovaBoolean.IsOne(other))
            return null;
        if (s.Signs.FlavorModel is not null)
        {
            string? set = Fix.SetFlavor(s.Flavor, "hw:mem_encryption=true");
            return new("flavor hw:mem_encryption_model",
                $"{s.FlavorName} has hw:mem_encryption_model {Shown.Value(model)} but hw:mem_encryption "
                + $"{Shown.Value(s.Signs.FlavorValue)}: servers are not encrypted; set it to true",
                s.Signs.ImageValue is null ? set : Fix.Then(set, Fix.UnsetImage(s.Image, "hw_mem_encryption")));
        }
        // The flavor's own no stands against an image that only names a model.
        if (s.Signs.FlavorValue is not null)
            return null;
        return new("image hw_mem_encryption_model",
            $"{s.ImageName} has hw_mem_encryption_model {Shown.Value(model)} but hw_mem_encryption {Shown.Value(s.Signs.ImageValue)}: "
            + "servers are not encrypted; set it to true",
            Fix.SetImage(s.Image, "hw_mem_encryption=true"));
    }

    private static Objection? ModelConflict(Subject s)
    {
        if (!s.Encrypted || !s.Release.HasModelKey || s.Flavor["hw:mem_encryption_model"] is not { } flavor
            || s.Image["hw_mem_encryption_model"] is not { } image || flavor == image)
            return null;
        return new("image hw_mem_encryption_model",
            $"{s.FlavorName} has hw:mem_encryption_model {Shown.Value(flavor)}, and {s.ImageName} has hw_mem_encryption_model "
            + $"{Shown.Value(image)}; let the flavor decide",
            Fix.UnsetImage(s.Image, "hw_mem_encryption_model"));
    }

    private static Objection? UnknownModel(Subject s)
    {
        if (!s.Release.HasModelKey)
            return null;
        if (s.Flavor["hw:mem_encryption_model"] is { } flavor && ModelNames.Since(flavor) is null)
        {
            string? mended = s.Release.NearestModel(flavor);
            return new("flavor hw:mem_encryption_model",
                $"{s.FlavorName} has hw:mem_encryption_model {Shown.Value(flavor)}; {s.Release.Name} knows {ModelNames.Known(s.Release)}",
                mended is null ? Fix.UnsetFlavor(s.Flavor, "hw:mem_encryption_model") : Fix.SetFlavor(s.Flavor, "hw:mem_encryption_model=" + mended));
        }
        if (s.Image["hw_mem_encryption_model"] is { } image && ModelNames.Since(image) is null)
        {
            string? mended = s.Release.NearestModel(image);
            return new("image hw_mem_encryption_model",
                $"{s.ImageName} has hw_mem_encryption_model {Shown.Value(image)}; {s.Release.Name} knows {ModelNames.Known(s.Release)}",
                mended is null ? Fix.UnsetImage(s.Image, "hw_mem_encryption_model") : Fix.SetImage(s.Image, "hw_mem_encryption_model=" + mended));
        }
        return null;
    }

    // Null where the name means no model that the release has: then its default is the one to say.
    private static string? NearestModel(this ComputeRelease release, string text) =>
        ModelNames.Meant(text) is { } meant && ModelNames.IsKnown(meant, release) ? meant : null;

    private static Objection? ModelNotInRelease(Subject s)
    {
        if (s.Flavor["hw:mem_encryption_model"] is { } flavor && (!s.Release.HasModelKey || CameLater(s, flavor)))
        {
            return new("flavor hw:mem_encryption_model", $"{s.FlavorName} has hw:mem_encryption_model {Shown.Value(flavor)}, {Later(s, flavor)}",
                flavor == ModelNames.Sev ? Fix.UnsetFlavor(s.Flavor, "hw:mem_encryption_model") : null);
        }
        // An image that says what this Nova does anyway is right, though nobody reads it.
        if (s.Signs.ImageModel is { } image && (s.Release.HasModelKey ? CameLater(s, image) : s.Encrypted && image != ModelNames.Sev))
        {
            return new("image hw_mem_encryption_model", $"{s.ImageName} has hw_mem_encryption_model {Shown.Value(image)}, {Later(s, image)}", null);
        }
        return null;
    }

    private static bool CameLater(Subject s, string model) => ModelNames.Since(model) is not null && !ModelNames.IsKnown(model, s.Release);

    private static string Later(Subject s, string model) =>
        (ModelNames.Since(model) is { } since ? $"which is there from {since.Name} on; " : "") + (s.Release.HasModelKey
            ? $"{s.Release.Name} knows {ModelNames.Known(s.Release)}"
            : $"{s.Release.Name} has no models and encrypts with plain SEV");

    private static Objection? ModelUnstated(Subject s)
    {
        if (!s.Encrypted || !s.Release.HasModelKey || s.Signs.FlavorModel is not null || s.Signs.ImageModel is not null || s.Signs.DialectNamesModel)
            return null;
        if (s.Cloud?.Models is { } models && models.All(model => model == ModelNames.Sev))
            return null;
        // Without a cloud to look at, say aloud what Nova does anyway.
        string best = s.Cloud?.Models is { Count: > 0 } offered ? offered[^1] : ModelNames.Sev;
        string? set = s.Request.ByFlavor ? Fix.SetFlavor(s.Flavor, "hw:mem_encryption_model=" + best)
            : Fix.SetImage(s.Image, "hw_mem_encryption_model=" + best);
        if (ModelNames.NeedsStatelessFirmware(best) && !IsStateless(s.Image))
            set = Fix.Then(set, Fix.SetImage(s.Image, "hw_firmware_stateless=true"));
        return new(s.Request.ByFlavor ? "flavor hw:mem_encryption_model" : "image hw_mem_encryption_model",
            $"{(s.Request.ByFlavor ? s.FlavorName : s.ImageName)} asks for memory encryption without a model, so that Nova takes amd-sev"
            + (s.Cloud?.Models is { } here ? $"; this cloud offers {string.Join(", ", here)}" : ""), set);
    }

    private static Objection? ModelOfImageOnly(Subject s)
    {
        if (!s.Request.ByFlavor || !s.Release.HasModelKey || s.Signs.FlavorModel is not null || s.Signs.ImageModel is not { } model
            || !ModelNames.IsKnown(model, s.Release))
            return null;
        return new("flavor hw:mem_encryption_model",
            $"{s.FlavorName} names no model, and {s.ImageName} has hw_mem_encryption_model {Shown.Value(model)}; name it in the flavor",
            Fix.SetFlavor(s.Flavor, "hw:mem_encryption_model=" + model));
    }

    private static Objection? NotLaunchable(Subject s)
    {
        if (!s.Encrypted || s.Cloud?.Models is not { } models || s.Request.Model is not { } model || models.Contains(model)
            || s.Release.HasModelKey && !ModelNames.IsKnown(model, s.Release) || model == ModelNames.Tdx)
            return null;
        string offered = models.Count == 0 ? "no model" : string.Join(", ", models);
        // Weaker than what was asked for mends nothing.
        string? stronger = models.LastOrDefault(m => Strength(m) > Strength(model));
        return new("flavor hw:mem_encryption_model", $"{model} is asked for, and the hosts of this cloud offer {offered}",
            stronger is null || !s.Release.HasModelKey ? null : Fix.SetFlavor(s.Flavor, "hw:mem_encryption_model=" + stronger));
    }

    private static int Strength(string model) => model switch { ModelNames.SevSnp => 3, ModelNames.SevEs => 2, ModelNames.Sev => 1, _ => 0 };
}
