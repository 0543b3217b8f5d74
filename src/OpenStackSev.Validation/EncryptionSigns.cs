namespace OpenStackSev.Validation;

/// <summary>What of a flavor and an image shows that somebody means memory to be encrypted, whether Nova sees it or not.</summary>
/// <param name="FlavorValue">hw:mem_encryption; null when it is not there.</param>
/// <param name="ImageValue">hw_mem_encryption; null when it is not there.</param>
/// <param name="FlavorModel">hw:mem_encryption_model, not empty.</param>
/// <param name="ImageModel">hw_mem_encryption_model, not empty.</param>
/// <param name="Dialects">A model's name or a yes, each under a key of guides that is not Nova's, the flavor's first.</param>
internal sealed record EncryptionSigns(
    string? FlavorValue, string? ImageValue, string? FlavorModel, string? ImageModel, IReadOnlyList<DialectSign> Dialects)
{
    public static EncryptionSigns Of(FlavorSpec flavor, ImageSpec image) =>
        new(flavor["hw:mem_encryption"], image["hw_mem_encryption"], NotEmpty(flavor["hw:mem_encryption_model"]),
            NotEmpty(image["hw_mem_encryption_model"]), DialectSign.Of(flavor, image));

    /// <summary>The flavor has one of those keys.</summary>
    public bool FlavorHasDialect => Dialects is [{ OnFlavor: true }, ..];

    /// <summary>One of those keys names a model.</summary>
    public bool DialectNamesModel => Dialects.Any(sign => sign.Model is not null);

    private static string? NotEmpty(string? text) => text is { Length: > 0 } ? text : null;
}

/// <summary>A wish for encryption in words that Nova does not know.</summary>
/// <param name="OnFlavor">On the flavor, else on the image.</param>
/// <param name="Model">Null when no model is named.</param>
internal sealed record DialectSign(bool OnFlavor, string Key, string Value, string? Model)
{
    // Seen in guides and in other products' documents; the underscore on a flavor and the colon on an image are slips of the key.
    private static readonly string[] s_flavorKeys =
        ["hw:confidential_compute", "hw_confidential_compute", "hw:sev", "hw:sev_snp", "hw_mem_encryption", "hw_mem_encryption_model"];

    private static readonly string[] s_imageKeys =
        ["hw_confidential_compute", "hw:confidential_compute", "hw:mem_encryption", "hw:mem_encryption_model"];

    public static IReadOnlyList<DialectSign> Of(FlavorSpec flavor, ImageSpec image)
    {
        List<DialectSign>? signs = null;
        Add(true, flavor.ExtraSpecs, s_flavorKeys, ref signs);
        Add(false, image.Properties, s_imageKeys, ref signs);
        return signs ?? (IReadOnlyList<DialectSign>)[];
    }

    private static void Add(bool onFlavor, IReadOnlyDictionary<string, string> values, string[] keys, ref List<DialectSign>? signs)
    {
        foreach (string key in keys)
        {
            if (values.TryGetValue(key, out string? value) && value.Length > 0 && (!NovaBoolean.IsOne(value) || NovaBoolean.Of(value)))
                (signs ??= []).Add(new(onFlavor, key, value, ModelNames.Meant(value) ?? (key == "hw:sev_snp" ? ModelNames.SevSnp : null)));
        }
    }

    /// <summary>Nova's own key, written in the other side's form.</summary>
    public bool IsMisplaced => Key is "hw_mem_encryption" or "hw_mem_encryption_model" or "hw:mem_encryption" or "hw:mem_encryption_model";
}
