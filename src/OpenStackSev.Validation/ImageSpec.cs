namespace OpenStackSev.Validation;

/// <summary>An image, as far as it is judged.</summary>
/// <param name="Id">Null when it is not known; commands then name the image.</param>
/// <param name="Properties">Keys as Glance has them, e.g. <c>hw_firmware_type</c>, <c>trait:CUSTOM_X</c>, <c>kernel_id</c>.</param>
/// <param name="Owner">Project; null when the body does not say.</param>
/// <param name="Visibility"><c>public</c>, <c>private</c>, <c>shared</c>, <c>community</c>; null when the body does not say.</param>
public sealed record ImageSpec(
    string Name, string? Id, IReadOnlyDictionary<string, string> Properties, string? DiskFormat = null, string? Owner = null,
    string? Visibility = null)
{
    /// <summary>The value of a property; null when the image does not have it.</summary>
    public string? this[string key] => Properties.GetValueOrDefault(key);
}
