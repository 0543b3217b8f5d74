using System.Globalization;
using OpenStackSev.Api.Hosts;
using OpenStackSev.Attestation.Hosts;
using OpenStackSev.Attestation.Snp;

namespace OpenStackSev.Control.Trust;

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
            CurrentTcb = line is { } current ? Tcb(facts.Firmware?.CurrentTcb, current) : null,
            ReportedTcb = line is { } reported ? Tcb(facts.Firmware?.ReportedTcb, reported) : null,
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
    private static ProductLine? LineOf(string? product) => product switch
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

    /// <summary>As hosts write it: one number, its most significant digits first.</summary>
    private static TcbVersion? Tcb(string? text, ProductLine line) =>
        ulong.TryParse(text, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong value)
            ? TcbVersion.Read(BitConverter.GetBytes(value), line.Layout(), out _) : null;
}
