namespace OpenStackSev.Validation;

/// <summary>What Nova makes of the wishes of a flavor and an image: whether memory is encrypted, and how.</summary>
/// <param name="Encrypted">Nova asks for an encryption context.</param>
/// <param name="Model">The model as text, since it may be one that is not ours (<c>intel-tdx</c>) or none at all; null when not encrypted.</param>
/// <param name="ByFlavor">hw:mem_encryption is true.</param>
/// <param name="ByImage">hw_mem_encryption is true.</param>
/// <remarks>
/// Source: nova/virt/hardware.py, <c>get_mem_encryption_constraint</c>. It says what Nova would ask if nothing were refused; what is refused
/// are the rules' findings.
/// </remarks>
public sealed record MemoryEncryptionRequest(bool Encrypted, string? Model, bool ByFlavor, bool ByImage)
{
    /// <summary>Pure.</summary>
    public static MemoryEncryptionRequest From(FlavorSpec flavor, ImageSpec image, ComputeRelease release)
    {
        bool byFlavor = flavor["hw:mem_encryption"] is { } f && NovaBoolean.Of(f);
        bool byImage = image["hw_mem_encryption"] is { } i && NovaBoolean.Of(i);
        if (!byFlavor && !byImage)
            return new(false, null, false, false);
        string? model = release.HasModelKey ? NotEmpty(image["hw_mem_encryption_model"]) ?? NotEmpty(flavor["hw:mem_encryption_model"]) : null;
        return new(true, model ?? "amd-sev", byFlavor, byImage);
    }

    // Python takes an empty text for no text.
    private static string? NotEmpty(string? text) => text is { Length: > 0 } ? text : null;
}
