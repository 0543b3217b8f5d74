using System.Numerics;

namespace OpenStackSev.Validation;

/// <summary>Keys and values that Nova's API refuses, whatever they are about.</summary>
public static partial class RequestRules
{
    private static IEnumerable<Rule> Values =>
    [
        new("request.extra_spec.unknown", FindingLevel.Error,
            "Since microversion 2.86 the flavor API refuses a key that Nova does not know in one of its own namespaces. A flavor that an "
            + "older client made keeps it, "
            + "and nothing reads it.",
            "nova/api/validation/extra_specs/validators.py",
            UnknownExtraSpec),
        new("request.extra_spec.value", FindingLevel.Error,
            "Since microversion 2.86 the flavor API refuses a value that the key does not take. A flavor that an older client made keeps "
            + "it, and Nova reads it as it can.",
            "nova/api/validation/extra_specs/base.py",
            ExtraSpecValue),
        new("request.extra_spec.length", FindingLevel.Error,
            "The flavor API takes keys and values of at most 255 characters.",
            "nova/api/openstack/compute/schemas/flavors_extraspecs.py",
            ExtraSpecLength),
        new("request.image.value", FindingLevel.Error,
            "Glance takes any value. Nova answers 400 when a server is asked for with one that the property does not take.",
            "nova/objects/image_meta.py, ImageMetaProps; nova/compute/api.py, _get_image_meta_obj",
            ImageValue),
        new("request.image.conflict", FindingLevel.Error,
            "Flavor and image may both say something about the performance counters, the queues of network cards and the TPM, but not "
            + "different things: Nova answers 400 "
            + "FlavorImageConflict.",
            "nova/virt/hardware.py, get_pmu_constraint, get_vif_multiqueue_constraint, get_vtpm_constraint",
            ImageConflict),
        new("request.serial_ports.exceeded", FindingLevel.Error,
            "An image may ask for fewer serial ports than its flavor grants, not for more. Nova answers 400 "
            + "ImageSerialPortNumberExceedFlavorValue.",
            "nova/virt/hardware.py, get_number_of_serial_ports",
            SerialPorts),
    ];

    private static Objection? UnknownExtraSpec(Subject s)
    {
        string? first = null;
        foreach ((string key, _) in s.Flavor.ExtraSpecs)
        {
            if (IsJudgedByItself(key) || NovaExtraSpecs.TryFind(key, s.Release, out _) || s.Signs.Dialects.Any(sign => sign.OnFlavor && sign.Key == key))
                continue;
            if (first is null || string.CompareOrdinal(key, first) < 0)
                first = key;
        }
        return first is null ? null : new("flavor " + Shown.Plain(first),
            $"{s.FlavorName} has the extra spec {Shown.Value(first)}, which Nova of {s.Release.Name} does not know; unset it",
            Fix.UnsetFlavor(s.Flavor, first));
    }

    private static Objection? ExtraSpecValue(Subject s)
    {
        string? first = null, unmet = null;
        foreach ((string key, string value) in s.Flavor.ExtraSpecs)
        {
            if (IsJudgedByItself(key) || value.Length > NovaExtraSpecs.LongestText || !NovaExtraSpecs.TryFind(key, s.Release, out ValueForm? form)
                || form?.Unmet(value) is not { } wanted)
                continue;
            if (first is null || string.CompareOrdinal(key, first) < 0)
                (first, unmet) = (key, wanted);
        }
        return first is null ? null : new("flavor " + Shown.Plain(first),
            $"{s.FlavorName} has {Shown.Plain(first)} {Shown.Value(s.Flavor[first])}, and Nova takes {unmet}",
            Fix.UnsetFlavor(s.Flavor, first));
    }

    private static Objection? ExtraSpecLength(Subject s)
    {
        foreach ((string key, string value) in s.Flavor.ExtraSpecs)
        {
            if (key.Length > NovaExtraSpecs.LongestText || value.Length > NovaExtraSpecs.LongestText)
            {
                int length = Math.Max(key.Length, value.Length);
                return new("flavor " + Shown.Plain(key),
                    $"{s.FlavorName} has {Shown.Plain(key)} with {length} characters, more than {NovaExtraSpecs.LongestText}; unset it",
                    Fix.UnsetFlavor(s.Flavor, key));
            }
        }
        return null;
    }

    private static Objection? ImageValue(Subject s)
    {
        string? first = null, unmet = null;
        foreach ((string key, string value) in s.Image.Properties)
        {
            // An encrypted guest's firmware and model have findings of their own, which say what it needs.
            if (key == "hw_mem_encryption_model" || key == "hw_firmware_type" && s.Encrypted
                || NovaImageProperties.Unmet(key, value, s.Release) is not { } wanted)
                continue;
            if (first is null || string.CompareOrdinal(key, first) < 0)
                (first, unmet) = (key, wanted);
        }
        return first is null ? null : new("image " + Shown.Plain(first),
            $"{s.ImageName} has {first} {Shown.Value(s.Image[first])}, and Nova takes {unmet}", Fix.UnsetImage(s.Image, first));
    }

    private static Objection? ImageConflict(Subject s)
    {
        // With one processor there is one queue, whatever anybody says.
        string? key = Differ(s, "pmu", asBooleans: true) ?? (s.Flavor.Vcpus == 1 ? null : Differ(s, "vif_multiqueue_enabled", asBooleans: true))
            ?? Differ(s, "tpm_version", asBooleans: false);
        return key is null ? null : new("image hw_" + key,
            $"{s.FlavorName} has hw:{key} {Shown.Value(s.Flavor["hw:" + key])}, and {s.ImageName} has hw_{key} "
            + $"{Shown.Value(s.Image["hw_" + key])}; let the flavor decide",
            Fix.UnsetImage(s.Image, "hw_" + key));
    }

    private static string? Differ(Subject s, string key, bool asBooleans)
    {
        if (s.Flavor["hw:" + key] is not { } flavor || s.Image["hw_" + key] is not { } image)
            return null;
        return (asBooleans ? NovaBoolean.Of(flavor) == NovaBoolean.Of(image) : flavor == image || flavor.Length == 0) ? null : key;
    }

    private static Objection? SerialPorts(Subject s)
    {
        if (s.Flavor["hw:serial_port_count"] is not { } flavor || s.Image["hw_serial_port_count"] is not { } image
            || !PythonNumber.TryParse(flavor, out BigInteger granted) || !PythonNumber.TryParse(image, out BigInteger asked)
            || granted == 0 || asked == 0 || asked <= granted)
            return null;
        return new("image hw_serial_port_count",
            $"{s.ImageName} has hw_serial_port_count {Shown.Value(image)}, and {s.FlavorName} grants {Shown.Value(flavor)}; set it to that",
            Fix.SetImage(s.Image, $"hw_serial_port_count={granted}"));
    }

    // These have findings of their own, which say more.
    private static bool IsJudgedByItself(string key) => key is "hw:mem_encryption" or "hw:mem_encryption_model";
}
