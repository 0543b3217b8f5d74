using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Attestation.Results;

/// <summary>The words of claims.</summary>
internal static class EarWords
{
    public static IReadOnlyDictionary<string, Verdict> Tiers { get; } = new Dictionary<string, Verdict>(StringComparer.Ordinal)
    {
        ["none"] = Verdict.None,
        ["affirming"] = Verdict.Affirming,
        ["warning"] = Verdict.Warning,
        ["contraindicated"] = Verdict.Contraindicated,
    };

    public static IReadOnlyDictionary<string, TrustworthinessClaim> Vector { get; } = new Dictionary<string, TrustworthinessClaim>(StringComparer.Ordinal)
    {
        ["instance-identity"] = TrustworthinessClaim.InstanceIdentity,
        ["configuration"] = TrustworthinessClaim.Configuration,
        ["executables"] = TrustworthinessClaim.Executables,
        ["file-system"] = TrustworthinessClaim.FileSystem,
        ["hardware"] = TrustworthinessClaim.Hardware,
        ["runtime-opaque"] = TrustworthinessClaim.RuntimeOpaque,
        ["storage-opaque"] = TrustworthinessClaim.StorageOpaque,
        ["sourced-data"] = TrustworthinessClaim.SourcedData,
    };

    public static IReadOnlyDictionary<string, EvidenceKind> Evidence { get; } = new Dictionary<string, EvidenceKind>(StringComparer.Ordinal)
    {
        ["none"] = EvidenceKind.None,
        ["platform"] = EvidenceKind.Platform,
        ["host-report"] = EvidenceKind.HostReport,
        ["guest-report"] = EvidenceKind.GuestReport,
    };

    public static IReadOnlyDictionary<string, SnpProduct> Products { get; } = new Dictionary<string, SnpProduct>(StringComparer.Ordinal)
    {
        ["milan"] = SnpProduct.Milan,
        ["genoa"] = SnpProduct.Genoa,
        ["bergamo-or-siena"] = SnpProduct.BergamoOrSiena,
        ["turin"] = SnpProduct.Turin,
        ["venice"] = SnpProduct.Venice,
    };

    public static IReadOnlyDictionary<string, Unchecked> NotChecked { get; } = new Dictionary<string, Unchecked>(StringComparer.Ordinal)
    {
        ["report-data"] = Unchecked.ReportData,
        ["revocation"] = Unchecked.Revocation,
        ["measurement"] = Unchecked.Measurement,
        ["dates"] = Unchecked.Dates,
    };
}
