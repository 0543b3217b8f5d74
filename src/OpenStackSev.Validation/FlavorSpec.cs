namespace OpenStackSev.Validation;

/// <summary>A flavor, as far as it is judged.</summary>
/// <param name="Id">Null when it is not known; commands then name the flavor.</param>
/// <param name="ExtraSpecs">Keys as Nova has them, e.g. <c>hw:mem_encryption</c>.</param>
/// <param name="RamMebibytes">Memory.</param>
/// <param name="IsPublic">Null when the body does not say.</param>
public sealed record FlavorSpec(
    string Name, string? Id, IReadOnlyDictionary<string, string> ExtraSpecs, int RamMebibytes = 0, int Vcpus = 0, int DiskGibibytes = 0,
    bool? IsPublic = null)
{
    /// <summary>The value of an extra spec; null when the flavor does not have it.</summary>
    public string? this[string key] => ExtraSpecs.GetValueOrDefault(key);
}
