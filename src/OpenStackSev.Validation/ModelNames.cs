namespace OpenStackSev.Validation;

/// <summary>Models of memory encryption by their names in Nova.</summary>
internal static class ModelNames
{
    public const string Sev = "amd-sev";
    public const string SevEs = "amd-sev-es";
    public const string SevSnp = "amd-sev-snp";

    /// <summary>Intel's: Nova launches it since 2026.2, and nothing here judges it.</summary>
    public const string Tdx = "intel-tdx";

    /// <summary>AMD's, the weakest first.</summary>
    public static IReadOnlyList<string> Ours { get; } = [Sev, SevEs, SevSnp];

    /// <summary>What Nova of a release takes in <c>hw:mem_encryption_model</c>.</summary>
    public static bool IsKnown(string model, ComputeRelease release) => model switch
    {
        Sev or SevEs => release.HasModelKey,
        SevSnp or Tdx => release.NovaMajor >= 34,
        _ => false,
    };

    /// <summary>The names that a release takes, for a message.</summary>
    public static string Known(ComputeRelease release) =>
        !release.HasModelKey ? "none" : release.NovaMajor >= 34 ? "amd-sev, amd-sev-es, amd-sev-snp and intel-tdx" : "amd-sev and amd-sev-es";

    /// <summary>The first release that takes the model; null for one that none does.</summary>
    public static ComputeRelease? Since(string model) => ComputeRelease.All.FirstOrDefault(release => IsKnown(model, release));

    /// <summary>Needs firmware without a store for variables.</summary>
    public static bool NeedsStatelessFirmware(string? model) => model is SevSnp or Tdx;

    /// <summary>The model that a word means: <c>SEV_SNP</c>, <c>snp</c>, <c>sev-es</c>; null when it means none.</summary>
    public static string? Meant(string text)
    {
        if (text.Length > 24)
            return null;
        Span<char> letters = stackalloc char[24];
        int length = 0;
        foreach (char c in text)
        {
            if (char.IsAsciiLetterOrDigit(c))
                letters[length++] = char.ToLowerInvariant(c);
        }
        return letters[..length] switch
        {
            "sev" or "amdsev" => Sev,
            "seves" or "amdseves" => SevEs,
            "snp" or "sevsnp" or "amdsevsnp" or "amdsnp" => SevSnp,
            "tdx" or "inteltdx" => Tdx,
            _ => null,
        };
    }
}
