using OpenStackSev.Attestation.Hosts;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Appraisal;

/// <summary>The words of a policy document, in the order in which they are written.</summary>
internal static class PolicyWords
{
    public static IReadOnlyDictionary<string, Stance> AnyStance { get; } =
        Ordered(("allowed", Stance.Allowed), ("refused", Stance.Refused), ("required", Stance.Required));

    /// <summary>Of what cannot sensibly be required.</summary>
    public static IReadOnlyDictionary<string, Stance> Permission { get; } = Ordered(("allowed", Stance.Allowed), ("refused", Stance.Refused));

    public static IReadOnlyDictionary<string, HostEvidenceKind> HostEvidence { get; } =
        Ordered(("guest_report", HostEvidenceKind.GuestReport), ("platform", HostEvidenceKind.Platform));

    public static IReadOnlyDictionary<string, DateChecks> Dates { get; } = Ordered(("checked", DateChecks.Checked), ("ignored", DateChecks.Ignored));
    public static IReadOnlyDictionary<string, CrlUse> Crl { get; } = Ordered(("if-present", CrlUse.IfPresent), ("required", CrlUse.Required));
    public static IReadOnlyDictionary<string, SigningKey> SigningKeys { get; } = Ordered(("vcek", SigningKey.Vcek), ("vlek", SigningKey.Vlek));

    public static IReadOnlyDictionary<string, ProductLine> Lines { get; } =
        Ordered(("milan", ProductLine.Milan), ("genoa", ProductLine.Genoa), ("turin", ProductLine.Turin), ("venice", ProductLine.Venice));

    /// <summary>Bits of PLATFORM_INFO by name.</summary>
    public static IReadOnlyDictionary<string, ulong> PlatformBits { get; } = Ordered(
        ("smt", 1UL << 0), ("tsme", 1UL << 1), ("ecc", 1UL << 2), ("rapl_disabled", 1UL << 3), ("ciphertext_hiding", 1UL << 4),
        ("alias_check", 1UL << 5), ("iommu_write_safe", 1UL << 6), ("tio", 1UL << 7));

    /// <summary>The word of a value.</summary>
    /// <exception cref="ArgumentException">No word says it.</exception>
    public static string Word<T>(this IReadOnlyDictionary<string, T> words, T value) where T : struct
    {
        foreach ((string word, T candidate) in words)
        {
            if (EqualityComparer<T>.Default.Equals(candidate, value))
                return word;
        }
        throw new ArgumentException($"a policy document has no word for {value} here; it has {string.Join(", ", words.Keys)}", nameof(value));
    }

    private static OrderedDictionary<string, T> Ordered<T>(params ReadOnlySpan<(string Word, T Value)> words)
    {
        OrderedDictionary<string, T> ordered = new(StringComparer.Ordinal);
        foreach ((string word, T value) in words)
            ordered.Add(word, value);
        return ordered;
    }
}
