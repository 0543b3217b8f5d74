using System.Globalization;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation.Hosts;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Control.Hosts;

/// <summary>A host's report as the appraisal takes it. Pure.</summary>
internal static class HostClaims
{
    public static PlatformClaims Of(HostReport report)
    {
        HostFacts facts = report.Facts;
        ProductLine? line = LineOf(facts.Product);
        return new PlatformClaims
        {
            Product = facts.Product,
            Line = line,
            StartsEncryptedGuests = Any(facts.Sev, facts.SevEs, facts.SevSnp),
            Snp = facts.SevSnp,
            RmpInitialized = facts.Firmware?.RmpInitialized,
            CurrentTcb = HostTcb.Of(facts.Firmware?.CurrentTcb, line),
            ReportedTcb = HostTcb.Of(facts.Firmware?.ReportedTcb, line),
            Firmware = facts.Firmware is { } firmware && FirmwareVersion.TryParse($"{firmware.Api}.{firmware.Build.ToString(CultureInfo.InvariantCulture)}", out FirmwareVersion version)
                ? version : null,
            Smt = facts.Smt,
            Tsme = facts.Tsme,
            CiphertextHiding = facts.Firmware?.CiphertextHiding,
            AliasChecked = facts.Firmware?.AliasChecked,
            MaskedChip = facts.Firmware is { } masks ? masks.MaskedChipId || masks.MaskedChipKey == true : null,
            Iommu = facts.Iommu,
            DebugLocked = facts.DebugLocked,
            Fused = facts.Fused,
            Kernel = facts.Kernel,
            Chips = report.Chips,
            SevCertificates = facts.SevCertificates,
        };
    }

    /// <summary>The line that a product's key and TCB are of; null for one without SEV-SNP.</summary>
    private static ProductLine? LineOf(string? product) => product?.ToLowerInvariant() switch
    {
        "milan" => ProductLine.Milan,
        "genoa" or "bergamo" or "siena" => ProductLine.Genoa,
        "turin" => ProductLine.Turin,
        "venice" => ProductLine.Venice,
        _ => null,
    };

    private static bool? Any(params ReadOnlySpan<bool?> values)
    {
        bool? any = null;
        foreach (bool? value in values)
            any = value == true || any == true ? true : any ?? value;
        return any;
    }
}
