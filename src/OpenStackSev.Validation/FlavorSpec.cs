using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

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
    /// <summary>The longest body that <see cref="TryParse(ReadOnlyMemory{byte}, out FlavorSpec?, out string?)"/> reads: no need to load more.</summary>
    public const int MaximumBytes = OpenStackBody.MaximumBytes;

    /// <summary>The value of an extra spec; null when the flavor does not have it.</summary>
    public string? this[string key] => ExtraSpecs.GetValueOrDefault(key);

    /// <summary>Sizes were told: a disk of 0 is then no disk, and not one that nobody knows.</summary>
    internal bool IsSized => Vcpus > 0 || RamMebibytes > 0;

    /// <summary>
    /// Reads <c>{"flavor": {…}}</c> or the bare object, as Nova answers it from microversion 2.61 on, or as <c>openstack flavor show -f json</c>
    /// prints it.
    /// </summary>
    /// <param name="bytes">UTF-8, at most <see cref="MaximumBytes"/>.</param>
    /// <returns>False with the first problem in words; never throws on a body.</returns>
    public static bool TryParse(ReadOnlyMemory<byte> bytes, [NotNullWhen(true)] out FlavorSpec? flavor, [NotNullWhen(false)] out string? problem) =>
        OpenStackBody.TryRead(bytes, TryParse, out flavor, out problem);

    /// <inheritdoc cref="TryParse(ReadOnlyMemory{byte}, out FlavorSpec?, out string?)"/>
    public static bool TryParse(JsonElement body, [NotNullWhen(true)] out FlavorSpec? flavor, [NotNullWhen(false)] out string? problem) =>
        OpenStackBody.TryStrings(() => Read(body), out flavor, out problem);

    private static (FlavorSpec?, string?) Read(JsonElement body)
    {
        JsonElement flavor = OpenStackBody.Unwrapped(body, "flavor");
        if (flavor.ValueKind != JsonValueKind.Object)
            return (null, $"the flavor is {OpenStackBody.Kind(flavor)}, and must be an object");

        string? problem = null;
        string? id = OpenStackBody.OptionalText(flavor, "id", ref problem);
        // original_name: the flavor inside a server's body
        string? name = OpenStackBody.OptionalText(flavor, "name", ref problem) ?? OpenStackBody.OptionalText(flavor, "original_name", ref problem) ?? id;
        int ram = OpenStackBody.OptionalCount(flavor, "ram", ref problem);
        int vcpus = OpenStackBody.OptionalCount(flavor, "vcpus", ref problem);
        int disk = OpenStackBody.OptionalCount(flavor, "disk", ref problem);
        bool? isPublic = flavor.TryGetProperty("os-flavor-access:is_public", out JsonElement access)
            && access.ValueKind is JsonValueKind.True or JsonValueKind.False ? access.GetBoolean() : null;
        if (problem is not null)
            return (null, "the flavor's " + problem);
        if (name is null)
            return (null, "the flavor has neither name nor id");

        // A body without extra specs is not a flavor without any: below 2.61, and for those who may not read them, Nova leaves them out.
        if (!flavor.TryGetProperty("extra_specs", out JsonElement specs) && !flavor.TryGetProperty("properties", out specs))
            return (null, $"flavor '{OpenStackBody.Short(name)}' has no extra_specs: ask Nova at microversion 2.61 or later, or write {{}} if it has none");
        if (specs.ValueKind != JsonValueKind.Object)
            return (null, $"the extra_specs of flavor '{OpenStackBody.Short(name)}' are {OpenStackBody.Kind(specs)}, and must be an object");
        Dictionary<string, string> extraSpecs = new(StringComparer.Ordinal);
        problem = OpenStackBody.Add(specs, "extra_specs", extraSpecs);
        return problem is null ? (new(name, id, extraSpecs, ram, vcpus, disk, isPublic), null) : (null, $"flavor '{OpenStackBody.Short(name)}': {problem}");
    }
}
