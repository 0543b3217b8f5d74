namespace OpenStackSev.Validation;

/// <summary>Whether encryption is asked for at all, in words that Nova reads, and by whom.</summary>
public static partial class RequestRules
{
    private const string Constraint = "nova/virt/hardware.py, get_mem_encryption_constraint";

    private static IEnumerable<Rule> Encryption =>
    [
        new("request.encryption.conflict", FindingLevel.Error,
            "The flavor says yes and the image says no, or the other way round. Nova lets neither win and answers 400 FlavorImageConflict.",
            "nova/virt/hardware.py, _check_for_mem_encryption_requirement_conflicts",
            Conflict),
        new("request.encryption.flavor_unparsable", FindingLevel.Error,
            "Nova takes every text that it does not know as a boolean for no. A server of this flavor becomes ACTIVE without encryption. "
            + "The flavor API "
            + "refuses such a value since microversion 2.86, but not from older clients.",
            "nova/api/validation/extra_specs/hw.py; oslo_utils.strutils.bool_from_string",
            FlavorUnparsable),
        new("request.encryption.image_unparsable", FindingLevel.Error,
            "Nova takes every text that it does not know as a boolean for no, and Glance checks no property. What the image wishes is "
            + "passed over without a word.",
            "nova/objects/image_meta.py, FlexibleBooleanField of hw_mem_encryption",
            ImageUnparsable),
        new("request.dialect.word", FindingLevel.Error,
            "hw:mem_encryption is a boolean. Guides that write 'required', or a model's name, are about other products: Nova reads their "
            + "words as no, and "
            + "the server boots unencrypted.",
            Constraint,
            DialectWord),
        new("request.dialect.key", FindingLevel.Error,
            "hw:confidential_compute and its kin are not Nova's. The flavor API refuses them since microversion 2.86; older clients and "
            + "Glance store them, "
            + "nothing reads them, and the server boots unencrypted.",
            "nova/api/validation/extra_specs/hw.py",
            DialectKey),
        new("request.dialect.misplaced_key", FindingLevel.Error,
            "A flavor's keys have a colon after hw, an image's an underscore. The other form is accepted on either side, and nothing "
            + "reads it.",
            "nova/virt/hardware.py, _get_flavor_image_meta",
            MisplacedKey),
        new("request.encryption.image_only", FindingLevel.Warning,
            "The image alone asks. Any tenant may set this property on an own image and so take an encryption slot through a plain "
            + "flavor; and a rebuild "
            + "with another image turns encryption off, keeping the slot, without a word.",
            Constraint + "; nova/compute/api.py, rebuild",
            ImageOnly),
        new("request.encryption.resize", FindingLevel.Hint,
            "Only the flavor asks. A resize to a plain flavor is allowed and leaves a server without encryption; where the image asks "
            + "too, a flavor that says "
            + "no is refused.",
            "nova/compute/api.py, resize",
            FlavorOnly),
        new("request.flavor.open", FindingLevel.Hint,
            "A flavor that does not say hw:mem_encryption=false lets every image with hw_mem_encryption=true take an encryption slot, of "
            + "which a host has few.",
            Constraint,
            OpenFlavor),
    ];

    private static Objection? Conflict(Subject s)
    {
        if (s.Signs.FlavorValue is not { } flavor || s.Signs.ImageValue is not { } image || NovaBoolean.Of(flavor) == NovaBoolean.Of(image))
            return null;
        return new("image hw_mem_encryption",
            $"{s.FlavorName} has hw:mem_encryption {Shown.Value(flavor)}, and {s.ImageName} has hw_mem_encryption {Shown.Value(image)}; "
            + "let the flavor decide",
            Fix.UnsetImage(s.Image, "hw_mem_encryption"));
    }

    private static Objection? FlavorUnparsable(Subject s)
    {
        if (s.Signs.FlavorValue is not { } value || NovaBoolean.IsOne(value) || IsDialectWord(value))
            return null;
        return new("flavor hw:mem_encryption",
            $"{s.FlavorName} has hw:mem_encryption {Shown.Value(value)}, which Nova reads as false; write true or false",
            Fix.SetFlavor(s.Flavor, "hw:mem_encryption=true"));
    }

    private static Objection? ImageUnparsable(Subject s)
    {
        if (s.Signs.ImageValue is not { } value || NovaBoolean.IsOne(value) || IsDialectWord(value))
            return null;
        return new("image hw_mem_encryption",
            $"{s.ImageName} has hw_mem_encryption {Shown.Value(value)}, which Nova reads as false; write true or false",
            Fix.SetImage(s.Image, "hw_mem_encryption=true"));
    }

    private static Objection? DialectWord(Subject s)
    {
        if (s.Signs.FlavorValue is { } flavor && IsDialectWord(flavor))
        {
            return new("flavor hw:mem_encryption",
                $"{s.FlavorName} has hw:mem_encryption {Shown.Value(flavor)}, which Nova reads as false; {NovaForm(s, flavor)}",
                AsksOnFlavor(s, ModelNames.Meant(flavor)));
        }
        if (s.Signs.ImageValue is { } image && IsDialectWord(image))
        {
            return new("image hw_mem_encryption",
                $"{s.ImageName} has hw_mem_encryption {Shown.Value(image)}, which Nova reads as false; {NovaForm(s, image)}",
                Fix.SetImage(s.Image, Wishes("hw_mem_encryption", s, ModelNames.Meant(image))));
        }
        return null;
    }

    private static Objection? DialectKey(Subject s) => FirstMisunderstood(s, misplaced: false);

    private static Objection? MisplacedKey(Subject s) => FirstMisunderstood(s, misplaced: true);

    private static Objection? FirstMisunderstood(Subject s, bool misplaced)
    {
        foreach (DialectSign sign in s.Signs.Dialects)
        {
            if (sign.IsMisplaced == misplaced && Misunderstood(s, sign) is { } objection)
                return objection;
        }
        return null;
    }

    private static Objection? Misunderstood(Subject s, DialectSign sign)
    {
        // Nova's own keys ask for the same: the other one is only clutter, unless Nova's API refuses it on a flavor.
        bool asked = s.Encrypted && (sign.Model is null || sign.Model == s.Request.Model);
        if (asked && !(sign.OnFlavor && sign.Key.Contains(':', StringComparison.Ordinal)))
            return null;
        string message = $"{(sign.OnFlavor ? s.FlavorName : s.ImageName)} has {sign.Key}={Shown.Value(sign.Value)}, which Nova does not know; "
            + NovaForm(s, sign.Value);
        return sign.OnFlavor
            ? new("flavor " + sign.Key, message, Fix.Then(AsksOnFlavor(s, sign.Model), Fix.UnsetFlavor(s.Flavor, sign.Key)))
            : new("image " + sign.Key, message, Fix.Then(AsksOnFlavor(s, sign.Model), Fix.UnsetImage(s.Image, sign.Key)));
    }

    private static Objection? ImageOnly(Subject s)
    {
        if (!s.Request.ByImage || s.Signs.FlavorValue is not null)
            return null;
        bool meant = s.Signs.FlavorModel is not null || s.Signs.FlavorHasDialect || s.Wishes.MeanEncryption;
        return new("flavor hw:mem_encryption",
            $"{s.ImageName} asks for memory encryption, and {s.FlavorName} does not say hw:mem_encryption; say true if it is a flavor "
            + "for encrypted servers, else false",
            meant ? AsksOnFlavor(s, s.Signs.ImageModel) : Fix.SetFlavor(s.Flavor, "hw:mem_encryption=false"));
    }

    private static Objection? FlavorOnly(Subject s) => !s.Request.ByFlavor || s.Signs.ImageValue is not null ? null : new("image hw_mem_encryption",
        $"{s.FlavorName} asks for memory encryption, and {s.ImageName} does not; say so there too if it is an image for encrypted servers",
        Fix.SetImage(s.Image, "hw_mem_encryption=true"));

    private static Objection? OpenFlavor(Subject s)
    {
        if (s.Signs.FlavorValue is not null || s.Signs.FlavorModel is not null || s.Encrypted || s.Signs.FlavorHasDialect || s.Wishes.MeanEncryption
            || s.Cloud?.Models is { Count: 0 })
            return null;
        return new("flavor hw:mem_encryption", $"{s.FlavorName} does not say hw:mem_encryption, so that any image may turn encryption on",
            Fix.SetFlavor(s.Flavor, "hw:mem_encryption=false"));
    }

    private static bool IsDialectWord(string value) =>
        value.Length <= 24 && (ModelNames.Meant(value) is not null
            || NovaBoolean.Stripped(value).ToString().ToLowerInvariant() is "required" or "enabled" or "enable" or "mandatory");

    /// <summary>In words: what to write instead.</summary>
    private static string NovaForm(Subject s, string value) => ModelNames.Meant(value) switch
    {
        { } model when ModelNames.IsKnown(model, s.Release) => $"its form is hw:mem_encryption=true and hw:mem_encryption_model={model}",
        null or ModelNames.Sev => "its form is hw:mem_encryption=true",
        { } model => $"its form is hw:mem_encryption=true and hw:mem_encryption_model={model}, from {ModelNames.Since(model)?.Name} on",
    };

    /// <summary>Null where this release cannot give the model: encryption by another one would be less than was asked for.</summary>
    private static string? AsksOnFlavor(Subject s, string? model) =>
        model is null or ModelNames.Sev || ModelNames.IsKnown(model, s.Release) ? Fix.SetFlavor(s.Flavor, Wishes("hw:mem_encryption", s, model)) : null;

    private static string[] Wishes(string key, Subject s, string? model) =>
        model is not null && ModelNames.IsKnown(model, s.Release) ? [key + "=true", $"{key}_model={model}"] : [key + "=true"];
}
